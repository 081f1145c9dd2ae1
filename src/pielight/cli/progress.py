"""Progress of commands on standard error: the photos of a batch, and the trials of an evaluation."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from pielight.cli.stderr import StatusLine
from pielight.core.messages import shown
from pielight.core.progress import Progress

if TYPE_CHECKING:
    from pielight.batch.run import JobResult, RunningJob
    from pielight.evaluation.plan import Plan, Trial

Item = TypeVar("Item")
_PATIENCE = 1.0  # seconds after which the photo that is being processed is shown


class BatchProgress:
    """One line per photo, or on a terminal one that is updated; failures always stay.

    Args:
        total: Photos in all, if that is known.
        quiet: Show failures only.
    """

    def __init__(self, total: int | None, quiet: bool) -> None:
        self._total, self._quiet, self._line = total, quiet, StatusLine(quiet)
        self.counts: Counter[str] = Counter()
        self._failed: set[Path] = set()  # photos that have not succeeded since
        self._has_failed = False  # something else than a photo
        self._waited = ""

    @property
    def failed(self) -> bool:
        """Whether something has failed, and has not succeeded since, as a file does that was still being copied."""
        return self._has_failed or bool(self._failed)

    def begin(self, left_out: str) -> None:
        """Show which pictures of folders are left out, if any are."""
        if left_out and not self._quiet:
            self._line.keep(left_out)

    def fail(self, text: str) -> None:
        """Show a failure."""
        self._has_failed = True
        self._line.keep(text)

    def show(self, outcome: JobResult) -> None:
        """Show the outcome of one photo."""

        if outcome.input in self._failed:
            self._failed.discard(outcome.input)
            self.counts["failed"] -= 1
        self.counts[outcome.status] += 1
        if outcome.status == "failed":
            self._failed.add(outcome.input)
            self._line.keep(outcome.reason)
        elif outcome.status == "skipped":
            self._line.show(f"{self._count()} {shown(outcome.output)}: skipped, {outcome.reason}", due=True)
        else:
            if outcome.reason:
                self._line.keep(f"{shown(outcome.input)}: {outcome.reason}")
            self._line.show(f"{self._count()} {shown(outcome.output)} ({outcome.seconds:.2f} s)", due=True)

    def wait(self, running: Collection[RunningJob]) -> None:
        """Show on a terminal which photo has been running longest, and for how many seconds."""

        longest = min(running, key=lambda job: job.start, default=None)
        seconds = 0.0 if longest is None else time.monotonic() - longest.start
        progress = None if longest is None or longest.clip is None else longest.clip.progress
        if longest is None or seconds < _PATIENCE or not (self._line.is_live or progress):
            return
        others = f" and {len(running) - 1} more" if len(running) > 1 else ""
        how_far = f"running for {seconds:.0f} s" if progress is None else str(progress)
        waited = f"{self._count()} {shown(longest.input)}{others}: {how_far}"
        if waited != self._waited:
            self._waited = waited
            self._line.show(waited)

    def finish(self) -> None:
        """Show the counts, unless only failures are shown."""
        if not self._quiet:
            self._line.keep(self._summary("skipped (--existing overwrite makes them again)"))

    def stopped(self, advice: str) -> None:
        """Show the counts of a run that Ctrl-C ended, and how to resume it."""
        left = "" if self._total is None else f", {self._total - self.counts.total()} left"
        self._line.keep(f"stopped: {self._summary('skipped') or '0 enhanced'}{left}{advice}")

    def _count(self) -> str:
        return f"[{self.counts.total()}]" if self._total is None else f"[{self.counts.total()}/{self._total}]"

    def _summary(self, skipped: str) -> str:
        words = {"done": "enhanced", "skipped": skipped, "failed": "failed"}
        return ", ".join(f"{self.counts[status]} {word}" for status, word in words.items() if self.counts[status])


class TrialProgress:
    """How many trials of an evaluation are done; in a file, one line for each method that has done a data set.

    Args:
        plan: What is measured.
        quiet: Show nothing.
        clock: Returns seconds.
    """

    def __init__(self, plan: Plan, quiet: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._left = Counter({(d.name, m.label): len(d.samples) for d in plan.datasets for m in plan.methods})
        self._total = self._left.total()
        self._ahead = 0  # already in the store, and not shown yet
        self._progress, self._line = Progress(clock=clock), StatusLine(quiet, clock)

    @property
    def left(self) -> int:
        """Trials that are not done yet."""
        return self._left.total()

    def on_stored(self, trial: Trial) -> None:
        """Count a trial that an earlier run has measured."""
        self._ahead += 1
        self._line.show(self._text(trial))

    def show(self, trial: Trial) -> None:
        """Count a trial that is done."""
        self._left[trial.dataset, trial.method.label] -= 1
        if trial.missing:
            self._progress.step()
        else:
            self._ahead -= 1
        is_last = not self._left[trial.dataset, trial.method.label]
        self._line.show(self._text(trial, is_last), due=is_last)
        if not self.left:
            self._line.end(keep=True)

    def stopped(self) -> None:
        """Show how many results a stopped run has."""
        self._line.end()
        counts = f"{self._total - self.left} results measured, {self.left} left"
        click.echo(f"stopped: {counts}; the same command goes on", err=True)

    def _text(self, trial: Trial, is_last: bool = False) -> str:

        waiting = self.left - self._ahead
        left = self._progress.left(waiting)
        what = trial.dataset if is_last else f"{trial.dataset}, {trial.sample.name}"
        return f"[{self._total - waiting}/{self._total}{left and f', {left}'}] {shown(f'{what}: {trial.method.label}')}"


@contextmanager
def files_progress(folder: Path, quiet: bool) -> Iterator[None]:
    """Show how many files are read for the first time for the report in a folder."""
    from pielight.evaluation.datasets.file_cache import FILE_CACHE

    line, count = StatusLine(quiet), 0

    def on_read(path: Path) -> None:
        nonlocal count
        count += 1
        line.show(f"reading files: {count}")

    FILE_CACHE.load(folder)
    FILE_CACHE.on_read = on_read
    try:
        yield
    finally:
        FILE_CACHE.on_read = lambda _: None
        line.end()


def with_progress(title: str, items: Iterable[Item], total: int, quiet: bool) -> Iterator[Item]:
    """Yield items, and show how many are done and how long the rest will take."""
    line, progress = StatusLine(quiet), Progress(total)
    for item in items:
        progress.step()
        line.show(f"{title}: {progress}")
        yield item
    line.end()
