"""Fades from black and to black, which stay fades though the exposure map makes up for changes of exposure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class SeenFrame:
    """A frame that was seen and waits for its map.

    Attributes:
        index: Of the frame, from 0.
        time: In seconds.
        light: Sum of the shifts of the scene's exposure up to the frame, in EV.
        is_cut: Whether it begins a scene.
        shift: EV by which it is brighter than the frame before.
        is_look: Whether the network looked at it.
        is_blank: Whether it shows nothing, such as black.
    """

    index: int
    time: float
    light: float
    is_cut: bool = False
    shift: float = 0.0
    is_look: bool = False
    is_blank: bool = False


def held_light(frame: SeenFrame, before: Sequence[SeenFrame], after: Sequence[SeenFrame], reach: float) -> float:
    """Return the light for which a frame is exposed: its own, or near black that from which it fades.

    With a black frame at the time b: ``max(L(t), L(b - r))`` before it and ``max(L(t), L(b + r))`` behind it, r the
    reach. A fade that takes longer is shortened to that.

    Args:
        frame: The frame.
        before: Frames before it, in their order, as far as the reach.
        after: Frames behind it, likewise.
        reach: r, in seconds.

    >>> fade = [SeenFrame(n, 0.1 * n, -float(n), is_blank=n > 3) for n in range(6)]
    >>> [held_light(fade[n], fade[:n], fade[n + 1 :], 0.25) for n in range(4)]
    [-0.0, -1.0, -2.0, -2.0]
    """
    light = frame.light
    black = next((one.time for one in after if one.is_blank and one.time <= frame.time + reach), None)
    if black is not None:
        light = max(light, next((one.light for one in before if one.time >= black - reach), light))
    black = next((one.time for one in reversed(before) if one.is_blank and one.time >= frame.time - reach), None)
    if black is not None:
        light = max(light, next((one.light for one in reversed(after) if one.time <= black + reach), light))
    return light
