"""Arrays are checked before anything runs over them, and laid out for the compiled loops without a change."""

from __future__ import annotations

import numpy as np
import pytest

from pielight.core.pixels import check_pixels, full_scale, is_regular, is_same_memory, regular
from pielight.errors import PielightError


def test_a_regular_copy_has_the_same_values() -> None:
    pixels = np.random.default_rng(0).integers(0, 65536, (6, 7, 3), np.uint16)
    for view in (pixels[:, ::-1], pixels.transpose(1, 0, 2), pixels[..., ::-1], np.asfortranarray(pixels)):
        copy = regular(view)
        assert is_regular(copy)
        assert np.array_equal(copy, view)
    assert regular(pixels) is pixels


@pytest.mark.parametrize(
    "pixels",
    [np.zeros((0, 4, 3), np.uint8), np.zeros((4, 4, 2), np.uint8), np.full((2, 2, 3), np.nan), np.full((2, 2, 3), 1.5)],
)
def test_what_is_no_picture(pixels: np.ndarray) -> None:
    with pytest.raises(PielightError):
        check_pixels(pixels)


def test_scale_and_memory() -> None:
    assert [full_scale(np.dtype(name)) for name in ("uint8", "uint16", "float32")] == [255, 65535, 1]
    with pytest.raises(PielightError):
        full_scale(np.dtype("int32"))
    pixels = np.zeros((4, 4, 3))
    assert is_same_memory(pixels, pixels[:])
    assert not is_same_memory(pixels, pixels.copy())
