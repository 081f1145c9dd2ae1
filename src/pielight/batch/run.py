"""Several pictures at a time, each with its outcome, in bounded memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

from PIL import Image

from pielight.batch.existing_results import KEPT, Standing, standing
from pielight.batch.find import Findings
from pielight.batch.plan import Job
from pielight.core.atomic_file import shown
from pielight.core.output_names import Existing
from pielight.enhancer import Enhancer
from pielight.errors import ExistsError, ModelError, PielightError
from pielight.inference.files import FileOptions
from pielight.io.formats import READABLE
from pielight.io.pillow_limits import own_limits
from pielight.io.preflight import check_file
from pielight.io.provenance import Record
from pielight.options import HIGHLIGHTS, Denoise, check_denoise, check_highlights, check_strength

PIXELS_PER_WORKER = 32_000_000  # on average: a larger picture waits for room, and none shares with a huge one
GRACE = 2.0  # seconds that pictures in work are given when the rest is called off
_TICK = 0.1


@dataclass(frozen=True)
class Settings:
    """What is done to every picture.

    Attributes:
        strength: -1.5 to 1.5; 0 leaves a picture as it is, 1 is the model's choice.
        highlights: 0 to 1, how far what is bright already is protected.
        file_format: Pillow's name of the format to write; None keeps each picture's own.
        quality: 1..100 for lossy formats; None keeps each source's own.
        existing: What becomes of results that exist.
        denoise: 0 to 1, how much of the noise that brightening or dehazing shows is taken out, or ``auto``.
        preserve_times: Whether results take their pictures' times of access and of change.

    Raises:
        PielightError: A number is out of range.
    """

    strength: float = 1.0
    highlights: float = HIGHLIGHTS
    file_format: str | None = None
    quality: int | None = None
    existing: Existing = "skip"
    denoise: Denoise = 0.0
    preserve_times: bool = False

    def __post_init__(self) -> None:
        check_strength(self.strength)
        check_highlights(self.highlights)
        check_denoise(self.denoise)

    def file_options(self, number: int) -> FileOptions:
        """Return how a result with a number is written."""
        return FileOptions(self.file_format, self.quality, self.existing, number, self.preserve_times)

    def record(self, enhancer: Enhancer) -> Record:
        """Return the record that results get."""
        return enhancer.record(self.strength, self.highlights, denoise=self.denoise, quality=self.quality)


@dataclass(frozen=True)
class Outcome:
    """What became of one picture, or of a folder that cannot be read.

    Attributes:
        input: The picture or folder.
        output: The file written, or that would have been.
        status: ``done``, ``skipped`` (the output exists) or ``failed``.
        reason: Why it was skipped or failed, or what to know of a result; may be empty.
        seconds: Time taken.
        kind: ``picture`` or ``folder``.
        is_recorded: Whether the file written holds a record of what made it.
    """

    input: Path
    output: Path
    status: Literal["done", "skipped", "failed"]
    reason: str = ""
    seconds: float = 0.0
    kind: Literal["picture", "folder"] = "picture"
    is_recorded: bool = True


def unreadable(findings: Findings) -> list[Outcome]:
    """Return what became of folders that cannot be read."""
    return [Outcome(path, path, "failed", why, kind="folder") for path, why in findings.unreadable.items()]


@dataclass(frozen=True)
class Work:
    """A picture in work.

    Attributes:
        input: The picture.
        cost: How many pixels it counts for.
        start: When it was begun, by the monotonic clock.
    """

    input: Path
    cost: int
    start: float


def crew(cores: int, pictures: int) -> tuple[int, int]:
    """Share cores among pictures: how many at a time, and how many threads each.

    Several pictures at a time are faster than several threads on one: decoding and encoding take one thread.

    >>> crew(4, 1), crew(4, 3), crew(4, 200)
    ((1, 4), (3, 1), (4, 1))
    """
    workers = max(1, min(cores, pictures))
    return workers, cores // workers


def run(
    jobs: Iterable[Job],
    enhancer: Enhancer,
    settings: Settings | None = None,
    workers: int = 1,
    stop: Callable[[], bool] = lambda: False,
    tell: Callable[[Collection[Work]], None] = lambda works: None,
) -> Iterator[Outcome]:
    """Enhance pictures, several at a time; one that fails does not stop the rest.

    Args:
        jobs: From :func:`~pielight.batch.plan.plan`; the next is taken only when there is room for it.
        enhancer: The model, shared among the workers.
        settings: What is done to every picture.
        workers: Pictures at a time.
        stop: Asked several times a second; once it says True, no picture is begun any more, and those in work
            have ``GRACE`` seconds to end.
        tell: Called several times a second with what is in work.

    Yields:
        Outcomes, as pictures are finished.

    Raises:
        ModelError: The model is damaged, so that no picture could be enhanced.
    """
    settings = settings or Settings()
    budget = workers * PIXELS_PER_WORKER
    record = settings.record(enhancer)
    waiting = iter(jobs)
    job, cost = next(waiting, None), 0
    state: Standing | None = None
    at_work: dict[Future[Outcome], Work] = {}
    last_moment = float("inf")
    threads = _Threads(workers)
    try:
        while at_work or (job and not stop()):
            if job and not stop() and len(at_work) < workers:
                state = state or standing(job, settings.existing, record)
                if state.is_kept:
                    yield Outcome(job.input, job.output, "skipped", state.reason)
                    job, cost, state = next(waiting, None), 0, None
                    continue
                cost = cost or min(_pixels(job.input), budget)
                if sum(work.cost for work in at_work.values()) + cost <= budget:
                    task = partial(_enhance, job, enhancer, settings, state.reason)
                    at_work[threads.begin(task)] = Work(job.input, cost, time.monotonic())
                    job, cost, state = next(waiting, None), 0, None
                    continue
            ready, _ = wait(at_work, _TICK, FIRST_COMPLETED)
            for future in ready:
                del at_work[future]
                yield future.result()
            tell(at_work.values())
            if stop():
                last_moment = min(last_moment, time.monotonic() + GRACE)
                if time.monotonic() > last_moment:
                    return
    finally:
        threads.leave()


class _Threads:
    """Threads that work on pictures; where the system has no room for a single one, the calling thread does."""

    def __init__(self, workers: int) -> None:
        self._pool = ThreadPoolExecutor(workers, "pielight")
        self._started = False

    def begin(self, task: Callable[[], Outcome]) -> Future[Outcome]:
        """Have a thread do a task."""
        result: Future[Outcome] = Future()
        try:
            self._pool.submit(_settle, result, task)
            self._started = True
        except RuntimeError:  # no other thread can be started; the task is in the queue of those there are
            if not self._started:
                _settle(result, task)
        return result

    def leave(self) -> None:
        """Begin nothing more, and do not wait for what is in work."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _settle(result: Future[Outcome], task: Callable[[], Outcome]) -> None:
    """Do a task, unless another thread has done so."""
    if result.done():
        return
    try:
        result.set_result(task())
    except BaseException as error:  # noqa: BLE001 - raised where the result is asked for
        result.set_exception(error)


