"""Progress of long work: steps that are done, and how long the rest will take."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")


class Progress:
    """Counts steps of work that take about the same time each.

    Args:
        total: Steps in all; None if that is not known.
        clock: Returns seconds.

    Attributes:
        done: Steps that are done.
        total: Steps in all, or None.

    >>> seconds = iter([0.0, 10.0])
    >>> progress = Progress(4, lambda: next(seconds))
    >>> progress.step()
    >>> str(progress)
    '1 of 4, 30 s left'
    """

    def __init__(self, total: int | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.done, self.total = 0, total
        self._clock, self._start = clock, clock()

    def __str__(self) -> str:
        left = self.left()
        return f"{self.done}{'' if self.total is None else f' of {self.total}'}{left and f', {left}'}"

    def step(self, steps: int = 1) -> None:
        """Count steps that are done."""
        self.done += steps

    def left(self, steps: int | None = None) -> str:
        """Return how long so many more steps, by default the rest, will take; empty if that is not known or none."""
        if steps is None:
            steps = 0 if self.total is None else self.total - self.done
        return f"{duration((self._clock() - self._start) / self.done * steps)} left" if self.done and steps > 0 else ""


def track(
    items: Iterable[Item], total: int, title: str, say: Callable[[str], None], every: float = 5.0,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Item]:  # fmt: skip
    """Yield items, and report from time to time how many are done and how long the rest will take.

    Args:
        total: How many there will be.
        every: Seconds between two lines.
        clock: Returns seconds.

    >>> list(track("ab", 2, "reading", print, every=0))
    reading: 1 of 2, 0 s left
    ['a', 'b']
    """
    progress, last = Progress(total, clock), clock()
    for item in items:
        if progress.done and clock() - last >= every:
            last = clock()
            say(f"{title}: {progress}")
        yield item
        progress.step()


def duration(seconds: float) -> str:
    """Return a length of time in words.

    >>> duration(40), duration(700), duration(7500)
    ('40 s', '12 min', '2 h 05 min')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02} min"
