"""Uncompressed pixels with subsampled chroma."""

import numpy as np
import pytest

from pielight.io.color.ycbcr import from_rgb, to_rgb


@pytest.mark.parametrize("steps", [(1, 1), (2, 1), (2, 2), (4, 2)])
@pytest.mark.parametrize("size", [(8, 4), (7, 5)])
def test_smooth_pixels_come_back(steps: tuple[int, int], size: tuple[int, int]) -> None:
    width, height = size
    rows, columns = np.mgrid[:height, :width]
    pixels = np.stack([60 + 2 * rows, 80 + columns, 90 + rows + columns], axis=2).astype(np.uint8)
    blocks = from_rgb(pixels.tobytes(), width, height, steps)
    across, down = steps
    assert len(blocks) == -(-width // across) * -(-height // down) * (across * down + 2)
    again = np.frombuffer(to_rgb(blocks, width, height, steps), np.uint8).reshape(pixels.shape)
    assert np.abs(again.astype(int) - pixels).max() < 9


def test_too_few_bytes_are_an_error() -> None:
    with pytest.raises(ValueError, match="buffer"):
        to_rgb(b"abc", 8, 8, (2, 2))
