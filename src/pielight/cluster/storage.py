"""A folder on disk or a prefix of an object store: listed, read, and written whole or not at all."""

from __future__ import annotations

import errno
import io
import os
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TypeVar, cast

import fsspec

from pielight.core.atomic_file import MAX_FILE_BYTES, open_atomic
from pielight.core.messages import shown
from pielight.errors import MissingExtraError, OptionError, PictureError, PielightError

T = TypeVar("T")
ONE_REQUEST = 32 << 20  # bytes that are uploaded in one request; more goes up in parts
_TRIES, _PAUSE = 4, 0.5  # above those of the client of the store, and seconds before the second
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
_HOPELESS = (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError)
_NO_NAME = (errno.ELOOP, errno.ENAMETOOLONG)
_MANY = 200  # small files that are read at once
S3 = {"connect_timeout": 10, "read_timeout": 60, "retries": {"max_attempts": 8, "mode": "standard"}}


class StorageError(PielightError, OSError):
    """A place cannot be listed, read or written.

    Attributes:
        is_full: Whether there is no room, so that nothing more can be written.
        is_lasting: Whether it is this file's, which is gone or forbidden, and not a failure of the store that passes.

    >>> str(StorageError("s3://photos: cannot be read (timeout)"))
    's3://photos: cannot be read (timeout)'
    """

    def __init__(self, text: str, is_full: bool = False, is_lasting: bool = False) -> None:
        super().__init__(text)
        self.is_full, self.is_lasting = is_full, is_lasting

    def __str__(self) -> str:
        return str(self.args[0])


class Entry(NamedTuple):
    """A file in a place."""

    name: str  # relative to the place, with /
    size: int
    stamp: str  # changes when the file does: the ETag, or the time of change