def _enhance(job: Job, enhancer: Enhancer, settings: Settings, anew: str) -> Outcome:
    """Enhance a picture.

    Args:
        job: The picture and its result.
        enhancer: The model.
        settings: What is done to it.
        anew: Why an older result gives way, or nothing.
    """
    start = time.perf_counter()
    if anew:
        settings = replace(settings, existing="overwrite")
    try:
        written = enhancer.write(
            job.input, job.target, settings.strength, settings.highlights, denoise=settings.denoise,
            options=settings.file_options(job.number),
        )  # fmt: skip
    except ModelError:
        raise
    except ExistsError:  # since it was looked for
        return Outcome(job.input, job.output, "skipped", KEPT, time.perf_counter() - start)
    except PielightError as error:
        reason = str(error)
    except MemoryError:
        reason = f"{shown(job.input)}: not enough memory"
    except OSError as error:
        reason = f"{shown(error.filename or job.input)}: {error.strerror or error}"
    except Exception as error:  # noqa: BLE001 - whatever one picture brings about, the others go on
        reason = f"{shown(job.input)}: {type(error).__name__} ({shown(str(error))}); please report this picture"
    else:
        note = "; ".join(filter(None, (anew, written.note)))
        seconds = time.perf_counter() - start
        return Outcome(job.input, written.path, "done", note, seconds, is_recorded=written.is_recorded)
    return Outcome(job.input, job.output, "failed", reason, time.perf_counter() - start)


def _pixels(path: Path) -> int:
    """Estimate what a picture costs by its header, or by its size if that is more or all there is."""
    size = 1
    try:
        if not path.is_file():  # a pipe would keep us waiting for ever
            return size
        size = max(1, path.stat().st_size)
        check_file(path)
        with own_limits(), Image.open(path, formats=READABLE) as image:
            return max(size, image.width * image.height)
    except Exception:  # noqa: BLE001 - what is wrong with a picture is said by the worker that decodes it
        return size
