"""Times of calls and commands, measured in turns."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from pielight.errors import PielightError


@dataclass(frozen=True)
class Times:
    """Times of a repeated call, in seconds."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """The median."""
        return statistics.median(self.seconds)

    def __str__(self) -> str:
        low, high = 1000 * min(self.seconds), 1000 * max(self.seconds)
        return f"{1000 * self.median:.0f} ms ({low:.0f} to {high:.0f}, {len(self.seconds)} runs)"


def timed(call: Callable[[], object], repeats: int) -> Times:
    """Time a call several times."""
    return alternate([call], repeats)[0]


def alternate(calls: list[Callable[[], object]], repeats: int) -> list[Times]:
    """Time several calls by turns, so that a machine whose speed drifts treats them alike."""
    seconds: list[list[float]] = [[] for _ in calls]
    for call in calls:
        call()  # warm
    for _ in range(repeats):
        for call, taken in zip(calls, seconds, strict=True):
            start = time.perf_counter()
            call()
            taken.append(time.perf_counter() - start)
    return [Times(tuple(taken)) for taken in seconds]


def command(*arguments: str) -> float | None:
    """Run ``pielight enhance`` with arguments and return its peak memory in MB, if the system provides it.

    Raises:
        PielightError: It failed.
    """
    lines = module("pielight.bench.peak", "enhance", *arguments).splitlines()
    return float(lines[-1]) if lines else None


def module(name: str, *arguments: str) -> str:
    """Run a module in a separate process and return what it prints.

    Raises:
        PielightError: It failed.
    """
    done = subprocess.run([sys.executable, "-m", name, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        last = " ".join(done.stderr.strip().splitlines()[-1:]) or f"exit status {done.returncode}"
        raise PielightError(f"{name} {' '.join(arguments)} failed ({last})")
    return done.stdout
