"""Progress of ``pielight cluster`` on standard error."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from pielight.cli.stderr import StatusLine
from pielight.core.messages import counted, few, shown
from pielight.core.progress import duration

if TYPE_CHECKING:
    from pielight.cluster.finish import Summary
    from pielight.cluster.run import Prepared, ShardEnd

_TOLD = 20  # notes


class ClusterProgress:
    """Shards and photos that are done, photos a second, and the time left; failures always stay.

    Args:
        quiet: Show failures only.
        clock: Returns seconds.

    Attributes:
        failed: Shards that failed, and photos.
        is_full: Whether nothing more could be written.
    """

    def __init__(self, quiet: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._quiet, self._clock, self._line = quiet, clock, StatusLine(quiet, clock)
        self._start = clock()
        self._shards = self._ended = self._photos = self._bytes = self._bytes_done = 0
        self._kept = self._undone = 0
        self._unusable = set[str]()
        self.failed = 0
        self.is_full = False

    def begin(self, prepared: Prepared) -> None:
        """Show what is left to do."""
        self._shards, self._kept = len(prepared.tasks), len(prepared.kept)
        self._bytes = sum(task.shard.size for task in prepared.tasks)
        self.failed += sum(manifest.failed for manifest in prepared.kept)
        self._tell(prepared.notes)
        if not self._quiet:
            done = f", {self._kept} done already" if self._kept else ""
            size = f" of {max(1, round(self._bytes / 1e6)):,} MB" if self._shards else ""
            self._line.keep(f"{counted(self._shards, 'shard')} to do{size}{done}")
        self._start = self._clock()

    def wait(self, photos: int) -> None:
        """Show how many photos are done, those of running shards among them."""
        self._line.show(self._text(photos))

    def show(self, end: ShardEnd) -> None:
        """Show what became of a shard."""
        if end.is_tried_again:
            if not self._quiet:
                self._line.keep(f"{end.text}; tried again")
            return
        self._ended += 1
        if end.manifest is None:
            self.failed += 1
            self._undone += 1
            self.is_full = self.is_full or end.is_full
            if end.is_final:
                self._unusable.add(end.shard.name)
            self._line.keep(end.text)
            return
        self._photos += end.manifest.done + end.manifest.failed
        self.failed += end.manifest.failed
        self._bytes_done += end.shard.size
        self._line.show(self._text(0), due=True)

    def check(self, number: int, count: int) -> None:
        """Show how many shards are checked."""
        self._line.show(f"report: {number} of {counted(count, 'shard')}")

    def finish_part(self, part: tuple[int, int]) -> None:
        """Show the end of a run that writes no report."""
        self._line.end()
        if self.is_full:
            self._line.keep(f"stopped: {self._left()}; with more room the same command goes on")
        elif not self._quiet:
            self._line.keep(f"part {part[0]}/{part[1]}: {self._text(0)}; after all parts, --finish writes the report")

    def stopped(self) -> None:
        """Show the end of a run that Ctrl-C ended."""
        self._line.end()
        self._line.keep(f"stopped: {self._left()}; the same command goes on")

    def finish(self, summary: Summary, target: str) -> bool:
        """Show what the whole run has done; return whether nothing is missing and nothing failed."""
        from pielight.cluster.finish import REPORT

        self._line.end()
        for what, then, is_unusable in (("not done", "does them", False), ("not usable", "fails there again", True)):
            if names := [name for name in summary.missing if (name in self._unusable) is is_unusable]:
                self._line.keep(f"{what}: {counted(len(names), 'shard')}, {few(names)}; the same command {then}")
        retry = "; --existing retry makes shards with failed photos again" if summary.failed else ""
        if not self._quiet:
            self._tell(summary.notes)
            copied = f", {summary.copied} members copied" if summary.copied else ""
            failed = f", {summary.failed} failed" if summary.failed else ""
            report = f"report: {shown(target.rstrip('/'))}/{REPORT}{retry}"
            self._line.keep(f"{summary.done} enhanced{failed}{copied} in {counted(summary.shards, 'shard')}; {report}")
        elif summary.failed:
            self._line.keep(f"{counted(summary.failed, 'photo')} failed: {shown(target.rstrip('/'))}/{REPORT}{retry}")
        return summary.is_whole

    def _tell(self, notes: list[str]) -> None:
        for note in [] if self._quiet else notes[:_TOLD]:
            self._line.keep(note)
        if len(notes) > _TOLD and not self._quiet:
            self._line.keep(f"and {len(notes) - _TOLD} more such lines")

    def _left(self) -> str:
        done = self._ended - self._undone
        return f"{counted(self._kept + done, 'shard')} done, {self._shards - done} left"

    def _text(self, photos: int) -> str:
        seconds, known = self._clock() - self._start, self._photos + photos
        rate = f", {known / seconds:.1f} photos/s" if known and seconds > 0 else ""
        left = ""
        if self._bytes_done and self._ended < self._shards:
            left = f", {duration(seconds * (self._bytes - self._bytes_done) / self._bytes_done)} left"
        return f"[{self._ended}/{self._shards}] {counted(known, 'photo')}{rate}{left}"
