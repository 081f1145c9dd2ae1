"""Maps that move along with the source, average noise, follow a lamp without overshoot, and stay where they are 0."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from pielight.inference.exposure_map import ExposureMap
from pielight.inference.exposure_smoothing import CausalSmoother, Look, moved, smoothed

FPS, EVERY = 30, 5


def even(ev: float, underexposed: float | None = 1.0) -> ExposureMap:
    return ExposureMap(np.full((4, 4), ev), np.full((4, 4), ev + 1), underexposed)


def causal(aims: NDArray[np.float64], shifts: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
    """The smoothed exposures of frames, with a look at every fifth."""
    smoother, steps = CausalSmoother(), np.zeros(len(aims)) if shifts is None else shifts
    return np.array([
        smoother.see(even(ev) if number % EVERY == 0 else None, step, 1 / FPS).ev.mean()
        for number, (ev, step) in enumerate(zip(aims, steps, strict=True))
    ])  # fmt: skip


def test_noise_is_averaged() -> None:
    aims = 3 + np.random.default_rng(0).normal(0, 0.05, 300)
    assert np.abs(np.diff(causal(aims))).mean() < 0.1 * np.abs(np.diff(aims)).mean()


@pytest.mark.parametrize("ev", [-2.0, 1.5])
def test_a_lamp_is_followed_within_half_a_second_without_overshoot(ev: float) -> None:
    aims = np.where(np.arange(60) < 20, 4.0, 4.0 + ev)
    part = (causal(aims) - 4) / ev
    assert (part[:20] == 0).all()
    assert part[20 + FPS // 2] > 0.9
    assert part.max() <= 1
    assert (np.diff(part) >= -1e-6).all()


def test_a_weak_lamp_is_followed_as_fast() -> None:
    smoother = CausalSmoother()
    found = [smoother.see(even(3.0), 0.0, 1 / FPS)]
    found += [smoother.see(even(2.7), 0.0, 1 / FPS, is_sudden=number == 0) for number in range(FPS // 2)]
    assert found[-1].ev.mean() == pytest.approx(2.7, abs=0.03)


def test_a_step_of_the_camera_is_followed_at_once() -> None:
    shifts = np.zeros(40)
    shifts[17], shifts[29] = 1.0, -0.5
    source = np.cumsum(shifts)
    result = causal(4 - source, shifts) + source
    assert np.abs(result - 4).max() < 1e-5


def test_what_is_well_exposed_stays() -> None:
    still = even(0.0, underexposed=0.2)
    assert (moved(still, -2.0).ev == 0).all()
    assert (moved(still, -2.0, auto=False).ev == 2).all()
    assert (moved(even(1.0), 3.0).ev == 0).all()
    assert moved(even(1.0), 0.5).ceiling is not None


def test_infinite_ceilings_have_a_mean() -> None:
    smoother = CausalSmoother()
    for ceiling in (np.inf, 2.0, np.inf):
        found = smoother.see(ExposureMap(np.ones((2, 2)), np.full((2, 2), ceiling)), 0.1, 0.1)
        assert found.ceiling is not None
    assert np.isfinite(found.ceiling).all()


def test_the_first_frame_needs_a_prediction() -> None:
    with pytest.raises(ValueError, match="first frame"):
        CausalSmoother().see(None, 0.0, 0.1)


def both_ways(looks: list[Look], times: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array([smoothed(looks, time, 0.0, 0.5).ev.mean() for time in times])


def test_both_ways_there_is_no_lag() -> None:
    times = np.arange(60) / FPS
    looks = [Look(time, 0.0, even(2 + time)) for time in times[::EVERY]]
    inner = slice(20, 40)
    assert np.abs(both_ways(looks, times)[inner] - (2 + times[inner])).max() < 0.02


def test_both_ways_are_mirrored() -> None:
    times, values = np.arange(60) / FPS, np.random.default_rng(0).normal(3, 0.1, 12)
    looks = [Look(time, 0.0, even(ev)) for time, ev in zip(times[::EVERY], values, strict=True)]
    back = [Look(-look.time, 0.0, look.exposure) for look in reversed(looks)]
    ahead, behind = both_ways(looks, times[:56]), both_ways(back, -times[:56])
    assert np.abs(ahead - behind).max() < 1e-5
    assert np.abs(np.diff(ahead)).mean() < 0.15 * np.abs(np.diff(values)).mean()


def test_both_ways_a_lamp_is_a_step() -> None:
    times = np.arange(60) / FPS
    looks = [Look(time, 0.0, even(4 if time < 1 else 2), time == 1) for time in times[::EVERY]]
    found = both_ways(looks, times)
    assert np.abs(found - np.where(times < 1, 4, 2)).max() < 0.02
