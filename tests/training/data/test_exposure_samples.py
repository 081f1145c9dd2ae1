"""Samples of exposure training: what a photograph gives, labels, determinism, and what is kept."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Generator, Tensor

from pielight.ops.exposure import canonical_exposure
from pielight.ops.exposure_statistics import SEEN, exposure_statistics
from pielight.ops.thumbnail import thumbnail
from pielight.training.data.exposure_samples import (
    DARKENED,
    PUBLISHED,
    REAL,
    ExposureSamples,
    Photograph,
    draw_samples,
    measured,
)
from pielight.training.data.preparation import Preparation
from pielight.training.data.toy import toy_scene
from pielight.training.schema import RawDarkeningConfig

FEW = RawDarkeningConfig(versions=2)


def photo(seed: int, side: int = 100) -> Tensor:
    scene = toy_scene(np.random.default_rng(seed), side) ** (1 / 2.2)
    return torch.from_numpy(np.round(255 * scene).astype(np.uint8).transpose(2, 0, 1).copy())


@pytest.fixture(scope="module")
def samples() -> ExposureSamples:
    dark = (photo(3).float() / 6).byte()
    photographs = [Photograph(photo(0)), Photograph(photo(1), 0), Photograph(photo(2), 0, even=True)]
    return draw_samples([*photographs, Photograph(dark, 0, REAL)], FEW, 0)


def test_shapes_and_ranges(samples: ExposureSamples) -> None:
    n = len(samples)
    assert samples.thumbnails.shape == samples.targets.shape == (n, 3, 64, 64)
    assert samples.thumbnails.dtype == torch.float16
    assert samples.statistics.shape == (n, SEEN)
    assert samples.regions.shape == (n, 64, 64)
    assert 0 <= samples.thumbnails.min() <= samples.thumbnails.max() <= 1
    assert ((samples.underexposed >= 0) & (samples.underexposed <= 1)).all()


def test_what_a_photograph_gives(samples: ExposureSamples) -> None:
    assert len(samples.of(DARKENED)) == 3 * 2
    assert 3 * 2 <= len(samples.of(PUBLISHED)) <= 3 * 3  # itself, a crop, and noise in half of them
    assert len(samples.of(REAL)) == len(samples.of(REAL, 0)) == 5
    assert len(samples.of(PUBLISHED, 0)) == 2 * 2  # no noise, which says nothing of a domain


def test_published_photographs_stay_and_darkened_ones_are_darker(samples: ExposureSamples) -> None:
    seen, target = samples.thumbnails.float().mean((1, 2, 3)), samples.targets.float().mean((1, 2, 3))
    published, darkened = samples.of(PUBLISHED), samples.of(DARKENED)
    assert (seen[published] - target[published]).abs().max() < 0.03
    assert (seen[darkened] < target[darkened] + 0.02).all()
    assert (samples.underexposed[published] == 0).all()
    assert (samples.underexposed[samples.of(REAL)] == 1).all()
    assert set(samples.belief[darkened].tolist()) <= set(torch.tensor([0.7, 0.25]).tolist())
    assert samples.statistics[darkened, -1].mean() > samples.statistics[published, -1].mean() + 1


def test_regions_are_those_of_pictures_that_want_light(samples: ExposureSamples) -> None:
    assert (samples.regions[samples.of(PUBLISHED)] == 0).all()
    assert samples.regions[samples.of(REAL)].flatten(1).amax(1).min() > 0


def test_samples_are_what_inference_sees() -> None:
    picture = photo(0).float() / 255
    found = measured(picture, picture, PUBLISHED, 0.0, -1)
    pixels = photo(0).permute(1, 2, 0).numpy()
    small = thumbnail(np.ascontiguousarray(pixels), 64)
    assert torch.equal(found["thumbnails"], torch.from_numpy(small).half())
    expected = np.append(exposure_statistics(pixels), np.float32(canonical_exposure(small)))
    np.testing.assert_array_equal(found["statistics"].numpy(), expected)


def test_a_photograph_s_samples_do_not_depend_on_others_but_on_the_seed() -> None:
    one, other = Photograph(photo(0)), Photograph(photo(1))
    alone, both, again = draw_samples([one], FEW, 0), draw_samples([one, other], FEW, 0), draw_samples([one], FEW, 1)
    assert torch.equal(both.thumbnails[: len(alone)], alone.thumbnails)
    assert not torch.equal(again.thumbnails[-1], alone.thumbnails[-1])


def test_samples_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Preparation(tmp_path, "key")
    first = draw_samples([Photograph(photo(0))], FEW, 0, kept=kept)
    monkeypatch.setattr("pielight.training.data.exposure_samples._samples", None)  # is not called again
    again = draw_samples([Photograph(photo(0))], FEW, 0, kept=kept)
    for item in dataclasses.fields(first):
        assert torch.equal(getattr(first, item.name), getattr(again, item.name))


def test_taking_and_drawing(samples: ExposureSamples) -> None:
    two = samples.take(torch.tensor([3, 1]))
    assert len(two) == 2
    assert torch.equal(two.targets[0], samples.targets[3])
    pictures, regions = samples.batch(5, Generator().manual_seed(0))
    assert pictures.shape == (5, 3, 64, 64)
    assert pictures.dtype == torch.float32
    assert regions.shape == (5, 64, 64)
