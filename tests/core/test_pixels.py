import numpy as np
import pytest

from pielight.core.pixels import check_pixels, full_scale, is_regular, is_same_memory, plain_order, regular
from pielight.errors import PielightError


@pytest.mark.parametrize(
    ("pixels", "reason"),
    [
        (np.zeros((2, 3), np.uint8), "expected (height, width, 1 or 3)"),
        (np.zeros((2, 3, 4), np.uint8), "expected (height, width, 1 or 3)"),
        (np.zeros((0, 3, 3), np.uint8), "the picture is empty"),
        (np.zeros((2, 3, 3), np.int32), "expected uint8, uint16, float32 or float64"),
        (np.zeros((2, 3, 3), np.dtype(np.uint16).newbyteorder()), "not in native byte order"),
        (np.full((2, 3, 3), np.nan), "finite"),
        (np.full((2, 3, 3), 1.5, np.float32), "scale them first"),
    ],
)
def test_other_arrays_are_refused_with_the_reason(pixels: np.ndarray, reason: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(PielightError) as info:
        check_pixels(pixels)
    assert reason in str(info.value)


@pytest.mark.parametrize(("dtype", "scale"), [("u1", 255), ("u2", 65535), ("f4", 1), ("f8", 1)])
def test_full_scale(dtype: str, scale: float) -> None:
    assert full_scale(np.dtype(dtype)) == scale
    check_pixels(np.full((1, 1, 1), scale, dtype))


def test_arrays_of_any_layout_become_regular_with_the_same_values() -> None:
    base = np.arange(60, dtype=np.uint16).reshape(4, 5, 3)
    unaligned = np.frombuffer(b"\0" + base.tobytes(), "u1", offset=1).view("u2").reshape(base.shape)
    for pixels in (base, base[::-1], base[..., ::-1], base.transpose(1, 0, 2), unaligned):
        made = regular(pixels)
        assert is_regular(made)
        assert np.array_equal(made, pixels)
        assert is_regular(pixels) == (made is pixels or is_same_memory(made, pixels))


def test_an_explicit_native_byte_order_is_dropped_without_a_copy() -> None:
    pixels = np.zeros((2, 2, 3), np.dtype(f"{np.dtype(np.uint16).str}"))
    assert np.shares_memory(plain_order(pixels), pixels)
