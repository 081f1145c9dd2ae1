"""What ``pielight enhance`` was asked for, and the ways to carry it out."""

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

from pielight.batch.existing_results import standing
from pielight.batch.find import Findings, Search, find
from pielight.batch.plan import Naming, plan
from pielight.batch.report import Report
from pielight.batch.run import Outcome, Settings, crew, run, unreadable
from pielight.batch.stream import STREAM, stream
from pielight.batch.stream import job as stream_job
from pielight.batch.watch import watch
from pielight.cli.options import FAILED, INTERRUPTED
from pielight.cli.progress import StatusLines
from pielight.core.atomic_file import shown
from pielight.core.interrupt import Interrupted, deferred_interrupt
from pielight.enhancer import Enhancer
from pielight.errors import DeviceError, MissingExtraError, ModelError, PielightError
from pielight.inference.descriptor import BRIGHTEN
from pielight.io.provenance import Record

_SIGNALLED = 128  # and a signal's number: the exit status of what it ends


@dataclass(frozen=True)
class Engine:
    """What enhances.

    Attributes:
        model: Name or path of a model, or None.
        auto: Whether well-exposed photos are left alone, in proportion.
        device: Where the curves are applied.
        denoise_model: Path of the network that takes noise out, or None.
        task: What the photos are mended of.
    """

    model: str | None
    auto: bool
    device: str
    denoise_model: str | None = None
    task: str = BRIGHTEN

    def enhancer(self, threads: int) -> Enhancer:
        """Find the model and the device.

        Raises:
            PielightError: There is none.
        """
        return Enhancer(self.model, threads, self.auto, self.device, self.denoise_model, self.task)


@dataclass(frozen=True)
class Order:
    """What the command line asks for.

    Attributes:
        photos: Files and folders, or ``-``.
        naming: How results are named.
        search: Which pictures of folders are taken.
        settings: What is done to every picture.
        engine: What enhances.
        cores: Cores to use.
        report: File of the report, or None.
        quiet: Whether only failures are shown.
    """

    photos: tuple[Path, ...]
    naming: Naming
    search: Search
    settings: Settings
    engine: Engine
    cores: int
    report: Path | None
    quiet: bool

    def record(self) -> Record:
        """Return the record that results get.

        Raises:
            PielightError: There is no such model or device.
        """
        return self.settings.record(self.engine.enhancer(1))

    def open_report(self, enhancer: Enhancer, pictures: Iterable[Path]) -> Report | None:
        """Begin the report if one is wanted.

        Raises:
            PielightError: The file is something else, or cannot be written.
        """
        if self.report is None:
            return None
        report = Report(self.report, pictures)
        report.begin(enhancer, self.settings, self.engine.auto, self.engine.device)
        return report


def preview(order: Order) -> bool:
    """List what would be written, on standard output; return whether every folder could be read."""
    with makes_sense():
        planned = plan(order.photos, order.naming, order.search)
        record = order.record()
    for job in planned.jobs:
        state = standing(job, order.settings.existing, record)
        kept = f" (skipped, {state.reason})" if state.is_kept else f" ({state.reason})" if state.reason else ""
        lost = "" if os.path.lexists(job.input) else " (no such file)"
        click.echo(f"{shown(job.input)} -> {shown(job.output)}{kept}{lost}")
    progress = StatusLines(None, order.quiet)
    progress.begin(planned.findings.says_left_out())
    for outcome in unreadable(planned.findings):
        progress.fail(outcome.reason)
    return not progress.failed


def enhance_stream(order: Order) -> bool:
    """Enhance one photo from or to a stream; return whether that went well."""
    progress = StatusLines(1, order.quiet)
    source = order.photos[0]
    with makes_sense():
        job = stream_job(source, order.naming)
        if job.target == STREAM and sys.stdout.isatty():
            raise PielightError("a picture is not for a terminal; redirect it, as in > bright.jpg, or give -o FILE")
        if source == STREAM and sys.stdin.isatty():
            raise PielightError("no photo comes from a terminal; pipe one in, as in < night.jpg")
        enhancer = order.engine.enhancer(order.cores)
        progress.show(stream(job, enhancer, order.settings, sys.stdin.buffer, sys.stdout.buffer))
    return not progress.failed


