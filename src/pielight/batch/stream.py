"""One picture from standard input, or to standard output."""

from __future__ import annotations

import time
from pathlib import Path
from typing import BinaryIO

from pielight.batch.existing_results import KEPT, ExistingResult, check_existing
from pielight.batch.plan import Job, Names, Naming
from pielight.batch.run import BatchOptions, JobResult
from pielight.core.atomic_file import MAX_FILE_BYTES, read_file, write_atomic
from pielight.core.messages import shown
from pielight.core.standard_streams import reason
from pielight.enhancer import Enhancer
from pielight.errors import ExistsError, ModelError, PictureError, PielightError
from pielight.io.formats import format_of
from pielight.io.size_limits import memory_for
from pielight.video.containers import is_clip_name

STREAM = Path("-")
_NAME = "standard input"


def job(source: Path, naming: Naming) -> Job:
    """Pair a picture with the file that it is written to, or ``-`` for standard output.

    Raises:
        PielightError: The output is a folder, or the picture itself.
    """
    if is_clip_name(source):
        raise PielightError(f"{shown(source)}: a clip is not written to standard output; give -o FILE")
    if naming.output is None or Path(naming.output) == STREAM:
        return Job(source, STREAM)
    file = naming.file_for_one(source)
    if file is None:
        raise PielightError(f"{shown(naming.output)}: a picture from standard input needs the name of a file")
    return Names(naming).job(source, file)


def stream(job: Job, enhancer: Enhancer, options: BatchOptions, stdin: BinaryIO, stdout: BinaryIO) -> JobResult:
    """Enhance one picture from or to a stream; the bytes are those that a file would have.

    Args:
        job: From :func:`job`.
        stdin: Read if the source is ``-``.
        stdout: Gets the picture, and nothing else.

    Raises:
        ModelError: The model is damaged.
        BrokenPipeError: Nobody reads standard output any more.
    """
    source, target = job.input, job.output
    start = time.perf_counter()
    try:
        if source == STREAM:
            data, name = _read(stdin), _NAME
        else:
            data, name = read_file(source), shown(source)
        state = ExistingResult(False)
        if target != STREAM:
            state = check_existing(job, options.existing, options.records(enhancer).picture, data)
        if state.is_kept:
            return JobResult(source, target, "skipped", state.reason)
        file_format = options.file_format
        if file_format is None and target != STREAM:
            file_format = format_of(target, "") or None
        result, note = enhancer.enhance_bytes(
            data, options.enhance, file_format=file_format, quality=options.quality, name=name
        )
        if target == STREAM:
            write_stdout(stdout, result)
        else:
            existing = "overwrite" if state.reason else options.existing
            target = write_atomic(job.target, result, existing, number=job.number)
    except ModelError:
        raise
    except ExistsError:  # since it was looked for
        return JobResult(source, target, "skipped", KEPT)
    except PielightError as error:
        return JobResult(source, target, "failed", str(error), time.perf_counter() - start)
    note = "; ".join(filter(None, (state.reason, note)))
    return JobResult(source, target, "done", note, time.perf_counter() - start)


def _read(stdin: BinaryIO) -> bytes:
    try:
        with memory_for(_NAME):
            data = stdin.read(MAX_FILE_BYTES + 1)
    except PictureError:
        raise
    except OSError as error:
        raise PictureError(f"{_NAME}: cannot be read ({reason(error)})") from error
    if len(data) > MAX_FILE_BYTES:
        raise PictureError(f"{_NAME}: more than the limit of {MAX_FILE_BYTES >> 20} MB")
    if not data:
        raise PictureError(f"{_NAME}: empty")
    return data


def write_stdout(stdout: BinaryIO, data: bytes | memoryview) -> None:
    """Write to standard output, and flush it.

    Raises:
        PictureError: It cannot be written.
        BrokenPipeError: Nobody reads it any more.
    """
    try:
        stdout.write(data)
        stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise PictureError(f"standard output: cannot be written ({reason(error)})") from error
