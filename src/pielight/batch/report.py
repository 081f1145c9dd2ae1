"""A run's report for scripts: one JSON object per line."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path
from typing import Any

from pielight import __version__
from pielight.batch.find import real
from pielight.batch.plan import a_kind_of
from pielight.batch.records import Records
from pielight.batch.run import BatchOptions, JobResult
from pielight.core.file_lock import try_lock
from pielight.core.messages import shown
from pielight.core.standard_streams import open_file
from pielight.enhancer import Enhancer
from pielight.errors import PielightError
from pielight.io.formats import is_picture_name
from pielight.video.containers import is_clip_name

_FIRST = b'{"type": "run", "pielight": '


class Report:
    """A report that is written while the run goes on, line by line, so that a killed run leaves whole lines.

    The first line has ``type`` run, the version, the model and the settings; then one of type ``picture`` or ``video``
    for each with ``input``, ``output``, ``status`` (done, skipped or failed), ``reason`` and ``seconds``, and the same
    of type ``folder`` for each that cannot be read; one of type ``left_out`` counts in ``kinds`` the pictures of
    folders that pielight does not read, if there are any; a result that holds no record of what made it (BMP, TS) has
    that in its line as ``record``; and the last, which only a run that was not killed has, is of type
    ``end`` with the counts, of failures those that stayed, and whether it was interrupted.

    Args:
        path: File to write; only a report of an earlier run that has ended is replaced.
        pictures: Inputs and outputs, none of which may be the report.

    Raises:
        PielightError: The file is something else, or cannot be written; also raised by all methods.
    """

    def __init__(self, path: Path, pictures: Iterable[Path] = ()) -> None:
        self._path = path
        if is_picture_name(path) or is_clip_name(path) or real(path) in {real(picture) for picture in pictures}:
            raise PielightError(f"{shown(path)}: the report would overwrite {a_kind_of(path)}; call it .jsonl")
        try:
            self._file = _opened(path)
        except OSError as error:
            raise self._failure(error) from error
        self._counts: Counter[str] = Counter()
        self._failed: set[Path] = set()
        self._records: Records | None = None

    def begin(self, enhancer: Enhancer, options: BatchOptions, device: str = "cpu") -> None:
        """Write the first line."""
        self._records = options.records(enhancer)
        model = {"task": enhancer.task, "model": enhancer.model.name, "sha256": enhancer.model.sha256()}
        started = datetime.now(UTC).isoformat(timespec="seconds")
        if enhancer.denoises(options.enhance):
            model |= {"denoise_model": enhancer.denoiser.name, "denoise_sha256": enhancer.denoiser.sha256()}
        chosen = asdict(options)
        chosen |= chosen.pop("enhance")
        if chosen["auto"] is None:
            chosen["auto"] = enhancer.auto
        first = {"type": "run", "pielight": __version__, "started": started}
        self._write({**first, **model, "device": device, **chosen})

    def add(self, outcome: JobResult) -> None:
        """Write the line of a picture, or of a folder that cannot be read."""
        if outcome.input in self._failed:  # of a watched folder, then still being copied
            self._failed.discard(outcome.input)
            self._counts["failed"] -= 1
        self._counts[outcome.status] += 1
        if outcome.status == "failed":
            self._failed.add(outcome.input)
        names: dict[str, Any] = {"input": str(outcome.input), "output": str(outcome.output)}
        if outcome.status == "done" and not outcome.is_recorded and self._records is not None:
            names |= {"record": dict(self._records.of(outcome.input).options)}
        rest = {"status": outcome.status, "reason": outcome.reason, "seconds": round(outcome.seconds, 4)}
        self._write({"type": outcome.kind, **names, **rest})

    def leave_out(self, kinds: Mapping[str, int]) -> None:
        """Write the line of the pictures that were left out, if there are any: their number by extension."""
        if kinds:
            self._write({"type": "left_out", "kinds": dict(sorted(kinds.items()))})

    def end(self, interrupted: bool) -> None:
        """Write the last line."""
        counts = {status: self._counts[status] for status in ("done", "skipped", "failed")}
        self._write({"type": "end", **counts, "interrupted": interrupted})
        self._file.close()

    def _write(self, record: dict[str, Any]) -> None:
        try:
            self._file.write(json.dumps(record).encode() + b"\n")  # one call, so that no kill comes in between
        except OSError as error:
            raise self._failure(error) from error

    def _failure(self, error: OSError) -> PielightError:
        return PielightError(f"{shown(self._path)}: the report cannot be written ({error.strerror})")


def _opened(path: Path) -> FileIO:
    """Open and empty the file of a report, without a moment in which a file that is none could be lost."""
    if path.exists() and not path.is_file():  # such as a pipe
        return FileIO(path, "w", opener=open_file)
    file = FileIO(open_file(path, os.O_CREAT | os.O_RDWR), "r+")
    try:
        if try_lock(file) is False:
            raise PielightError(f"{shown(path)}: another run writes this report; choose another name")
        if file.read(len(_FIRST)) not in (b"", _FIRST):
            raise PielightError(f"{shown(path)}: no report of pielight, so it is kept; choose another name")
        file.seek(0)
        file.truncate()
    except BaseException:
        file.close()
        raise
    return file
