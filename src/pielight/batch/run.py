"""Several pictures at a time, each with its outcome, in bounded memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Literal

from PIL import Image

from pielight.batch.existing_results import KEPT, ExistingResult, check_existing
from pielight.batch.find import Findings
from pielight.batch.plan import Job
from pielight.batch.records import Records
from pielight.core.messages import shown
from pielight.core.output_names import Existing
from pielight.enhancer import Enhancer
from pielight.errors import ExistsError, ModelError, PielightError
from pielight.inference.pipeline_files import SaveOptions
from pielight.io.codec_errors import own_limits
from pielight.io.formats import READABLE
from pielight.io.preflight import check_file
from pielight.options import EnhanceOptions
from pielight.video.containers import is_clip_name
from pielight.video.enhance_clip import clip_record, enhance_clip
from pielight.video.options import VideoOptions
from pielight.video.progress import ClipProgress, ClipStopped

PIXELS_PER_WORKER = 32_000_000  # on average: a larger picture waits for room, and none shares with a huge one
GRACE = 2.0  # seconds that running jobs are given after a stop
_TICK = 0.1


@dataclass(frozen=True)
class BatchOptions:
    """What is done to every picture."""

    enhance: EnhanceOptions = field(default_factory=EnhanceOptions)  # strength and the like
    file_format: str | None = None  # Pillow's name of the format to write; None keeps each picture's own
    quality: int | None = None  # 1..100 for lossy formats; None keeps each source's own
    existing: Existing = "skip"  # policy for results that exist
    preserve_times: bool = False  # whether results take their pictures' times of access and of change
    video: VideoOptions = field(default_factory=VideoOptions)  # how clips are read and written

    def saving(self, number: int) -> SaveOptions:
        """Return the options by which a result with a number is saved."""
        return SaveOptions(self.file_format, self.quality, self.existing, number, self.preserve_times)

    def records(self, enhancer: Enhancer) -> Records:
        """Return the records that results get."""
        clip = clip_record(enhancer, self.enhance, self.video)
        return Records(enhancer.record(self.enhance, self.quality), clip)


@dataclass(frozen=True)
class JobResult:
    """What became of one picture, or of a folder that cannot be read."""

    input: Path  # the picture or folder
    output: Path  # the file written, or that would have been
    status: Literal["done", "skipped", "failed"]  # done, skipped (the output exists) or failed
    reason: str = ""  # why it was skipped or failed, or what to know of a result; may be empty
    seconds: float = 0.0  # time taken
    kind: Literal["picture", "video", "folder"] = "picture"  # picture, clip or folder
    is_recorded: bool = True  # whether the file written holds a record of what made it


def unreadable(findings: Findings) -> list[JobResult]:
    """Return the results of folders that cannot be read."""
    return [JobResult(path, path, "failed", why, kind="folder") for path, why in findings.unreadable.items()]


class ClipTracker:
    """How far the work on a clip is.

    Attributes:
        progress: The last that is known; None before the first frame.
    """

    progress: ClipProgress | None = None

    def __call__(self, progress: ClipProgress) -> None:
        """Take note of it."""
        self.progress = progress


@dataclass(frozen=True)
class RunningJob:
    """A picture that is being enhanced."""

    input: Path  # the picture
    cost: int  # pixels that it counts for
    start: float  # start time by the monotonic clock
    clip: ClipTracker | None = None  # how far it is, of a clip


def split_threads(cores: int, pictures: int) -> tuple[int, int]:
    """Split cores among pictures: how many pictures at a time, and how many threads each.

    Several pictures at a time are faster than several threads on one: decoding and encoding take one thread.

    >>> split_threads(4, 1), split_threads(4, 3), split_threads(4, 200)
    ((1, 4), (3, 1), (4, 1))
    """
    workers = max(1, min(cores, pictures))
    return workers, cores // workers


def run(
    jobs: Iterable[Job],
    enhancer: Enhancer,
    options: BatchOptions | None = None,
    workers: int = 1,
    stop: Callable[[], bool] = lambda: False,
    on_wait: Callable[[Collection[RunningJob]], None] = lambda running: None,
) -> Iterator[JobResult]:
    """Enhance pictures, several at a time; one that fails does not stop the rest.

    Args:
        jobs: From :func:`~pielight.batch.plan.plan`; the next is taken only when there is room for it.
        enhancer: The model, shared among the workers.
        stop: Asked several times a second; once it returns True, no job is started any more, and running ones
            have ``GRACE`` seconds to end.
        on_wait: Called several times a second with what is running.

    Raises:
        ModelError: The model is damaged, so that no picture could be enhanced.
    """
    options = options or BatchOptions()
    budget = workers * PIXELS_PER_WORKER
    records = options.records(enhancer)
    waiting = iter(jobs)
    job, cost = next(waiting, None), 0
    state: ExistingResult | None = None
    running: dict[Future[JobResult], RunningJob] = {}
    last_moment = float("inf")
    pool = _Workers(workers)
    try:
        while running or (job and not stop()):
            if job and not stop() and len(running) < workers:
                state = state or check_existing(job, options.existing, records.of(job.input))
                if state.is_kept:
                    yield JobResult(job.input, job.output, "skipped", state.reason, kind=kind_of(job.input))
                    job, cost, state = next(waiting, None), 0, None
                    continue
                is_clip = is_clip_name(job.input)
                cost = cost or (budget if is_clip else min(_pixels(job.input), budget))  # a clip takes every core
                if sum(one.cost for one in running.values()) + cost <= budget:
                    tracker = ClipTracker() if is_clip else None
                    task = partial(_enhance, job, enhancer, options, state.reason, tracker, stop)
                    running[pool.start(task)] = RunningJob(job.input, cost, time.monotonic(), tracker)
                    job, cost, state = next(waiting, None), 0, None
                    continue
            ready, _ = wait(running, _TICK, FIRST_COMPLETED)
            for future in ready:
                del running[future]
                if not isinstance(future.exception(), ClipStopped):  # of which nothing was written
                    yield future.result()
            on_wait(running.values())
            if stop():
                last_moment = min(last_moment, time.monotonic() + GRACE)
                if time.monotonic() > last_moment:
                    return
    finally:
        pool.shut_down()


class _Workers:
    """Worker threads; where the system cannot start a single one, the calling thread does the work."""

    def __init__(self, workers: int) -> None:
        self._pool = ThreadPoolExecutor(workers, "pielight")
        self._started = False

    def start(self, task: Callable[[], JobResult]) -> Future[JobResult]:
        """Start a task in a thread."""
        result: Future[JobResult] = Future()
        try:
            self._pool.submit(_settle, result, task)
            self._started = True
        except RuntimeError:  # no other thread can be started; the task is in the queue of those there are
            if not self._started:
                _settle(result, task)
        return result

    def shut_down(self) -> None:
        """Begin nothing more, and do not wait for what is running."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _settle(result: Future[JobResult], task: Callable[[], JobResult]) -> None:
    """Do a task, unless another thread has done it."""
    if result.done():
        return
    try:
        result.set_result(task())
    except BaseException as error:  # noqa: BLE001 - raised where the result is asked for
        result.set_exception(error)


