"""What ``pielight enhance`` was asked for, and the ways to carry it out."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import click

from pielight.batch.find import Search
from pielight.batch.plan import Naming, is_kept, plan
from pielight.batch.report import Report
from pielight.batch.run import Outcome, Settings, crew, run
from pielight.batch.stream import STREAM, stream
from pielight.batch.stream import job as stream_job
from pielight.batch.watch import watch
from pielight.cli.options import FAILED, INTERRUPTED
from pielight.cli.progress import Progress
from pielight.enhancer import Enhancer
from pielight.errors import DeviceError, MissingExtraError, ModelError, PielightError
from pielight.interrupt import deferred_interrupt
from pielight.media.files import shown
from pielight.tasks import BRIGHTEN


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


def preview(order: Order) -> None:
    """List what would be written, on standard output."""
    with makes_sense():
        jobs = plan(order.photos, order.naming, order.search)
    for job in jobs:
        kept = " (skipped, the result exists)" if is_kept(job, order.settings.existing) else ""
        lost = "" if os.path.lexists(job.input) else " (no such file)"
        click.echo(f"{shown(job.input)} -> {shown(job.output)}{kept}{lost}")


def enhance_stream(order: Order) -> Counter[str]:
    """Enhance one photo from or to a stream; return how many were done, skipped and failed."""
    progress = Progress(1, order.quiet)
    source = order.photos[0]
    with makes_sense():
        job = stream_job(source, order.naming)
        if job.target == STREAM and sys.stdout.isatty():
            raise PielightError("a picture is not for a terminal; redirect it, as in > bright.jpg, or give -o FILE")
        if source == STREAM and sys.stdin.isatty():
            raise PielightError("no photo comes from a terminal; pipe one in, as in < night.jpg")
        enhancer = order.engine.enhancer(order.cores)
        progress.show(stream(job, enhancer, order.settings, sys.stdin.buffer, sys.stdout.buffer))
    return progress.counts


def enhance_batch(order: Order) -> Counter[str]:
    """Enhance files and folders; return how many were done, skipped and failed."""
    with makes_sense():
        jobs = plan(order.photos, order.naming, order.search)
        left = sum(not is_kept(job, order.settings.existing) for job in jobs)
        workers, threads = crew(order.cores, left)
        enhancer = order.engine.enhancer(threads)
        report = order.open_report(enhancer, [path for job in jobs for path in (job.input, job.output)])
    progress = Progress(len(jobs), order.quiet)
    with _stoppable() as stop:
        stopped = _follow(run(jobs, enhancer, order.settings, workers, stop), progress, report, stop)
        if stopped and progress.counts.total() < len(jobs):
            goes_on = order.settings.existing == "skip"
            progress.stopped("; the same command goes on" if goes_on else "")
            _leave(INTERRUPTED)
    progress.finish()
    return progress.counts


def enhance_watched(order: Order) -> NoReturn:
    """Enhance what is in folders and what arrives, and end the process after Ctrl-C."""
    with makes_sense():
        enhancer = order.engine.enhancer(1)
        order.naming.folder()
        report = order.open_report(enhancer, [])
    progress = Progress(None, order.quiet)
    if not order.quiet:
        click.echo("watching; Ctrl-C ends it", err=True)
    with _stoppable() as stop:
        outcomes = watch(order.photos, order.naming, order.search, enhancer, order.settings, order.cores, stop)
        _follow(outcomes, progress, report, stop)
        progress.stopped("")
        _leave(FAILED if progress.counts["failed"] else 0)


def _follow(outcomes: Iterable[Outcome], progress: Progress, report: Report | None, stop: Callable[[], bool]) -> bool:
    """Show and report outcomes, and return whether Ctrl-C ended them."""
    for outcome in outcomes:
        progress.show(outcome)
        if report:
            report.add(outcome)
    if report:
        report.end(stop())
    return stop()


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
def _stoppable() -> Iterator[Callable[[], bool]]:
    """Note the first Ctrl-C; the second ends the process at once."""
    try:
        with deferred_interrupt() as interrupted:
            yield interrupted
    except KeyboardInterrupt:
        _leave(INTERRUPTED)


def _leave(status: int) -> NoReturn:
    """End the process without waiting for pictures in work; what they write appears whole or not at all."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
