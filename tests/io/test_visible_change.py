"""A change of more than two levels anywhere in the sample is visible."""

from __future__ import annotations

import numpy as np
import pytest

from pielight.io.visible_change import look_different, sample


@pytest.mark.parametrize(("change", "is_visible"), [(0, False), (2, False), (3, True), (-3, True)])
def test_levels(change: int, is_visible: bool) -> None:
    pixels = np.full((50, 60, 3), 100, np.uint8)
    other = pixels.copy()
    other[20, 30, 1] = 100 + change
    assert look_different(sample(pixels), sample(other)) is is_visible


def test_a_sample_is_bounded_and_a_copy() -> None:
    pixels = np.zeros((2000, 3000, 3), np.uint8)
    some = sample(pixels)
    assert some.size < 2_000_000
    pixels[:] = 9
    assert not some.any()
