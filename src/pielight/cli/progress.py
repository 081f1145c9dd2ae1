"""Progress of a run on standard error."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Collection
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pielight.batch.run import JobResult, RunningJob

_PATIENCE = 1.0  # seconds after which a running picture is shown


class StatusLines:
    """One line per picture, or on a terminal one that is updated; failures always stay.

    Args:
        total: Pictures in all, if that is known.
        quiet: Show failures only.
    """

    def __init__(self, total: int | None, quiet: bool) -> None:
        self._total = total
        self._quiet = quiet
        self._live = sys.stderr.isatty() and not quiet
        self.counts: Counter[str] = Counter()
        self.failed = False
        self._waited = ""

    def begin(self, left_out: str) -> None:
        """Show which pictures of folders were left out, if any were."""
        if left_out and not self._quiet:
            self._line(left_out, stays=True)

    def fail(self, text: str) -> None:
        """Report a failure that concerns no single picture."""
        self.failed = True
        self._line(text, stays=True)

    def show(self, outcome: JobResult) -> None:
        """Report the outcome of one picture."""
        from pielight.core.messages import shown

        self.counts[outcome.status] += 1
        count = self._count()
        if outcome.status == "failed":
            self.failed = True
            self._line(outcome.reason, stays=True)
        elif outcome.status == "skipped":
            self._line(f"{count} {shown(outcome.output)}: skipped, {outcome.reason}", stays=False)
        else:
            if outcome.reason:
                self._line(f"{shown(outcome.input)}: {outcome.reason}", stays=True)
            self._line(f"{count} {shown(outcome.output)} ({outcome.seconds:.2f} s)", stays=False)

    def wait(self, running: Collection[RunningJob]) -> None:
        """Show on a terminal which picture has been running longest, and for how many seconds."""
        from pielight.core.messages import shown

        longest = min(running, key=lambda job: job.start, default=None)
        seconds = 0.0 if longest is None else time.monotonic() - longest.start
        if longest is None or seconds < _PATIENCE or not self._live:
            return
        others = f" and {len(running) - 1} more" if len(running) > 1 else ""
        waited = f"{self._count()} {shown(longest.input)}{others}: running for {seconds:.0f} s"
        if waited != self._waited:
            self._waited = waited
            self._line(waited, stays=False)

    def finish(self) -> None:
        """Report the counts, unless only failures are wanted."""
        if not self._quiet:
            self._line(self._summary("skipped (--existing overwrite makes them again)"), stays=self._live)

    def stopped(self, advice: str) -> None:
        """Report the counts of a run that Ctrl-C ended, and how to continue it."""
        left = "" if self._total is None else f", {self._total - self.counts.total()} left"
        self._line(f"stopped: {self._summary('skipped') or '0 enhanced'}{left}{advice}", stays=True)

    def _count(self) -> str:
        return f"[{self.counts.total()}]" if self._total is None else f"[{self.counts.total()}/{self._total}]"

    def _summary(self, skipped: str) -> str:
        words = {"done": "enhanced", "skipped": skipped, "failed": "failed"}
        return ", ".join(f"{self.counts[status]} {word}" for status, word in words.items() if self.counts[status])

    def _line(self, text: str, stays: bool) -> None:
        if self._live:
            click.echo(f"\r\033[K{text}", err=True, nl=stays)
        elif stays or not self._quiet:
            click.echo(text, err=True)
