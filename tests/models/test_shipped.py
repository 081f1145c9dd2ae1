"""What the shipped models of haze and rain do to photographs that come with scikit-image."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import cv2
import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from skimage import data, transform

from pielight import Enhancer
from pielight.evaluation.metrics.fidelity import psnr
from pielight.training.degradations.rain import rain
from pielight.training.schema import RainConfig

PHOTOS = ("astronaut", "coffee", "chelsea")
SHOWER = replace(RainConfig(), untouched=0, drops=0, layers=2, cover=(0.1, 0.3), brightness=(0.5, 0.7), defocus=(0, 1))


def photo(name: str) -> np.ndarray:
    pixels = transform.resize(getattr(data, name)(), (300, 400), anti_aliasing=True)
    return np.rint(255 * pixels).astype(np.uint8)


def wet(pixels: np.ndarray, seed: int) -> np.ndarray:
    batch = torch.from_numpy(pixels.transpose(2, 0, 1).copy())[None] / 255
    fallen = rain(batch, SHOWER, torch.Generator().manual_seed(seed))
    return np.rint(255 * fallen[0].permute(1, 2, 0).numpy()).astype(np.uint8)


def streaks_left(derain: Callable[[np.ndarray], np.ndarray]) -> float:
    """Return how much of the fine structure of rain is left: the measure of benchmarks/streaks.py."""
    sums = np.zeros(2)
    for seed, name in enumerate(PHOTOS * 2):
        dry = photo(name).astype(float)
        rainy = wet(photo(name), seed)
        errors = [one - gaussian_filter(one, (15, 15, 0)) for one in (rainy - dry, derain(rainy) - dry)]
        sums += [np.square(error).sum() for error in errors]
    return float(sums[1] / sums[0])


@pytest.fixture(scope="module")
def derain() -> Enhancer:
    return Enhancer(task="derain", threads=2)


def test_streaks_go(derain: Enhancer) -> None:
    assert streaks_left(derain) < 0.5


def test_streaks_go_from_large_pictures(derain: Enhancer) -> None:
    """Enlarged, they are too wide for the network, which therefore sees such a picture reduced."""
    dry, rainy = (cv2.resize(one, None, fx=5, fy=5) for one in (photo("coffee"), wet(photo("coffee"), 1)))
    assert psnr(derain(rainy), dry) > psnr(rainy, dry) + 6


def test_darkening_is_no_deraining(derain: Enhancer) -> None:
    """What only darkens, even by as much as the model takes, leaves what the test above looks at."""

    def darker(rainy: np.ndarray) -> np.ndarray:
        taken = (rainy.astype(float) - derain(rainy)).mean((0, 1))
        return np.clip(rainy - taken, 0, 255)

    assert streaks_left(darker) > 0.9
    assert streaks_left(lambda rainy: 0.9 * rainy) > 0.8


@pytest.mark.parametrize("name", PHOTOS)
def test_dry_photographs_stay_as_bright_as_they_are(derain: Enhancer, name: str) -> None:
    dry = photo(name)
    result = derain(dry)
    assert abs(result.mean() - dry.mean()) < 1
    assert psnr(result, dry) > 32


@pytest.mark.parametrize("task", ["derain", "dehaze"])
def test_white_stays_white_and_black_black(task: str) -> None:
    enhance = partial(Enhancer(task=task, threads=2))
    for level in (0, 255):
        flat = np.full((300, 400, 3), level, np.uint8)
        assert abs(enhance(flat).mean() - level) < 3