class Storage:
    """A folder, or a prefix of an object store.

    Args:
        url: A path, or what fsspec reads, as ``s3://bucket/prefix``.

    Raises:
        OptionError: It is empty, as an unset variable of a shell, and not the whole disk.

    >>> Storage("photos/").url
    'photos'
    """

    def __init__(self, url: str) -> None:
        if not url:
            raise OptionError("an empty path; . is this folder, and / the whole disk")
        self.url = url.rstrip("/") or "/"

    @cached_property
    def _opened(self) -> tuple[Any, str]:
        protocol = self.url.partition("://")[0] if "://" in self.url else "file"
        given: dict[str, Any] = {"config_kwargs": S3} if protocol in ("s3", "s3a") else {}
        try:
            fs, path = fsspec.core.url_to_fs(self.url, use_listings_cache=False, **given)
        except ImportError as error:
            if protocol in ("s3", "s3a"):
                raise MissingExtraError("s3fs", "cluster") from error
            raise StorageError(f"{shown(self.url)}: {error}") from error
        except ValueError as error:
            raise StorageError(f"{shown(self.url)}: {error}") from error
        return fs, str(path).rstrip("/")

    @property
    def _fs(self) -> Any:
        return self._opened[0]

    @cached_property
    def folder(self) -> Path | None:
        """The folder on this machine; None of an object store."""
        return Path(self._opened[1] or "/") if "file" in self._protocols else None

    @property
    def _protocols(self) -> tuple[str, ...]:
        protocol = self._fs.protocol
        return (protocol,) if isinstance(protocol, str) else tuple(protocol)

    @cached_property
    def identity(self) -> str:
        """What names the place among all: two of one identity are one place."""
        return f"{self._protocols[0]}://{self._opened[1] if self.folder is None else os.path.realpath(self.folder)}"

    @property
    def address(self) -> str:
        """The URL for other processes, which may work elsewhere: a path is absolute."""
        return self.url if self.folder is None or "://" in self.url else str(self.folder.absolute())

    def path(self, name: str) -> str:
        """Return the full path of a file, without the protocol."""
        return f"{self._opened[1]}/{name}" if name else self._opened[1]

    def shown(self, name: str) -> str:
        """Return what a file is called in messages."""
        return shown(f"{self.url}/{name}" if name else self.url)

    def entries(self, prefix: str = "") -> list[Entry]:
        """List the files below, sorted by name; none where there is no such folder.

        Raises:
            StorageError: They cannot be listed.
        """
        strict = {} if self.folder is None else {"on_error": "raise"}  # else a folder without rights looks empty
        start = self.path(prefix)
        try:
            found = self._tried(
                lambda: self._fs.find(start, detail=True, **strict) if self._fs.isdir(start) else {}, prefix, "listed"
            )
        except StorageError as error:
            if isinstance(error.__cause__, FileNotFoundError):
                return []
            raise
        below = len(self.path("")) + 1
        return sorted(
            Entry(str(path)[below:], int(info["size"] or 0), _stamp(info))
            for path, info in found.items()
            if info["type"] == "file" or info.get("islink")
        )

    def is_folder(self) -> bool:
        """Return whether there is a folder, or something below the prefix."""
        return bool(self._tried(lambda: self._fs.isdir(self.path("")), "", "read"))

    @contextmanager
    def reading(self, name: str) -> Iterator[BinaryIO]:
        """Open a file to be read from its start, and in places.

        Raises:
            StorageError: It cannot be opened or, in the block, read.
        """
        file = self._tried(lambda: self._fs.open(self.path(name), "rb"), name, "read")
        with file:
            yield cast(BinaryIO, io.BufferedReader(_Source(file, self, name), 1 << 20))

    def read(self, name: str) -> bytes:
        """Read a file of at most 1 GB.

        Raises:
            StorageError: It cannot be read.
            PictureError: It is larger.
        """
        if self.folder is not None:
            try:
                with (self.folder / name).open("rb") as file:
                    data = file.read(MAX_FILE_BYTES + 1)
            except OSError as error:
                raise self._failure(name, "read", error) from error
        else:
            data = self._tried(lambda: self._fs.cat_file(self.path(name)), name, "read")
        if len(data) > MAX_FILE_BYTES:
            raise PictureError(f"{self.shown(name)}: more than the limit of {MAX_FILE_BYTES >> 20} MB")
        return data

    def read_all(self, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Read small files, many at a time.

        Raises:
            StorageError: One cannot be read.
        """
        for start in range(0, len(names), _MANY):
            part = names[start : start + _MANY]
            if self.folder is not None:
                yield from ((name, self.read(name)) for name in part)
                continue
            paths = {self.path(name): name for name in part}
            found = self._tried(lambda paths=paths: self._fs.cat(list(paths)), part[0], "read")  # type: ignore[misc]
            data = found if isinstance(found, dict) else dict.fromkeys(paths, found)
            yield from ((name, data[path]) for path, name in paths.items())

    @contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        """Open a file that gets its name, or is uploaded, at the end of the block, and not at all if that raises.

        Raises:
            StorageError: It cannot be written.
        """
        try:
            if self.folder is not None:
                with open_atomic(self.folder / name) as file:
                    yield file
                return
            with tempfile.TemporaryFile() as spool:
                yield cast(BinaryIO, spool)
                self._tried(lambda: self._upload(spool, self.path(name)), name, "written")
        except StorageError:
            raise
        except PictureError as error:  # of the file; what the block raises passes
            raise StorageError(str(error), _is_full(error)) from error
        except OSError as error:  # of the temporary file
            raise self._failure(name, "written", error) from error

    def write(self, name: str, data: bytes) -> None:
        """Write a file whole or not at all.

        Raises:
            StorageError: It cannot be written.
        """
        with self.writing(name) as file:
            file.write(data)

    def _upload(self, spool: Any, path: str) -> None:
        size = spool.seek(0, io.SEEK_END)
        spool.seek(0)
        if size <= ONE_REQUEST:
            self._fs.pipe_file(path, spool.read())
            return
        file = self._fs.open(path, "wb", block_size=ONE_REQUEST, autocommit=False)
        try:
            shutil.copyfileobj(spool, file, 1 << 20)
            file.close()
            file.commit()
        except BaseException:
            with suppress(Exception):  # the first error counts
                file.discard()
            file.closed = True  # or else it would go on when it is collected
            raise

    def _tried(self, call: Callable[[], T], name: str, what: str) -> T:
        """Call what may fail for a moment, several times if need be."""
        for number in range(_TRIES):
            try:
                return call()
            except PielightError:
                raise
            except Exception as error:  # each store has errors of its own
                is_last = self.folder is not None or number == _TRIES - 1
                if is_last or isinstance(error, _HOPELESS) or _is_full(error):
                    raise self._failure(name, what, error) from error
                time.sleep(_PAUSE * 2**number * random.uniform(0.5, 1.5))
        raise AssertionError

    def _failure(self, name: str, what: str, error: Exception) -> StorageError:
        reason = (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__
        if isinstance(error, FileNotFoundError):
            reason = "there is none"
        is_lasting = isinstance(error, _HOPELESS) or getattr(error, "errno", None) in _NO_NAME
        return StorageError(f"{self.shown(name)}: cannot be {what} ({shown(reason)})", _is_full(error), is_lasting)


class _Source(io.RawIOBase):
    """A file whose errors name it."""

    def __init__(self, file: Any, storage: Storage, name: str) -> None:
        self._file, self._storage, self._name = file, storage, name

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        def read() -> bytes:
            self._file.seek(place)
            return bytes(self._file.read(len(buffer)))

        place = self._file.tell()
        data = self._storage._tried(read, self._name, "read")
        buffer[: len(data)] = data
        return len(data)

    def seek(self, position: int, whence: int = io.SEEK_SET) -> int:
        return int(self._file.seek(position, whence))

    def tell(self) -> int:
        return int(self._file.tell())


def _stamp(info: dict[str, Any]) -> str:
    for name in ("ETag", "etag", "md5Hash", "mtime", "LastModified", "updated", "created"):
        if info.get(name) is not None:
            return str(info[name]).strip('"')
    return ""


def _is_full(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, OSError) and error.errno in _FULL:
            return True
        error = error.__cause__
    return False
