import numpy as np
import pytest

from pielight.core.strips import blocks, look_up, strips, to_8_bits


@pytest.mark.parametrize("shape", [(1, 1), (7, 100_000), (300_000, 1), (3, 0), (5, 400_000)])
def test_strips_cover_every_row_once(shape: tuple[int, int]) -> None:
    rows = [row for strip in strips(shape) for row in range(strip.start, strip.stop)]
    assert rows == list(range(shape[0]))


@pytest.mark.parametrize("pixels", [1, 7, 24, 1000])
def test_blocks_cover_every_pixel_once_and_are_small(pixels: int) -> None:
    count = np.zeros((6, 9), int)
    for rows, columns in blocks(count.shape, pixels):
        count[rows, columns] += 1
        assert (rows.stop - rows.start) * (columns.stop - columns.start) <= max(pixels, 1)
    assert (count == 1).all()


def test_tables_of_rows_are_looked_up() -> None:
    table, indices = np.arange(768, dtype=np.uint16).reshape(256, 3), np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert np.array_equal(look_up(table, indices), table[indices])


def test_16_bits_round_to_the_nearest_of_8() -> None:
    values = np.arange(65536, dtype=np.uint16)[None]
    assert np.array_equal(to_8_bits(values), np.rint(values / 257).astype(np.uint8))
