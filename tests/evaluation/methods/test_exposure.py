"""The closed form: its brightness, that bright pictures stay, and non-local means behind it."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data

from pielight.errors import ConfigError
from pielight.evaluation.methods.exposure import exposure, noise, non_local_means
from pielight.evaluation.methods.method import find_method, open_enhancer, parse

PHOTO = data.astronaut()[:256, 100:356]
DARK = (PHOTO // 6).astype(np.uint8)


@pytest.mark.parametrize("brightness", [0.3, 0.42, 0.5])
def test_the_mean_of_the_result_is_the_brightness(brightness: float) -> None:
    assert exposure(DARK, brightness).mean() / 255 == pytest.approx(brightness, abs=0.01)


def test_a_bright_picture_stays_to_the_bit() -> None:
    assert (exposure(np.maximum(PHOTO, 120), 0.42) == np.maximum(PHOTO, 120)).all()


def test_noise_is_measured_and_smoothed() -> None:
    clean = exposure(DARK)
    noisy = (clean + np.random.default_rng(0).normal(0, 12, clean.shape)).clip(0, 255).astype(np.uint8)
    assert noise(noisy / 255) > 2 * noise(clean / 255)
    before, after = (np.square(one.astype(float) - clean).mean() for one in (noisy, non_local_means(noisy)))
    assert after < 0.5 * before


def test_settings_reach_the_method() -> None:
    brighter = open_enhancer(parse("exposure:brightness=0.5"))
    assert (brighter(DARK) == exposure(DARK, 0.5)).all()
    smooth = open_enhancer(parse("exposure:denoise=nlm"))
    assert (smooth(DARK) == non_local_means(exposure(DARK))).all()
    assert (open_enhancer(parse("exposure"))(DARK) == exposure(DARK)).all()


@pytest.mark.parametrize(
    ("argument", "reason"),
    [
        ("brightness=1", "brightness must be above 0 and below 1"),
        ("brightness=x", "is not a number"),
        ("denoise=auto", "denoise is nlm"),
        ("gain=2", "gain is unknown"),
    ],
)
def test_invalid_settings_are_named(argument: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        find_method(f"exposure:{argument}")
