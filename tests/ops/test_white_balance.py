"""Warmth and tint are one matrix in linear light: neutral at 0, and taken back by their negatives."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pielight.ops.white_balance import RGB_TO_XYZ, cone_gains, planckian_uv, white_balance

STEP = st.floats(-1, 1, allow_subnormal=False)


@given(STEP, STEP)
def test_white_keeps_its_luminance_and_the_way_back_is_a_factor_near_one(warmth: float, tint: float) -> None:
    there, back = white_balance(warmth, tint), white_balance(-warmth, -tint)
    assert RGB_TO_XYZ[1] @ there @ np.ones(3) == pytest.approx(1, abs=1e-6)
    both = back @ there
    assert np.allclose(both / both[0, 0], np.eye(3), atol=1e-9)
    assert 0.9 < both[0, 0] < 1.1


@given(st.floats(0, 0.5, allow_subnormal=False), st.floats(0, 0.5, allow_subnormal=False))
def test_gains_of_tint_do_not_depend_on_warmth(warmth: float, tint: float) -> None:
    assert np.allclose(cone_gains(warmth, tint), cone_gains(warmth, 0) * cone_gains(0, tint))


def test_directions() -> None:
    red, green, blue = white_balance(0.5, 0) @ np.ones(3)
    assert red > green > blue
    red, green, blue = white_balance(0, 0.5) @ np.ones(3)
    assert min(red, blue) > 1 > green


@pytest.mark.parametrize(
    ("kelvin", "x", "y"), [(2856, 0.4476, 0.4075), (5000, 0.3451, 0.3516), (10000, 0.2807, 0.2884)]
)
def test_black_bodies_lie_where_tables_have_them(kelvin: float, x: float, y: float) -> None:
    u, v = planckian_uv(1e6 / kelvin)
    scale = 2 * u - 8 * v + 4
    assert (3 * u / scale, 2 * v / scale) == pytest.approx((x, y), abs=5e-4)
