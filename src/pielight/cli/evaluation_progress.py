"""Progress lines of an evaluation on stderr."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from pielight.core.progress import Progress

if TYPE_CHECKING:
    from pielight.evaluation.plan import Plan, Trial

Item = TypeVar("Item")
_QUIET_SECONDS = 10.0  # after which a line is due where lines stay


class Line:
    """A line that changes on a terminal; elsewhere one now and then.

    Args:
        quiet: Show nothing.
        clock: Seconds that go by.
    """

    def __init__(self, quiet: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._quiet, self._clock = quiet, clock
        self._live = sys.stderr.isatty() and not quiet
        self._last_shown = clock()
        self._open = False

    def show(self, text: str, due: bool = False) -> None:
        """Show a text; without a terminal only if it is due, or the last line is old."""
        if self._live:
            click.echo(f"\r\033[K{text}", err=True, nl=False)
            self._open = True
        elif not self._quiet and (due or self._clock() - self._last_shown >= _QUIET_SECONDS):
            click.echo(text, err=True)
            self._last_shown = self._clock()

    def end(self, keep: bool = False) -> None:
        """End the line that changes, or take it away."""
        if self._open:
            click.echo("" if keep else "\r\033[K", err=True, nl=keep)
            self._open = False


class TrialCounter:
    """How many results there are; where lines stay, also one for each method that has done a data set.

    Args:
        plan: What is measured.
        quiet: Show nothing.
        clock: Seconds that go by.
    """

    def __init__(self, plan: Plan, quiet: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._left = Counter({(d.name, m.label): len(d.samples) for d in plan.datasets for m in plan.methods})
        self._total = self._left.total()
        self._ahead = 0  # found in the store, and not shown yet
        self._countdown, self._line = Progress(clock=clock), Line(quiet, clock)

    @property
    def left(self) -> int:
        """Results that are not there yet."""
        return self._left.total()

    def on_stored(self, trial: Trial) -> None:
        """Count a result that an earlier run has measured, when it is found."""
        self._ahead += 1
        self._line.show(self._text(trial))

    def show(self, trial: Trial) -> None:
        """Count a picture that a method has done."""
        self._left[trial.dataset, trial.method.label] -= 1
        if trial.missing:
            self._countdown.step()
        else:
            self._ahead -= 1
        whole = not self._left[trial.dataset, trial.method.label]
        self._line.show(self._text(trial, whole), due=whole)
        if not self.left:
            self._line.end(keep=True)

    def stopped(self) -> None:
        """Report how many results a stopped run has."""
        self._line.end()
        click.echo(f"stopped: {self._total - self.left} results measured, {self.left} left; "
                   "the same command goes on", err=True)  # fmt: skip

    def _text(self, trial: Trial, whole: bool = False) -> str:
        from pielight.core.messages import shown

        waiting = self.left - self._ahead
        left = self._countdown.left(waiting)
        what = trial.dataset if whole else f"{trial.dataset}, {trial.sample.name}"
        return f"[{self._total - waiting}/{self._total}{left and f', {left}'}] {shown(f'{what}: {trial.method.label}')}"


@contextmanager
def counting_files(folder: Path, quiet: bool) -> Iterator[None]:
    """Show how many files are read for the first time in this folder.

    Args:
        folder: Of the report.
        quiet: Show nothing.
    """
    from pielight.evaluation.datasets.file_cache import FILE_CACHE

    line, count = Line(quiet), 0

    def on_read(path: Path) -> None:
        nonlocal count
        count += 1
        line.show(f"looking at the files: {count}")

    FILE_CACHE.load(folder)
    FILE_CACHE.on_read = on_read
    try:
        yield
    finally:
        FILE_CACHE.on_read = lambda _: None
        line.end()


def counting(title: str, items: Iterable[Item], total: int, quiet: bool) -> Iterator[Item]:
    """Yield items, and show how many there are and how long the rest will take."""
    line, work = Line(quiet), Progress(total)
    for item in items:
        work.step()
        line.show(f"{title}: {work}")
        yield item
    line.end()
