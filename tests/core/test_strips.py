"""Strips and blocks cover a picture once; what is done piece by piece gives what is done at once."""

from __future__ import annotations

import numpy as np
import pytest

from pielight.core.strips import blocks, look_up, strips, to_8_bits


@pytest.mark.parametrize("shape", [(1, 1), (5, 100_000), (700, 900), (1_000_000, 1), (1, 1_000_000)])
def test_every_pixel_is_in_one_piece(shape: tuple[int, int]) -> None:
    seen = np.zeros(shape, np.uint8)
    for strip in strips(shape):
        seen[strip] += 1
    assert (seen == 1).all()
    seen[:] = 0
    for block in blocks(shape, 50_000):
        assert seen[block].size <= max(50_000, 1)
        seen[block] += 1
    assert (seen == 1).all()


def test_tables_and_rounding() -> None:
    rng = np.random.default_rng(0)
    table, places = rng.integers(0, 256, 1000, np.uint8), rng.integers(0, 1000, (50, 70), np.uint16)
    assert np.array_equal(look_up(table, places), table[places])
    every = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    assert np.array_equal(to_8_bits(every), np.rint(every / 257).astype(np.uint8))
