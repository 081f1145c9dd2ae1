"""Exposure against SciPy's root finding and numerical derivatives, and the laws that the curve keeps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq
from skimage import color

from pielight.ops.exposure import (
    LEAST_EV,
    MOST_EV,
    canonical_exposure,
    expose,
    exposure_curve,
    exposure_slope,
    log_odds,
    log_odds_table,
)

LIGHT = np.linspace(0, 1, 1001)


def encoded(linear: np.ndarray) -> np.ndarray:
    """SRGB by scikit-image, which goes over XYZ and shares no code with pielight."""
    gray = np.repeat(np.asarray(linear, float)[..., np.newaxis], 3, axis=-1)
    return color.xyz2rgb(gray @ color.colorconv.xyz_from_rgb.T)[..., 1]


@given(ev=st.floats(-14, 14))
def test_is_the_moebius_map_in_linear_light(ev: float) -> None:
    k = 2.0**ev
    assert np.allclose(exposure_curve(LIGHT, ev), k * LIGHT / (1 + (k - 1) * LIGHT), rtol=1e-9)


@given(a=st.floats(-8, 8), b=st.floats(-8, 8))
def test_exposures_add_and_undo_each_other(a: float, b: float) -> None:
    assert np.allclose(exposure_curve(exposure_curve(LIGHT, a), b), exposure_curve(LIGHT, a + b), atol=1e-12)
    assert np.allclose(exposure_curve(exposure_curve(LIGHT, a), -a), LIGHT, atol=1e-12)


@given(ev=st.floats(-20, 20))
def test_keeps_black_and_white_and_is_monotone(ev: float) -> None:
    curve = exposure_curve(LIGHT, ev)
    assert (curve[0], curve[-1]) == (0, 1)
    assert (np.diff(curve) >= 0).all()
    assert (np.sign(curve[1:-1] - LIGHT[1:-1]) == np.sign(ev)).all() or abs(ev) < 1e-9


@pytest.mark.parametrize("ev", [-3.0, -0.5, 0.0, 1.0, 4.0])
def test_slope_is_the_derivative(ev: float) -> None:
    x, step = np.linspace(0.001, 0.999, 400), 1e-6
    x = x[np.abs(x - 0.04045) > 0.001]
    numerical = (expose(x + step, ev) - expose(x - step, ev)) / (2 * step)
    smooth = np.abs(expose(x, ev) - 0.04045) > 0.001  # sRGB's own slope jumps there
    assert np.allclose(exposure_slope(x, ev)[smooth], numerical[smooth], rtol=1e-4)
    assert np.allclose(exposure_slope(np.array([0.0, 1.0]), ev), [2**ev, 2**-ev])


def test_exposes_srgb() -> None:
    srgb = np.linspace(0, 1, 64)
    linear = color.rgb2xyz(np.repeat(srgb[:, np.newaxis], 3, axis=1))[:, 1]
    assert np.allclose(expose(srgb, 2.0), encoded(4 * linear / (1 + 3 * linear)), atol=2e-4)


@pytest.mark.parametrize("scale", [0.01, 0.1, 0.4, 1.0, 2.0])
@pytest.mark.parametrize("size", [7, 64, 256])
def test_canonical_exposure_brings_a_picture_to_the_mean(scale: float, size: int) -> None:
    picture = (np.random.default_rng(size).random((3, size, size)) ** 2 * scale).clip(0, 1)
    picture[0, :2] = 0  # black and white have no log-odds
    picture[1, -2:] = 1
    wanted = brentq(lambda ev: expose(picture, ev).mean() - 0.42, -10, 20)
    tolerance = 0.005 if size < 256 else 0.06  # of a large one only some values are looked at
    assert canonical_exposure(picture.astype(np.float32)) == pytest.approx(wanted, abs=tolerance)
    assert canonical_exposure(picture, 0.3) < wanted


@given(stops=st.floats(0, 5), seed=st.integers(0, 50))
def test_the_same_scene_at_any_exposure_looks_alike_after_it(stops: float, seed: int) -> None:
    scene = np.random.default_rng(seed).uniform(0.02, 0.9, (3, 16, 16))
    darker = expose(scene, -stops)
    assert canonical_exposure(darker) - canonical_exposure(scene) == pytest.approx(stops, abs=0.01)


def test_what_has_no_canonical_exposure_takes_the_limits() -> None:
    assert canonical_exposure(np.zeros((3, 8, 8))) == MOST_EV
    assert canonical_exposure(np.ones((3, 8, 8))) == LEAST_EV


def test_log_odds_and_their_table_are_inverse() -> None:
    srgb = np.array([0.0, 0.01, 0.3, 0.735, 0.99, 1.0])
    table, steps = log_odds_table(64, 20), np.rint((log_odds(srgb).clip(-20, 20) + 20) * 64).astype(int)
    assert np.allclose(table[steps], srgb, atol=2e-3)
    assert not table.flags.writeable
