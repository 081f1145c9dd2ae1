import numpy as np
import pytest

from pielight.io.image import look_different, sample


@pytest.mark.parametrize(("dtype", "step"), [(np.uint8, 1), (np.uint16, 257)])
def test_two_levels_of_8_bits_are_not_seen(dtype: type, step: int) -> None:
    one = np.full((4, 5, 3), 100 * step, dtype)
    for change, seen in ((0, False), (2, False), (-2, False), (3, True), (-3, True)):
        other = one.copy()
        other[1, 2, 0] = (100 + change) * step
        assert look_different(one, other) == seen


def test_a_sample_is_a_small_copy_from_all_over() -> None:
    pixels = np.arange(2000 * 3000, dtype=np.uint32).reshape(2000, 3000, 1)
    small = sample(pixels)
    assert small.size <= 500_000
    assert not np.shares_memory(small, pixels)
    assert small.max() > 0.99 * pixels.max()
