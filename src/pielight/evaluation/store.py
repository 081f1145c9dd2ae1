"""Measurements on disk, one JSON object a line, so that a stopped evaluation can be resumed."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pielight
from pielight.core.environment import environment
from pielight.core.json_file import plain
from pielight.core.messages import shown
from pielight.errors import DataError
from pielight.evaluation.datasets.file_cache import sha256
from pielight.evaluation.metric_spec import MetricState
from pielight.evaluation.metrics import RENAMED
from pielight.evaluation.metrics.pristine import pristine_file

FILE = "results.jsonl"
_NO_INFLUENCE = ("batch", "bench", "cli", "comparison", "evaluation/report", "survey", "models")  # on values
LIBRARIES = ("numpy", "scipy", "scikit-image", "pillow", "simplejpeg", "onnxruntime", "torch", "torchvision", "lpips",
             "rawpy", "pillow-heif", "tifffile", "imagecodecs", "av")  # fmt: skip


class Key(NamedTuple):
    """What a measurement depends on; where all is the same, it is not made again.

    Attributes:
        data: Name of the dataset.
        picture: Name of the picture in it.
        picture_sha256: Of its file and of its reference's.
        method: Spec of the method.
        method_sha256: Of its model, or of its result in a folder.
        metric: Name of the metric, or of the evaluator of a downstream task.
        version: Of the code, see :func:`code_version`; then the identity of the evaluator.
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
        state: What an evaluator returned, of which dataset-level metrics are computed.
    """

    key: Key
    value: float
    reason: str = ""
    failed: bool = False
    state: MetricState = ()


class Store:
    """A file of measurements, to which whole lines are appended, with one system call each time.

    It lies in the folder of the report, made if it is missing. DataError if that has other files but no report.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if not self._path.exists() and any(folder.iterdir()):
                raise DataError(f"{shown(folder)}: holds files, but no report of pielight; choose another folder")
            self._known = self._read()
            self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
        except OSError as error:
            raise self._failure(error) from error

    def __contains__(self, key: Key) -> bool:
        return key in self._known

    def __getitem__(self, key: Key) -> Measurement:
        return self._known[key]

    def __len__(self) -> int:
        return len(self._known)

    def add(self, measurements: Iterable[Measurement]) -> None:
        """Add measurements, which survive the end of the process, but no power cut; DataError if the disk is full."""
        lines = b""
        for one in measurements:
            self._known[one.key] = one
            record = {**one.key._asdict(), "value": one.value, **({"reason": one.reason} if one.reason else {})}
            record |= {"state": one.state} if one.state else {}
            lines += json.dumps(plain(record), allow_nan=False).encode() + b"\n"
        try:
            if os.write(self._file, lines) != len(lines):
                raise OSError(28, "only a part was written; is the disk full?")
        except OSError as error:
            raise self._failure(error) from error

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _read(self) -> dict[Key, Measurement]:
        """Read the file; an incomplete last line, after a full disk or a power cut, is removed."""
        if not self._path.exists():
            return {}
        data = self._path.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        if len(whole) < len(data):
            os.truncate(self._path, len(whole))
        known = {}
        for number, line in enumerate(whole.splitlines(), 1):
            try:
                one = _measurement(json.loads(line))
                known[one.key] = one
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                fault = f"line {number} is not a measurement; remove the line, or choose another folder"
                raise DataError(f"{shown(self._path)}: {fault}") from error
        return known

    def _failure(self, error: OSError) -> DataError:
        return DataError(f"{shown(self._path)}: cannot be written ({error.strerror})")


def code_version(metric: str) -> str:
    """Return what else a value depends on: pielight's version, and a checksum of its code and of libraries' versions.

    The code of training and compiled code are included, but not what changes no value: reports, commands, surveys.

    Args:
        metric: NIQE also depends on the file of its pristine parameters.

    >>> code_version("psnr").partition("+")[0] == pielight.__version__
    True
    """
    digest = hashlib.sha256()
    home = Path(pielight.__file__).parent
    for path in sorted(home.rglob("*")):
        if path.suffix in (".py", ".so", ".pyd") and not path.relative_to(home).as_posix().startswith(_NO_INFLUENCE):
            digest.update(path.read_bytes())
    for library, version in environment(LIBRARIES)["versions"].items():
        digest.update(f"{library} {version}\n".encode())
    if metric in ("niqe", "niqe2", "niqe-own") and (parameters := pristine_file()) is not None:
        digest.update(sha256(parameters).encode())
    return f"{pielight.__version__}+{digest.hexdigest()[:12]}"


def _measurement(record: dict[str, Any]) -> Measurement:
    """Read a line, also of an earlier release, with former names of metrics, and the state called ``evidence``."""
    key = Key(**{name: record[name] for name in Key._fields})
    key = key._replace(metric=RENAMED.get(key.metric, key.metric))
    state = tuple(tuple(float(number) for number in row) for row in record.get("state", record.get("evidence", ())))
    return Measurement(key, float(record["value"]), str(record.get("reason", "")), state=state)
