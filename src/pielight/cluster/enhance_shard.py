"""One shard in, one shard out: the pure function that every way of running calls."""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, cast

from pielight import __version__
from pielight.cluster.file_slice import checksum_of_files, enhance_files
from pielight.cluster.guarded_photos import GuardedPhotos
from pielight.cluster.manifest import Manifest
from pielight.cluster.options import ClusterOptions
from pielight.cluster.parquet_shard import enhance_parquet
from pielight.cluster.photos import Photos, PhotosHere
from pielight.cluster.recorder import Recorder
from pielight.cluster.rows import encoded_rows
from pielight.cluster.shards import Shard, ShardSearch
from pielight.cluster.storage import Storage, StorageError
from pielight.cluster.tar_shard import enhance_tar
from pielight.core.messages import shown
from pielight.errors import ConfigError, PielightError

_opened: dict[ClusterOptions, PhotosHere] = {}  # one engine in a worker


@dataclass(frozen=True)
class ShardTask:
    """All that a worker needs to know of a shard.

    Attributes:
        source: URL of the photos.
        target: URL of the results.
        shard: The shard.
        options: What is done to its photos.
        record: What options and models are where the command runs; on another machine they must be the same.
        version: Of pielight where the command runs.
        search: Which members of a tar are photos.
        column: Of the bytes in a Parquet file; None finds it.
        attempt: The first is 1.
        losses: How often its worker died; after the second time, a photo that crashes its decoder fails alone.
    """

    source: str
    target: str
    shard: Shard
    options: ClusterOptions
    record: Mapping[str, str]
    version: str = __version__
    search: ShardSearch = field(default_factory=ShardSearch)
    column: str | None = None
    attempt: int = 1
    losses: int = 0

    @property
    def options_record(self) -> dict[str, str]:
        """All that determines the bytes of results, but the version: for manifests."""
        return {**self.record, **self.search.record(self.shard.kind, self.column)}


@dataclass(frozen=True)
class ShardFailure:
    """That a shard could not be enhanced.

    Attributes:
        text: Why, in a line.
        is_final: Whether another attempt would fail, too.
        is_full: Whether there is no room for results, so that all shards would fail.
    """

    text: str
    is_final: bool = False
    is_full: bool = False


def enhance_shard(task: ShardTask, on_photo: Callable[[], None] = lambda: None) -> Manifest:
    """Enhance a shard, and write its results, its rows of the report and last its manifest, each whole or not at all.

    Args:
        task: What is done; the same task gives the same bytes.
        on_photo: Called after each photo.

    Raises:
        ConfigError: This machine has another version or other models.
        StorageError: The shard cannot be read, or its results cannot be written.
        PielightError: It is damaged.
    """
    start, shard, options = time.perf_counter(), task.shard, task.options
    _check_machine(task)
    source, target = Storage(task.source), Storage(task.target)
    photos: Photos = GuardedPhotos(options) if task.losses > 1 else _photos_here(options)
    try:
        record = Recorder(shard.name, photos, on_photo)
        if shard.kind == "files":
            enhance_files(source, target, shard, record, options.file_format)
            sha256, size = checksum_of_files(record), sum(row.bytes_out or 0 for row in record.rows)
        else:
            sha256, size = _enhance_file(task, source, target, record)
    finally:
        photos.close()
    rows = encoded_rows(record.rows)
    target.write(shard.rows, rows)
    failed = sum(row.status == "failed" for row in record.rows)
    manifest = Manifest(
        shard.name, shard.kind, source.identity, shard.signature, task.options_record, __version__,
        len(record.rows) - failed, failed, record.copied, size, sha256, hashlib.sha256(rows).hexdigest(),
        round(time.perf_counter() - start, 3), tuple(record.notes),
    )  # fmt: skip
    target.write(shard.manifest, manifest.encoded())
    return manifest


def try_shard(task: ShardTask, on_photo: Callable[[], None] = lambda: None) -> Manifest | ShardFailure:
    """Enhance a shard; what goes wrong is returned, for another process to read."""
    try:
        return enhance_shard(task, on_photo)
    except StorageError as error:
        return ShardFailure(str(error), error.is_full or error.is_lasting, error.is_full)
    except PielightError as error:
        return ShardFailure(str(error), True)
    except MemoryError:
        return ShardFailure(f"{shown(task.shard.name)}: not enough memory")
    except OSError as error:
        return ShardFailure(f"{shown(task.shard.name)}: {error.strerror or error}")
    except Exception as error:  # noqa: BLE001 - the other shards go on
        return ShardFailure(f"{shown(task.shard.name)}: {type(error).__name__} ({shown(str(error))})", True)


def _photos_here(options: ClusterOptions) -> PhotosHere:
    if options not in _opened:
        _opened.clear()
        _opened[options] = PhotosHere(options)
    return _opened[options]


def _check_machine(task: ShardTask) -> None:
    here = task.options.record()
    if task.version != __version__:
        raise ConfigError(f"pielight {__version__} on this worker, {task.version} where the command runs; install one")
    if names := [name for name in {*here, *task.record} if here.get(name) != task.record.get(name)]:
        raise ConfigError(f"this worker has another {', '.join(sorted(names))}; give every machine the same models")


def _enhance_file(task: ShardTask, source: Storage, target: Storage, record: Recorder) -> tuple[str, int]:
    """Enhance a tar or Parquet file; return the checksum and the size of the result."""
    name, options = task.shard.name, task.options
    with source.reading(name) as file, target.writing(name) as written:
        summed = _Summed(written)
        sink, called = cast(BinaryIO, summed), source.shown(name)
        if task.shard.kind == "tar":
            enhance_tar(file, sink, record, task.search, options.file_format, called)
        else:
            enhance_parquet(file, sink, record, task.column, called)
    return summed.sha256.hexdigest(), summed.size


class _Summed(io.RawIOBase):
    """A file whose checksum is computed while it is written."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.sha256, self.size = hashlib.sha256(), 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.sha256.update(data)
        self._file.write(data)
        size = memoryview(data).nbytes
        self.size += size
        return size

    def tell(self) -> int:
        return self.size
