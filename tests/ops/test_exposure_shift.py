"""Shifts of exposure are told to a hundredth of a stop, and neither motion nor a lamp is taken for one."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from pielight.ops.exposure_shift import exposure_shift
from pielight.ops.frame_thumbnail import frame_thumbnail
from tests.clips import PHOTOS, light, pan, shot

SIZE = (120, 160)


@pytest.mark.parametrize("name", PHOTOS)
@pytest.mark.parametrize("ev", [-1.0, -0.1, 0.0, 0.3, 1.5])
def test_the_step_of_a_camera_that_pans(name: str, ev: float) -> None:
    random = np.random.default_rng(0)
    before, after = pan(light(name), 2, SIZE, 1)
    shift = exposure_shift(frame_thumbnail(shot(before, -3, random)), frame_thumbnail(shot(after, ev - 3, random)))
    assert shift.ev == pytest.approx(ev, abs=0.02 + 0.06 * abs(ev))


@pytest.mark.parametrize("name", PHOTOS)
def test_steps_do_not_add_up_to_a_drift_in_a_pan(name: str) -> None:
    random = np.random.default_rng(1)
    clip = [frame_thumbnail(shot(view, -3, random)) for view in pan(light(name), 20, SIZE, 4)]
    steps = [exposure_shift(*pair).ev for pair in pairwise(clip)]
    assert np.abs(steps).max() < 0.05
    assert abs(sum(steps)) < 0.25  # what comes into sight is brighter


def test_a_lamp_that_reaches_a_third_is_none() -> None:
    (view,) = pan(light("coffee"), 1, SIZE)
    lit = view.copy()
    lit[:, :50] *= 8
    shift = exposure_shift(frame_thumbnail(shot(view, -5)), frame_thumbnail(shot(lit, -5)))
    assert abs(shift.ev) < 0.3
    assert shift.rest > 0.5


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_frames_that_say_nothing_are_no_step(level: float) -> None:
    plain = np.full((32, 32), level, np.float32)
    assert exposure_shift(plain, plain) == (0.0, 0.0)
    assert exposure_shift(plain, np.full((32, 32), 0.5, np.float32)) == (0.0, 0.0)
