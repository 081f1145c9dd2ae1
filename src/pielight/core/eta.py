"""How long the rest of some work will take, by what was done so far."""

from __future__ import annotations

import time
from collections.abc import Callable


class Countdown:
    """Counts steps of work that take about the same time each.

    Args:
        clock: Seconds that go by.

    >>> seconds = iter([0.0, 10.0])
    >>> work = Countdown(lambda: next(seconds))
    >>> work.step()
    >>> work.left(3)
    '30 s left'
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self._steps = 0

    def step(self) -> None:
        """Count a step that is done."""
        self._steps += 1

    def left(self, steps: int) -> str:
        """Say how long so many more steps will take; nothing if that is not known, or there are none."""
        if not self._steps or not steps:
            return ""
        return f"{duration((self._clock() - self._began) / self._steps * steps)} left"


def duration(seconds: float) -> str:
    """Write a time as people say it.

    >>> duration(40), duration(700), duration(7500)
    ('40 s', '12 min', '2 h 05 min')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02} min"
