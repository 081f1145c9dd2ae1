"""Maps of exposures smoothed over time: the result's brightness is steady, whatever the source's exposure does.

A result is as bright as its source and the map together. So a map is moved along with the source first: where the
source became d EV brighter as a whole, all maps so far are taken down by d, at once, and the result stays as it was.
What is left between maps moved to the same frame is noise of the estimates, which is averaged, and lights and content
that change, which are followed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pielight.core.color import smooth_step
from pielight.inference.exposure_map import MOST_EV, SURE, UNSURE, ExposureMap

SLOW, FAST = 0.6, 0.1  # seconds: time constants for differences that may be noise, and for those that are none
SETTLING = 0.5  # seconds after a sudden change in which all differences are followed fast
NOISE, CHANGE = 0.12, 0.45  # EV: up to the first a difference may be noise, from the second on it is none
_ALIKE = 0.5  # EV: maps that differ by much more show another light and are not averaged
_MOST_CEILING = np.float32(2 * MOST_EV)  # instead of an infinite one, which has no mean


@dataclass(frozen=True, eq=False)
class Look:
    """A map that the network predicted of one frame.

    Attributes:
        time: Of the frame, in seconds.
        light: Sum of the shifts of the source's exposure up to the frame, in EV.
        exposure: The map.
        is_jump: Whether the light has just changed, so that frames before belong to the look before.
        is_dim: Whether the frame was nearly black; it counts only where all looks of the scene are such.
    """

    time: float
    light: float
    exposure: ExposureMap
    is_jump: bool = False
    is_dim: bool = False


def moved(exposure: ExposureMap, shift: float, auto: bool = True) -> ExposureMap:
    """Return a map moved along with a source that became brighter by so many EV: ``max(0, EV - u d)``.

    u is the share of the canonical exposure that a picture gets by its probability ``underexposed``
    (:class:`pielight.inference.exposure_map.ExposureNetwork`): a picture that stays as it is does so in any light.
    Where the map is 0 it stays 0 in more light.

    Args:
        exposure: From the network.
        shift: d, in EV.
        auto: Whether u counted; without it, it is 1.

    >>> [moved(ExposureMap(np.array([[0.0, 2.0]])), d).ev.tolist() for d in (0.5, -1.0)]
    [[[0.0, 1.5]], [[1.0, 3.0]]]
    """
    if shift == 0:
        return exposure
    p = exposure.underexposed
    share = 1.0 if p is None or not auto else float(smooth_step(p, UNSURE, SURE))
    step = np.float32(share * shift)
    ceiling = None if exposure.ceiling is None else np.maximum(_finite(exposure.ceiling) - np.float32(shift), 0)
    return ExposureMap((exposure.ev - step).clip(0, MOST_EV), ceiling, p)


class CausalSmoother:
    """Smooths the maps of one stream from the past alone, without overshoot.

    Each frame the map takes a share ``1 - exp(-dt / tau)`` of its distance to the newest prediction: tau is 0.6 s for
    nodes that are up to 0.12 EV away, which averages noise, and 0.1 s from 0.45 EV on, and for half a second
    after a sudden change for all, so that a lamp that is switched on is followed within that time.

    Args:
        auto: See :func:`moved`.

    >>> smoother = CausalSmoother()
    >>> [round(float(smoother.see(ExposureMap(np.array([[ev]])), 0.0, 0.1).ev[0, 0]), 2) for ev in (1.0, 1.1, 3.0)]
    [1.0, 1.02, 2.27]
    """

    def __init__(self, auto: bool = True) -> None:
        self._auto = auto
        self._state: ExposureMap | None = None
        self._aim: ExposureMap | None = None
        self._settling = 0.0

    def restart(self) -> None:
        """Forget everything, at a scene cut."""
        self._state = self._aim = None
        self._settling = 0.0

    def see(self, predicted: ExposureMap | None, shift: float, seconds: float, is_sudden: bool = False) -> ExposureMap:
        """Return the map of the next frame.

        Args:
            predicted: What the network predicted of this frame; None if it did not look. The first needs one.
            shift: EV by which the source became brighter since the frame before.
            seconds: Time since then.
            is_sudden: Whether more than that has changed at once, such as by a lamp.

        Raises:
            ValueError: There was no prediction yet.
        """
        if self._state is None or self._aim is None:
            if predicted is None:
                raise ValueError("the first frame needs a prediction")
            self._state = self._aim = predicted
            return predicted
        state = moved(self._state, shift, self._auto)
        aim = moved(self._aim, shift, self._auto) if predicted is None else predicted
        self._settling = SETTLING if is_sudden else max(0.0, self._settling - seconds)
        self._state, self._aim = _toward(state, aim, seconds, FAST if self._settling else SLOW), aim
        return self._state


def smoothed(looks: Sequence[Look], time: float, light: float, reach: float, auto: bool = True) -> ExposureMap:
    """Return the map of a frame from predictions before and after it, without delay in either direction.

    ``sum_i w_i EV_i / sum_i w_i`` over predictions moved along to the light of the frame,
    ``w_i = (1 + cos(pi dt_i / R)) exp(-(EV_i - EV)^2 / 2 s^2)`` for each node: a window of R seconds to each side, in
    which predictions count less that differ by more than s = 0.5 EV from EV, the straight line between the
    predictions next to the frame. At a jump of the light the line is a step.

    Args:
        looks: Of one scene, in their order; at least one.
        time: Of the frame, in seconds.
        light: Sum of the shifts of the source's exposure up to the frame, in EV.
        reach: R, in seconds.
        auto: See :func:`moved`.

    >>> looks = [Look(0.2 * i, 0.0, ExposureMap(np.array([[2.0 + 0.1 * (-1) ** i]]))) for i in range(7)]
    >>> round(float(smoothed(looks, 0.6, 0.0, 0.5).ev[0, 0]), 2)
    2.0
    >>> round(float(smoothed(looks, 0.6, 1.0, 0.5).ev[0, 0]), 2)
    1.0
    """
    looks = [look for look in looks if not look.is_dim] or looks
    after = next((number for number, look in enumerate(looks) if look.time >= time), len(looks) - 1)
    before = after if looks[after].time <= time else max(0, after - 1)
    near = [
        number
        for number, look in enumerate(looks)
        if number in (before, after) or (abs(look.time - time) < reach)
    ]  # fmt: skip
    maps = {number: moved(looks[number].exposure, light - looks[number].light, auto) for number in near}
    span = looks[after].time - looks[before].time
    share = 0.0 if span <= 0 or looks[after].is_jump else (time - looks[before].time) / span
    line = (1 - np.float32(share)) * maps[before].ev + np.float32(share) * maps[after].ev
    total = np.full_like(line, 1e-6)
    ev = line * total
    for number, exposure in maps.items():
        apart = min(1.0, abs(looks[number].time - time) / reach)
        unlike = np.square((exposure.ev - line) / np.float32(_ALIKE))
        weight = (np.float32(1 + math.cos(math.pi * apart)) * np.exp(np.float32(-0.5) * unlike)).astype(np.float32)
        total += weight
        ev += weight * exposure.ev
    nearest = maps[before].blend(maps[after], share) if before != after else maps[before]
    return ExposureMap((ev / total).astype(np.float32), nearest.ceiling, nearest.underexposed)


def _toward(state: ExposureMap, aim: ExposureMap, seconds: float, slow: float) -> ExposureMap:
    """Return a map moved toward another one for some time."""
    distance = aim.ev - state.ev
    share = _share(np.abs(distance), seconds, slow)
    ceiling = underexposed = None
    if state.ceiling is not None and aim.ceiling is not None:
        was, new = _finite(state.ceiling), _finite(aim.ceiling)
        ceiling = was + _share(np.abs(new - was), seconds, slow) * (new - was)
    if state.underexposed is not None and aim.underexposed is not None:
        mean = float(share.mean())
        underexposed = (1 - mean) * state.underexposed + mean * aim.underexposed
    return ExposureMap(state.ev + share * distance, ceiling, underexposed)


def _share(distance: NDArray[np.float32], seconds: float, slow: float) -> NDArray[np.float32]:
    """Return which share of a distance in EV is taken in some time."""
    tau = slow + (FAST - slow) * smooth_step(distance, NOISE, CHANGE)
    share: NDArray[np.float32] = (1 - np.exp(-max(0.0, seconds) / tau)).astype(np.float32)
    return share


def _finite(ceiling: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.minimum(ceiling, _MOST_CEILING)
