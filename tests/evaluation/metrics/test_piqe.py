"""PIQE against the values that the package pypiqe 1.2 gives for pictures of scikit-image."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from skimage import data

from pielight.errors import DataError
from pielight.evaluation.metrics.piqe import piqe

GRAY = np.round(data.astronaut() @ [0.299, 0.587, 0.114]).astype(np.uint8)
NOISE = np.random.default_rng(0).normal(0, 15, GRAY.shape)


@pytest.mark.parametrize(
    ("gray", "expected"),
    [
        (GRAY, 33.759169634583095),
        (np.round(gaussian_filter(GRAY.astype(float), 2)).astype(np.uint8), 85.1934702172006),
        ((GRAY + NOISE).clip(0, 255).round().astype(np.uint8), 55.70069315662193),
        (GRAY[:203, :301], 28.751316730470805),
        (data.camera(), 40.13740180655487),
    ],
    ids=["photo", "blurred", "noisy", "odd size", "camera"],
)
def test_by_another_implementation(gray: np.ndarray, expected: float) -> None:
    assert piqe(np.repeat(gray[..., None], 3, 2)) == pytest.approx(expected, rel=0.005)


def test_even_pictures_and_too_small_ones() -> None:
    assert piqe(np.zeros((40, 40, 3), np.uint8)) == 100
    with pytest.raises(DataError, match="PIQE needs sides of at least 16 pixels, not 99 x 15"):
        piqe(np.zeros((15, 99, 3), np.uint8))
