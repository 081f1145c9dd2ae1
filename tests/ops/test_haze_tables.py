"""Tables of dehazing undo haze of known transmission and airlight, and negative strengths add it."""

from __future__ import annotations

import numpy as np
import pytest

from pielight.errors import OptionError
from pielight.ops.haze_tables import haze_tables

AIR = np.array([0.8, 0.85, 0.9], np.float32)


def test_haze_of_even_transmission_is_undone() -> None:
    clear = np.linspace(0, 1, 50).astype(np.float32)
    for transmission in (0.3, 0.6, 1.0):
        for channel, air in enumerate(AIR):
            hazy = (clear * transmission + air * (1 - transmission)).astype(np.float32)
            tables = haze_tables(np.full((4, 2, 3), transmission, np.float32), AIR, 1.0, hazy)
            assert tables.shape == (2, 3, 3, 50)
            assert np.abs(tables[1, 2, channel] - clear).max() < 1e-5


def test_strengths() -> None:
    transmission = np.full((4, 1, 1), 0.5, np.float32)
    x = np.array([0.2, 0.6], np.float32)
    assert np.allclose(haze_tables(transmission, AIR, 0.0, x), x, atol=1e-6)
    assert (haze_tables(transmission, AIR, -1.0, x) > x).all()
    assert (haze_tables(transmission, AIR, 1.5, x) <= haze_tables(transmission, AIR, 0.5, x)).all()
    with pytest.raises(OptionError):
        haze_tables(transmission, AIR, 2.0)


def test_a_transmission_for_each_brightness() -> None:
    transmission = np.array([1.0, 1.0, 0.5, 0.5], np.float32).reshape(4, 1, 1)
    tables = haze_tables(transmission, AIR, 1.0, np.array([0.1, 0.7], np.float32))
    assert np.isclose(tables[0, 0, 0, 0], 0.1, atol=1e-6)
    assert tables[0, 0, 0, 1] < 0.7
