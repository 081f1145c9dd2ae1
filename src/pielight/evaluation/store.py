"""Measurements on disk, one JSON object a line, so that an evaluation that was stopped goes on where it was."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

import pielight
from pielight.core.atomic_file import shown
from pielight.core.json_file import plain
from pielight.errors import DataError
from pielight.evaluation.datasets.pictures import sha256
from pielight.evaluation.metrics.pristine import pristine_file

Evidence = tuple[tuple[float, ...], ...]  # rows of numbers, which the task that made them can read
FILE = "results.jsonl"
_NO_INFLUENCE = ("batch", "bench", "cli", "compare", "evaluate/report", "evaluate/survey", "models")  # on values
LIBRARIES = ("numpy", "scipy", "scikit-image", "pillow", "simplejpeg", "onnxruntime", "torch", "torchvision", "lpips",
             "rawpy", "pillow-heif", "tifffile", "imagecodecs")  # fmt: skip


class Key(NamedTuple):
    """What a measurement depends on; where all is the same, it is not made again.

    Attributes:
        data: Name of the data set.
        picture: Name of the picture in it.
        picture_sha256: Of its file and of its reference's.
        method: Spec of the method.
        method_sha256: Of its model, or of the picture that somebody made.
        metric: Name of the metric, or of the task whose model looked at the result.
        version: Of the code, see :func:`code_version`; then of that model and its settings.
        gt_mean: Whether the result was scaled to the reference's mean.
    """

    data: str
    picture: str
    picture_sha256: str
    method: str
    method_sha256: str
    metric: str
    version: str
    gt_mean: bool


@dataclass(frozen=True)
class Measurement:
    """A value of a metric.

    Attributes:
        key: What it was measured on, and how.
        value: nan if the metric has none for this picture.
        reason: Why it has none.
        failed: Whether that is because the picture could not be read or enhanced.
        evidence: What a downstream model saw, of which the values of a whole data set are computed.
    """

    key: Key
    value: float
    reason: str = ""
    failed: bool = False
    evidence: Evidence = ()


class Store:
    """A file of measurements, to which whole lines are added, with one call of the system each time.

    Args:
        folder: Of the report; made if it is missing. One that holds something else is left alone.

    Raises:
        DataError: It cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if not self._path.exists() and any(folder.iterdir()):
                raise DataError(f"{shown(folder)}: holds files, but no report of pielight; choose another folder")
            self._found = self._read()
            self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
        except OSError as error:
            raise self._failure(error) from error

    def __contains__(self, key: Key) -> bool:
        return key in self._found

    def __getitem__(self, key: Key) -> Measurement:
        return self._found[key]

    def __len__(self) -> int:
        return len(self._found)

    def add(self, measurements: Iterable[Measurement]) -> None:
        """Add measurements; they outlive the process from here on, though not a power cut.

        Raises:
            DataError: The disk is full, or the like.
        """
        lines = b""
        for one in measurements:
            self._found[one.key] = one
            record = {**one.key._asdict(), "value": one.value, **({"reason": one.reason} if one.reason else {})}
            record |= {"evidence": one.evidence} if one.evidence else {}
            lines += json.dumps(plain(record), allow_nan=False).encode() + b"\n"
        try:
            if os.write(self._file, lines) != len(lines):
                raise OSError(28, "only a part was taken; is the disk full?")
        except OSError as error:
            raise self._failure(error) from error

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _read(self) -> dict[Key, Measurement]:
        """Read the file; what a full disk or a power cut left of a last line is cut off."""
        if not self._path.exists():
            return {}
        data = self._path.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        if len(whole) < len(data):
            os.truncate(self._path, len(whole))
        found = {}
        for number, line in enumerate(whole.splitlines(), 1):
            try:
                one = _measurement(json.loads(line))
                found[one.key] = one
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                raise DataError(
                    f"{shown(self._path)}: line {number} is no measurement; remove the line, or choose another folder"
                ) from error
        return found

    def _failure(self, error: OSError) -> DataError:
        return DataError(f"{shown(self._path)}: cannot be written ({error.strerror})")


def code_version(metric: str) -> str:
    """Return what else a value depends on: pielight's version, and a checksum of its code and of libraries' versions.

    Compiled code counts, and the code of training, too; only what prints, packs or asks people does not.

    Args:
        metric: NIQE also depends on the file of its pristine parameters.

    >>> code_version("psnr").partition("+")[0] == pielight.__version__
    True
    """
    found = hashlib.sha256()
    home = Path(pielight.__file__).parent
    ours = (path for path in home.rglob("*") if path.suffix in (".py", ".so", ".pyd"))
    for path in sorted(ours):
        if not path.relative_to(home).as_posix().startswith(_NO_INFLUENCE):
            found.update(path.read_bytes())
    for library in LIBRARIES:
        try:
            found.update(f"{library} {version(library)}\n".encode())
        except PackageNotFoundError:
            continue
    if metric in ("niqe", "niqe-own") and (parameters := pristine_file()) is not None:
        found.update(sha256(parameters).encode())
    return f"{pielight.__version__}+{found.hexdigest()[:12]}"


def _measurement(record: dict[str, Any]) -> Measurement:
    key = Key(**{name: record[name] for name in Key._fields})
    evidence = tuple(tuple(float(number) for number in row) for row in record.get("evidence", ()))
    return Measurement(key, float(record["value"]), str(record.get("reason", "")), evidence=evidence)
