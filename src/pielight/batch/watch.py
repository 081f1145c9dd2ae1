"""A watched folder: what is in it is enhanced, and what arrives."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from pielight.batch.find import Search, find, is_folder, is_result
from pielight.batch.plan import Job, Names, Naming
from pielight.batch.run import BatchOptions, JobResult, RunningJob, run, unreadable
from pielight.core.messages import shown
from pielight.enhancer import Enhancer
from pielight.errors import PielightError
from pielight.io.result_names import origin

INTERVAL = 1.0
_TICK = 0.1


class _Stamp(NamedTuple):
    size: int
    changed: int


def watch(
    folders: Sequence[Path],
    naming: Naming,
    search: Search,
    enhancer: Enhancer,
    options: BatchOptions,
    workers: int = 1,
    stop: Callable[[], bool] = lambda: False,
    interval: float = INTERVAL,
    on_wait: Callable[[Collection[RunningJob]], None] = lambda running: None,
) -> Iterator[JobResult]:
    """Enhance the pictures of folders, and those that arrive, until stopped.

    A picture is taken once its size and time have stood still for an interval, and again only when they change.
    What is named like a result, ``a_pie.jpg``, is never taken. A folder that cannot be read is reported once.

    Args:
        interval: Seconds between two looks.

    Raises:
        PielightError: A folder is gone, or the output is a file.
    """
    names, output = Names(naming), naming.folder()
    reported: set[Path] = set()
    last: dict[Path, _Stamp] = {}
    handled: dict[Path, _Stamp] = {}
    while not stop():
        for folder in folders:
            if not is_folder(folder):
                raise PielightError(f"{shown(folder)}: no such folder to watch")
        findings = find(folders, replace(search, task=""), output, strict=False)  # no file is opened at every look
        for outcome in unreadable(findings):
            if outcome.input not in reported:
                reported.add(outcome.input)
                yield outcome
        pictures = [one for one in findings.pictures if origin(one.path) is None]
        names.reserve(one.path for one in pictures)
        stamps = {one.path: stamp for one in pictures if (stamp := _stamp(one.path))}
        steady = {path for path, stamp in stamps.items() if last.get(path) == stamp != handled.get(path)}
        ready = [one for one in pictures if one.path in steady]
        handled |= {one.path: stamps[one.path] for one in ready}
        jobs: list[Job] = []
        for one in ready:
            if search.task and is_result(one.path, search.task):
                continue
            try:
                jobs.append(names.result(one, output))
            except PielightError as error:  # for example, its name is taken
                yield JobResult(one.path, one.path, "failed", str(error))
        yield from run(jobs, enhancer, options, workers, stop, on_wait)
        last = stamps
        _sleep(interval, stop)


def _stamp(path: Path) -> _Stamp | None:
    try:
        status = path.stat()
    except OSError:  # gone again
        return None
    return _Stamp(status.st_size, status.st_mtime_ns)


def _sleep(seconds: float, stop: Callable[[], bool]) -> None:
    end = time.monotonic() + seconds
    while not stop() and time.monotonic() < end:
        time.sleep(_TICK)
