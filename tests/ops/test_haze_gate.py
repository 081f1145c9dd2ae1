"""How much haze a picture shows: hazy, clear, in between; and what the engine makes of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import minimum_filter

from pielight.enhancer import Enhancer
from pielight.errors import PielightError
from pielight.ops.haze_gate import haze_gate

RANDOM = np.random.default_rng(0)


def fog(clear: NDArray[np.uint8], passed: float) -> NDArray[np.uint8]:
    """Lay even haze over a picture: ``I = J t + A (1 - t)``."""
    return np.rint(clear * passed + 245 * (1 - passed)).astype(np.uint8)


@pytest.fixture
def clear(photo: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.rint(photo / 0.4).clip(0, 255).astype(np.uint8).repeat(3, 0).repeat(3, 1)


def test_the_evidence() -> None:
    for side in (16, 64, 256):
        thumbnail = RANDOM.uniform(0.05, 1, (3, side, side)) ** 2
        reach = max(1, round(side * 9 / 256) // 2)
        dark = minimum_filter(thumbnail.min(axis=0), 2 * reach + 1, mode="nearest")
        evidence = np.sqrt(np.percentile(dark, 0.1) * np.percentile(dark, 25))
        for wanted in (0.13, 0.14, 0.15):  # evidence is proportional to brightness
            t = (wanted - 0.12) / 0.04
            assert haze_gate(thumbnail * wanted / evidence) == pytest.approx(t * t * (3 - 2 * t))
    assert (haze_gate(np.zeros((3, 64, 64))), haze_gate(np.ones((3, 64, 64)))) == (0, 1)


def test_more_haze_is_more_evidence(clear: NDArray[np.uint8]) -> None:
    shares = [haze_gate(fog(clear, passed)[:192, :192].transpose(2, 0, 1) / 255) for passed in np.linspace(1, 0.2, 20)]
    assert (shares[0], shares[-1]) == (0, 1)
    assert shares == sorted(shares)


def test_clear_photographs_are_left_alone(clear: NDArray[np.uint8], haze_model: Path) -> None:
    for model in (None, haze_model):
        guarded, plain = (Enhancer(model, task="dehaze", auto=auto, threads=1) for auto in (True, False))
        assert np.array_equal(guarded(clear), clear)
        hazy = fog(clear, 0.5)
        assert np.array_equal(guarded(hazy), plain(hazy))
        assert np.abs(guarded(hazy).astype(int) - clear).mean() < 0.7 * np.abs(hazy.astype(int) - clear).mean()
    assert not np.array_equal(plain(clear), clear)


def test_what_is_in_between_is_treated_in_proportion(clear: NDArray[np.uint8], haze_model: Path) -> None:
    guarded, plain = (Enhancer(haze_model, task="dehaze", auto=auto, threads=1) for auto in (True, False))
    for passed in np.linspace(0.95, 0.7, 60):
        hazy = fog(clear, passed)
        share = (1 - guarded.curves(hazy).transmission.max()) / (1 - plain.curves(hazy).transmission.max())
        if 0.2 < share < 0.8:
            break
    assert 0.2 < share < 0.8
    changed = np.abs(guarded(hazy).astype(int) - hazy).mean()
    assert 0 < changed < np.abs(plain(hazy).astype(int) - hazy).mean()
    with pytest.raises(PielightError, match="share"):
        plain.curves(hazy).faded(1.5)
