"""Shadows lose the colors that a camera's error of black gives them, and no others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pielight.core.color import linear_to_srgb
from pielight.ops.noise import Noise
from pielight.ops.shadow_chroma import BLACK_LEVEL, chroma_share

QUIET = Noise(np.zeros(3), np.zeros(3))


def seen(light: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return cells of linear light in multiples of the error of black, in sRGB."""
    return linear_to_srgb(light * BLACK_LEVEL).reshape(1, -1, 3)


def test_the_share_is_a_wiener_filter() -> None:
    """Of colors and errors of the variances that are meant, none other is nearer to the truth on the mean."""
    random = np.random.default_rng(0)
    for light in (1.0, 3.0, 9.0):
        color, error = random.normal(0, light / 3, 20000), random.normal(0, 1, 20000)
        share = chroma_share(seen(np.full(3, light)), QUIET).item()
        shares = np.linspace(0, 1, 101)
        best = shares[np.argmin([np.square(each * (color + error) - color).mean() for each in shares])]
        assert abs(share - best) < 0.03


def test_it_rises_with_light_and_falls_with_noise() -> None:
    rising = chroma_share(seen(np.linspace(0, 40, 50)[:, np.newaxis].repeat(3, 1)), QUIET).ravel()
    assert rising[0] == 0
    assert (np.diff(rising) > 0).all()
    assert rising[-1] > 0.99
    noisy = Noise(np.full(3, 1e-4), np.full(3, 1e-7))
    gray = seen(np.full(3, 5.0))
    assert chroma_share(gray, noisy).item() < chroma_share(gray, QUIET).item()


def test_a_strong_color_in_the_dark_stays() -> None:
    blue = seen(np.array([0.5, 1.0, 20.0]))
    assert chroma_share(blue, QUIET).item() > 0.95


def test_pictures_of_many_rows() -> None:
    cells = np.random.default_rng(0).uniform(0, 0.1, (131, 3, 3)).astype(np.float32)
    whole = chroma_share(cells, QUIET)
    assert whole.shape == (131, 3, 1)
    assert whole.dtype == np.float32
    assert (whole[64:] == chroma_share(cells[64:], QUIET)).all()
