import numpy as np
import pytest

from pielight.core.color import linear_to_srgb, luma, smooth_step, srgb_to_linear, srgb_to_linear_slope

LEVELS = np.linspace(0, 1, 4097)


def test_the_transfer_curve_is_that_of_iec_61966_2_1() -> None:
    expected = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in LEVELS]
    assert srgb_to_linear(LEVELS) == pytest.approx(expected, rel=1e-15)
    linear = LEVELS
    expected = [12.92 * v if v <= 0.0031308 else 1.055 * v ** (1 / 2.4) - 0.055 for v in linear]
    assert linear_to_srgb(linear) == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_types_are_kept(dtype: type) -> None:
    values = LEVELS.astype(dtype)
    for result in (srgb_to_linear(values), linear_to_srgb(values), smooth_step(values, 0.1, 0.3)):
        assert result.dtype == dtype


def test_the_slope_is_the_derivative() -> None:
    x = LEVELS[(LEVELS > 1e-4) & (LEVELS < 1 - 1e-4) & (abs(LEVELS - 0.04045) > 1e-4)]
    difference = (srgb_to_linear(x + 1e-6) - srgb_to_linear(x - 1e-6)) / 2e-6
    assert srgb_to_linear_slope(x) == pytest.approx(difference, rel=1e-6)


def test_luma_weighs_by_bt_601() -> None:
    assert luma(np.eye(3, dtype=np.uint8)[None] * np.uint8(100))[0] == pytest.approx([29.9, 58.7, 11.4])
    assert luma(np.ones((1, 1, 3), np.uint8), np.float32).dtype == np.float32


def test_a_smooth_step_is_flat_at_both_ends() -> None:
    assert [float(smooth_step(x, 2, 4)) for x in (1, 2, 3, 4, 5)] == [0, 0, 0.5, 1, 1]
    assert smooth_step(2 + 1e-6, 2, 4) < 1e-11
    assert smooth_step(4 - 1e-6, 2, 4) > 1 - 1e-11
