"""The lattice of haze: tables against NumPy, strengths, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pielight import HazeLattice
from pielight.errors import ModelError, PielightError
from pielight.ops.apply import apply
from pielight.options import EnhanceOptions


def lattice(seed: int = 0, nodes: tuple[int, int] = (3, 5), levels: int = 4) -> HazeLattice:
    random = np.random.default_rng(seed)
    return HazeLattice(random.uniform(0.1, 1, (levels, *nodes)), random.uniform(0.6, 1, 3))


@pytest.mark.parametrize("strength", [-1.5, -0.5, 0.0, 0.4, 1.0, 1.5])
def test_tables_are_scattering_solved(strength: float) -> None:
    mist = lattice()
    tables = mist.tables(strength)
    assert tables.shape == (3, 5, 3, 256)
    assert tables.dtype == np.float32
    for row, column, channel, level in ((0, 0, 0, 0), (1, 3, 2, 77), (2, 4, 1, 255), (2, 0, 0, 130)):
        x = level / 255
        t = np.interp(3 * x, range(4), mist.transmission[:, row, column])
        t = max(0.05, 1 - abs(strength) * (1 - t))
        air = mist.airlight[channel]
        expected = (x - air) / t + air if strength >= 0 else x * t + air * (1 - t)
        assert tables[row, column, channel, level] == pytest.approx(np.clip(expected, 0, 1), abs=1e-5)


@given(seed=st.integers(0, 99), strength=st.floats(0, 1.5))
def test_haze_that_was_laid_on_is_taken_away(seed: int, strength: float) -> None:
    even = HazeLattice(np.full((4, 1, 1), 0.6), np.full(3, 0.9))
    clear = np.random.default_rng(seed).uniform(0.1, 0.8, (8, 9, 3)).astype(np.float32)
    passed = 1 - strength * 0.4
    hazy = clear * np.float32(passed) + np.float32(0.9 * (1 - passed))
    assert apply(hazy, even, EnhanceOptions(strength)) == pytest.approx(clear, abs=5e-3)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
@pytest.mark.parametrize("channels", [1, 3])
def test_every_kind_of_pixel(dtype: str, channels: int) -> None:
    scale = {"uint8": 255, "uint16": 65535}.get(dtype, 1)
    pixels = (np.random.default_rng(0).uniform(0, 1, (20, 30, channels)) * scale).astype(dtype)
    done = apply(pixels, lattice())
    assert (done.shape, done.dtype) == (pixels.shape, pixels.dtype)
    assert np.array_equal(apply(pixels, lattice(), EnhanceOptions(0.0)), pixels)


@pytest.mark.parametrize(
    ("transmission", "airlight", "reason"),
    [
        (np.ones((4, 2)), np.ones(3), r"transmission has shape \(4, 2\)"),
        (np.ones((1, 2, 2)), np.ones(3), "K at least 2"),
        (np.ones((4, 0, 2)), np.ones(3), "transmission has shape"),
        (np.zeros((4, 2, 2)), np.ones(3), r"lie in \(0, 1\]"),
        (np.full((4, 2, 2), np.nan), np.ones(3), "finite"),
        (np.ones((4, 2, 2)), np.ones(4), "airlight has shape"),
        (np.ones((4, 2, 2)), np.array([0.5, 0.5, 1.1]), r"airlight must be finite and lie in \[0, 1\]"),
    ],
)
def test_what_is_no_lattice_of_haze_is_refused(transmission: np.ndarray, airlight: np.ndarray, reason: str) -> None:
    with pytest.raises(ModelError, match=reason):
        HazeLattice(transmission, airlight)


def test_a_strength_out_of_range_is_refused() -> None:
    with pytest.raises(PielightError, match="strength"):
        lattice().tables(2.0)
