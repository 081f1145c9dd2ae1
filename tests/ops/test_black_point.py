"""Black is held by a toe that reverses nothing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pielight.ops.black_point import TOE, hold_black

LIGHT = st.floats(0, 1)


@given(LIGHT, LIGHT, st.floats(0.01, 1))
def test_the_result_lies_between_the_picture_and_the_enhancement(before: float, after: float, black: float) -> None:
    result = float(hold_black(np.float64(before), np.float64(after), black) * after)
    low, high = sorted((before, after))
    assert low - 1e-12 <= result <= high + 1e-12
    if after <= before:
        assert result == after


@given(LIGHT, LIGHT, LIGHT, st.floats(0.01, 1))
def test_it_rises_with_the_result(before: float, one: float, other: float, black: float) -> None:
    low, high = sorted((one, other))
    results = [float(hold_black(np.float64(before), np.float64(after), black) * after) for after in (low, high)]
    assert results[0] <= results[1] + 1e-12


def test_half_of_what_was_added_is_left_at_the_toe() -> None:
    assert float(hold_black(np.float64(0.02), np.float64(TOE), 1.0) * TOE) == pytest.approx((0.02 + TOE) / 2)
