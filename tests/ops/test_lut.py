"""The knots of tables for 16 bits and floats: rising, dense at both ends, and found again."""

from __future__ import annotations

import numpy as np

from pielight.ops.lut import knots, levels, locate


def test_knots_rise_and_are_denser_at_black_and_white() -> None:
    steps = np.diff(knots())
    assert (steps > 0).all()
    assert knots()[[0, -1]].tolist() == [0, 1]
    middle = steps[len(steps) // 2]
    assert steps[0] < middle
    assert steps[-1] < middle
    assert np.array_equal(levels(), (np.arange(256) / 255).astype(np.float32))


def test_a_place_leads_back_to_its_brightness() -> None:
    x = np.linspace(0, 1, 10_001).astype(np.float32)
    index, share = locate(x)
    assert index.min() == 0
    assert index.max() == len(knots()) - 2
    assert ((share >= 0) & (share <= 1)).all()
    found = knots()[index] + share * (knots()[index + 1] - knots()[index])
    assert np.abs(found - x).max() < 1e-6