def enhance_batch(order: Order) -> bool:
    """Enhance files and folders; return whether all went well."""
    with makes_sense():
        planned = plan(order.photos, order.naming, order.search)
        jobs, closed = planned.jobs, unreadable(planned.findings)
        record = order.record()
        left = sum(not standing(job, order.settings.existing, record).is_kept for job in jobs)
        workers, threads = crew(order.cores, left)
        enhancer = order.engine.enhancer(threads)
        report = order.open_report(enhancer, [path for job in jobs for path in (job.input, job.output)])
    progress = StatusLines(len(jobs) + len(closed), order.quiet)
    with _stoppable() as stop:
        outcomes = chain(closed, run(jobs, enhancer, order.settings, workers, stop, progress.wait))
        _follow(outcomes, progress, report, stop, planned.findings)
        if stop():
            if progress.counts.total() < len(jobs) + len(closed):
                goes_on = order.settings.existing == "skip"
                progress.stopped("; the same command goes on" if goes_on else "")
            else:
                progress.finish()
            _leave(_SIGNALLED + stop.number)
    progress.finish()
    return not progress.failed


def enhance_watched(order: Order) -> NoReturn:
    """Enhance what is in folders and what arrives, and end the process after Ctrl-C or SIGTERM."""
    with makes_sense():
        findings = find(order.photos, order.search, order.naming.folder(), strict=False)
        enhancer = order.engine.enhancer(1)
        report = order.open_report(enhancer, [])
    progress = StatusLines(None, order.quiet)
    if not order.quiet:
        click.echo("watching; Ctrl-C ends it", err=True)
    with _stoppable() as stop:
        outcomes = watch(order.photos, order.naming, order.search, enhancer, order.settings, order.cores, stop,
                         tell=progress.wait)  # fmt: skip
        _follow(outcomes, progress, report, stop, findings)
        progress.stopped("")
        if stop.number == signal.SIGTERM:
            _leave(_SIGNALLED + stop.number)
        _leave(FAILED if progress.failed else 0)


def _follow(
    outcomes: Iterable[Outcome],
    progress: StatusLines,
    report: Report | None,
    stop: Callable[[], bool],
    findings: Findings,
) -> None:
    """Show and report outcomes; a report that cannot be written any more is given up, and the photos go on."""

    def write(line: Callable[[Report], None]) -> None:
        nonlocal report
        try:
            if report:
                line(report)
        except PielightError as error:
            progress.fail(str(error))
            report = None

    progress.begin(findings.says_left_out())
    write(lambda report: report.leave_out(findings.left_out))
    for outcome in outcomes:
        progress.show(outcome)
        write(lambda report, outcome=outcome: report.add(outcome))  # type: ignore[misc]
    write(lambda report: report.end(stop()))


@contextmanager
def makes_sense() -> Iterator[None]:
    """Turn errors of the command line as a whole into status 2; that of one photo is its outcome.

    What is missing here, a model, a device or an extra, is no matter of how the command is used: status 1.
    """
    try:
        yield
    except (DeviceError, MissingExtraError, ModelError):
        raise
    except PielightError as error:
        raise click.UsageError(str(error)) from error


@contextmanager
def _stoppable() -> Iterator[Interrupted]:
    """Note the first Ctrl-C or SIGTERM; the second ends the process at once."""
    try:
        with deferred_interrupt(signal.SIGTERM) as interrupted:
            yield interrupted
    except KeyboardInterrupt:
        _leave(INTERRUPTED)


def _leave(status: int) -> NoReturn:
    """End the process without waiting for pictures in work; what they write appears whole or not at all."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
