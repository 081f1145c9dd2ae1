"""A request of ``pielight enhance``, and how it is run: a batch, a stream, a watched folder or a preview."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import NoReturn

import click

from pielight.batch.existing_results import check_existing
from pielight.batch.find import Findings, Search, find
from pielight.batch.plan import Naming, plan
from pielight.batch.records import Records
from pielight.batch.report import Report
from pielight.batch.run import BatchOptions, JobResult, run, split_threads, unreadable
from pielight.batch.stream import STREAM, stream
from pielight.batch.stream import job as stream_job
from pielight.batch.watch import watch
from pielight.cli.options import ModelOptions, usage_errors
from pielight.cli.progress import BatchProgress
from pielight.core.interrupt import Interrupted, deferred_interrupt
from pielight.core.messages import shown
from pielight.core.signals import FAILED, INTERRUPTED, SIGNALED
from pielight.enhancer import Enhancer
from pielight.errors import PielightError


@dataclass(frozen=True)
class EnhanceRequest:
    """The arguments of the command.

    Attributes:
        photos: Files and folders, or ``-``.
        naming: How results are named.
        search: Which pictures of folders are taken.
        options: What is done to every picture.
        model: What enhances.
        cores: Cores to use.
        report: File of the report, or None.
        quiet: Whether only failures are shown.
    """

    photos: tuple[Path, ...]
    naming: Naming
    search: Search
    options: BatchOptions
    model: ModelOptions
    cores: int
    report: Path | None
    quiet: bool

    def records(self) -> Records:
        """Return the records that results get; PielightError if there is no such model or device."""
        return self.options.records(self.model.enhancer(1))

    def open_report(self, enhancer: Enhancer, pictures: Iterable[Path]) -> Report | None:
        """Begin the report if there is to be one; PielightError if the file is something else, or cannot be written."""
        if self.report is None:
            return None
        report = Report(self.report, pictures)
        report.begin(enhancer, self.options, self.model.device)
        return report


def preview(request: EnhanceRequest) -> bool:
    """List what would be written, on standard output; return whether every folder could be read."""
    with usage_errors():
        planned = plan(request.photos, request.naming, request.search)
        records = request.records()
    for job in planned.jobs:
        state = check_existing(job, request.options.existing, records.of(job.input))
        kept = f" (skipped, {state.reason})" if state.is_kept else f" ({state.reason})" if state.reason else ""
        lost = "" if os.path.lexists(job.input) else " (no such file)"
        click.echo(f"{shown(job.input)} -> {shown(job.output)}{kept}{lost}")
    progress = BatchProgress(None, request.quiet)
    progress.begin(planned.findings.left_out_text())
    for outcome in unreadable(planned.findings):
        progress.fail(outcome.reason)
    return not progress.failed


def enhance_stream(request: EnhanceRequest) -> bool:
    """Enhance one photo from or to a stream; return whether it succeeded."""
    progress = BatchProgress(1, request.quiet)
    source = request.photos[0]
    with usage_errors():
        job = stream_job(source, request.naming)
        if job.target == STREAM and sys.stdout.isatty():
            raise PielightError("a picture is not for a terminal; redirect it, as in > bright.jpg, or give -o FILE")
        if source == STREAM and sys.stdin.isatty():
            raise PielightError("no photo comes from a terminal; pipe one in, as in < night.jpg")
        enhancer = request.model.enhancer(request.cores)
        progress.show(stream(job, enhancer, request.options, sys.stdin.buffer, sys.stdout.buffer))
    return not progress.failed


def enhance_batch(request: EnhanceRequest) -> bool:
    """Enhance files and folders; return whether all succeeded."""
    with usage_errors():
        planned = plan(request.photos, request.naming, request.search)
        jobs, unread = planned.jobs, unreadable(planned.findings)
        records = request.records()
        left = sum(not check_existing(job, request.options.existing, records.of(job.input)).is_kept for job in jobs)
        workers, threads = split_threads(request.cores, left)
        enhancer = request.model.enhancer(threads)
        report = request.open_report(enhancer, [path for job in jobs for path in (job.input, job.output)])
    progress = BatchProgress(len(jobs) + len(unread), request.quiet)
    with _stoppable() as stop:
        outcomes = chain(unread, run(jobs, enhancer, request.options, workers, stop, progress.wait))
        _follow(outcomes, progress, report, stop, planned.findings)
        if stop():
            if progress.counts.total() < len(jobs) + len(unread):
                goes_on = request.options.existing == "skip"
                progress.stopped("; the same command goes on" if goes_on else "")
            else:
                progress.finish()
            _leave(SIGNALED + stop.number)
    progress.finish()
    return not progress.failed


def enhance_watched(request: EnhanceRequest) -> NoReturn:
    """Enhance what is in folders and what arrives, and end the process after Ctrl-C or SIGTERM."""
    with usage_errors():
        findings = find(request.photos, request.search, request.naming.folder(), strict=False)
        enhancer = request.model.enhancer(1)
        report = request.open_report(enhancer, [])
    progress = BatchProgress(None, request.quiet)
    if not request.quiet:
        click.echo("watching; Ctrl-C ends it", err=True)
    with _stoppable() as stop:
        outcomes = watch(request.photos, request.naming, request.search, enhancer, request.options, request.cores, stop,
                         on_wait=progress.wait)  # fmt: skip
        _follow(outcomes, progress, report, stop, findings)
        progress.stopped("")
        if stop.number == signal.SIGTERM:
            _leave(SIGNALED + stop.number)
        _leave(FAILED if progress.failed else 0)


def _follow(
    outcomes: Iterable[JobResult],
    progress: BatchProgress,
    report: Report | None,
    stop: Callable[[], bool],
    findings: Findings,
) -> None:
    """Show and report outcomes; if the report can no longer be written, the run continues without it."""

    def write(line: Callable[[Report], None]) -> None:
        nonlocal report
        try:
            if report:
                line(report)
        except PielightError as error:
            progress.fail(str(error))
            report = None

    progress.begin(findings.left_out_text())
    write(lambda report: report.leave_out(findings.left_out))
    for outcome in outcomes:
        progress.show(outcome)
        write(lambda report, outcome=outcome: report.add(outcome))  # type: ignore[misc]
    write(lambda report: report.end(stop()))


@contextmanager
def _stoppable() -> Iterator[Interrupted]:
    """Note the first Ctrl-C or SIGTERM; the second ends the process at once."""
    try:
        with deferred_interrupt(signal.SIGTERM) as interrupted:
            yield interrupted
    except KeyboardInterrupt:
        _leave(INTERRUPTED)


def _leave(status: int) -> NoReturn:
    """End the process without waiting for pictures that are being processed; they write files atomically."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