def kind_of(path: Path) -> Literal["picture", "video"]:
    """Return what a file is by its extension.

    >>> kind_of(Path("a.mp4")), kind_of(Path("a"))
    ('video', 'picture')
    """
    return "video" if is_clip_name(path) else "picture"


def _enhance(
    job: Job,
    enhancer: Enhancer,
    options: BatchOptions,
    reason_to_replace: str,
    tracker: ClipTracker | None,
    stop: Callable[[], bool],
) -> JobResult:
    """Enhance a picture or clip.

    Args:
        reason_to_replace: Why an older result is replaced, or nothing.
        tracker: Told how far a clip is; None of pictures.
        stop: Whether to give a clip up.
    """
    start, kind = time.perf_counter(), kind_of(job.input)
    if reason_to_replace:
        options = replace(options, existing="overwrite")
    try:
        saving = options.saving(job.number)
        if tracker is None:
            written = enhancer.enhance_and_save(job.input, job.target, options.enhance, saving)
        else:
            written = enhance_clip(
                job.input, job.target, enhancer, options.enhance, options.video, saving, tracker, stop
            )
    except (ModelError, ClipStopped):
        raise
    except ExistsError:  # since it was looked for
        return JobResult(job.input, job.output, "skipped", KEPT, time.perf_counter() - start, kind)
    except Exception as error:  # noqa: BLE001 - whatever fails in one picture, the others continue
        reason = failure_text(error, job.input, kind)
    else:
        note = "; ".join(filter(None, (reason_to_replace, written.note)))
        seconds = time.perf_counter() - start
        return JobResult(job.input, written.path, "done", note, seconds, kind, written.is_recorded)
    return JobResult(job.input, job.output, "failed", reason, time.perf_counter() - start, kind)


def failure_text(error: Exception, name: str | Path, kind: str = "picture") -> str:
    """Return why a picture failed, in a line that names it.

    Args:
        kind: What the user calls it.

    >>> failure_text(KeyError("x"), "a.jpg")
    "a.jpg: KeyError ('x'); please report this picture"
    """
    if isinstance(error, PielightError):
        return str(error)
    if isinstance(error, MemoryError):
        return f"{shown(name)}: not enough memory"
    if isinstance(error, OSError):
        return f"{shown(error.filename or name)}: {error.strerror or error}"
    return f"{shown(name)}: {type(error).__name__} ({shown(str(error))}); please report this {kind}"


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
    except Exception:  # noqa: BLE001 - the worker that decodes the picture reports what is wrong
        return size
