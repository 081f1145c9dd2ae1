"""Pictures in tar files, as WebDataset lays them out: found by an index, read one by one, never unpacked."""

from __future__ import annotations

import re
import tarfile
from dataclasses import dataclass
from functools import lru_cache
from glob import glob
from itertools import product
from pathlib import Path

from pielight.core.atomic_file import MAX_FILE_BYTES
from pielight.core.messages import shown
from pielight.errors import DataError
from pielight.io.formats import is_picture_name

_RANGE = re.compile(r"\{(\d+)\.\.(\d+)\}")
_MOST_SHARDS, _MOST_MEMBERS = 100_000, 1_000_000  # of a name with ranges; of a tar
_LONGEST_NAME = 4096


@dataclass(frozen=True, order=True)
class Member:
    """A picture in a tar."""

    shard: Path
    name: str
    offset: int
    """Where its bytes begin in the tar."""
    size: int

    def __str__(self) -> str:
        """Return the names of the tar and of the picture in it."""
        return f"{self.shard}/{self.name}"

    def read(self) -> bytes:
        """Return the bytes of its file.

        Raises:
            DataError: The tar cannot be read, or is shorter now.
        """
        try:
            with self.shard.open("rb") as file:
                file.seek(self.offset)
                data = file.read(self.size)
        except OSError as error:
            raise DataError(f"unreadable: {error.strerror}") from None
        if len(data) < self.size:
            raise DataError("unreadable: the tar is truncated")
        return data


def names_shards(source: str) -> bool:
    """Return whether a source of pictures is tar files, not a folder.

    >>> names_shards("shards/{000..010}.tar"), names_shards("shards")
    (True, False)
    """
    return source.endswith(".tar")


def shards(source: str) -> list[Path]:
    """Return the tar files of a name with ranges or wildcards, sorted.

    Raises:
        DataError: There is none, or there are too many.

    >>> shards("none/{08..10}.tar")
    Traceback (most recent call last):
    pielight.errors.DataError: none/08.tar: no such file
    """
    pieces = _RANGE.split(source)
    ranges = [_numbers(first, last) for first, last in zip(pieces[1::3], pieces[2::3], strict=True)]
    paths = []
    for numbers in product(*ranges):
        between = [*numbers, ""]
        name = "".join(text + number for text, number in zip(pieces[::3], between, strict=True))
        path = Path(name).expanduser()
        found = [path] if path.is_file() else [Path(one) for one in glob(str(path))]  # noqa: PTH207 - of a whole path
        if not found:
            raise DataError(f"{shown(name)}: no such file")
        paths += found
        if len(paths) > _MOST_SHARDS:
            raise DataError(f"{shown(source)}: more than {_MOST_SHARDS:,} files")
    return sorted(set(paths))


def members(source: str) -> list[Member]:
    """Return the pictures in the tar files of a name with ranges or wildcards, by their extensions.

    Raises:
        DataError: There is no such file, or one is damaged, compressed, or holds too many.
    """
    found: list[Member] = []
    for path in shards(source):
        stat = path.stat()
        found += _index(path, stat.st_size, stat.st_mtime_ns)
    return found


@lru_cache(64)
def _index(path: Path, length: int, _changed: int) -> tuple[Member, ...]:
    found: list[Member] = []
    last = -1
    try:
        with tarfile.open(path, "r:") as tar:  # not what is compressed, in which nothing can be found
            while (entry := tar.next()) is not None:
                tar.members.clear()  # type: ignore[attr-defined]  # else all are kept
                if entry.offset_data <= last or len(found) >= _MOST_MEMBERS:
                    raise tarfile.ReadError(f"more than {_MOST_MEMBERS:,} files, or a loop")
                last = entry.offset_data
                if not entry.isreg() or entry.issparse() or len(entry.name) > _LONGEST_NAME:
                    continue
                if is_picture_name(Path(entry.name)) and entry.size <= MAX_FILE_BYTES:
                    if last + entry.size > length:
                        raise tarfile.ReadError("truncated")
                    found.append(Member(path, entry.name, last, entry.size))
    except (tarfile.TarError, OSError, ValueError, OverflowError, RecursionError) as error:
        reason = shown((str(error).strip() or type(error).__name__).splitlines()[0])[:120]
        raise DataError(f"{shown(path)}: no tar without compression, or damaged ({reason})") from None
    return tuple(found)


def _numbers(first: str, last: str) -> list[str]:
    """Return the numbers of a range, as long as its first is with zeros before it.

    Raises:
        DataError: There are too many.
    """
    count = int(last) - int(first) + 1
    if not 0 < count <= _MOST_SHARDS:
        raise DataError(f"{{{first}..{last}}}: expected a range of 1 to {_MOST_SHARDS:,} files")
    return [str(int(first) + number).zfill(len(first)) for number in range(count)]
