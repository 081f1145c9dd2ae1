"""The exposure curve: its fixed points, slopes and inverse, and the exposure of a stated brightness."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pielight.core.color import linear_to_srgb, srgb_to_linear
from pielight.ops.exposure import LEAST_EV, MOST_EV, canonical_exposure, exposure_curve

LIGHT = np.linspace(0, 1, 257)
STOPS = st.floats(-6, 14)


@given(STOPS, STOPS)
def test_exposures_add_and_black_and_white_stay(first: float, second: float) -> None:
    once = exposure_curve(LIGHT, first)
    assert once[0] == 0
    assert once[-1] == pytest.approx(1, abs=1e-12)
    assert (np.diff(once) > 0).all()
    assert np.allclose(exposure_curve(once, second), exposure_curve(LIGHT, first + second), atol=1e-9)


@given(STOPS)
def test_the_slope_is_k_at_black_and_its_inverse_at_white(ev: float) -> None:
    step = 1e-9
    assert exposure_curve(np.array(step), ev) / step == pytest.approx(2**ev, rel=1e-3)
    near = 1e-9 * 2**ev
    assert (1 - exposure_curve(np.array(1 - near), ev)) / near == pytest.approx(2**-ev, rel=1e-2)


@given(st.integers(0, 2**32 - 1), st.floats(-4, 2))
def test_the_canonical_exposure_does_not_depend_on_the_exposure(seed: int, ev: float) -> None:
    random = np.random.default_rng(seed)
    linear = random.uniform(0.02, 0.9, (8, 8, 3))
    first = canonical_exposure(linear_to_srgb(linear))
    exposed = linear_to_srgb(exposure_curve(linear, ev))
    assert canonical_exposure(exposed) == pytest.approx(first - ev, abs=1e-6)
    assert linear_to_srgb(exposure_curve(srgb_to_linear(exposed), first - ev)).mean() == pytest.approx(0.42, abs=1e-6)


def test_what_no_exposure_brings_there_ends_at_the_limits() -> None:
    assert canonical_exposure(np.zeros((4, 4, 3))) == pytest.approx(MOST_EV)
    assert canonical_exposure(np.ones((4, 4, 3))) == pytest.approx(LEAST_EV)
