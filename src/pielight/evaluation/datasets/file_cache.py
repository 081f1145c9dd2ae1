"""Checksums and sizes of files, which are expensive to compute: cached, and kept beside a report."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pielight.core.messages import shown
from pielight.errors import PictureError
from pielight.io.load_rgb import header_size

FILE = "files.jsonl"
_SETTLED = 2 * 10**9  # nanoseconds: a file modified later than this may change again within one tick of its clock

Stamp = tuple[int, ...]


class FileCache:
    """Quantities of files, each valid while device, inode, size and times of the file stay the same.

    Attributes:
        on_read: Called with the path of every file that is read for a fact.
    """

    def __init__(self) -> None:
        self.on_read: Callable[[Path], object] = lambda _: None
        self._known: dict[tuple[str, str], tuple[Stamp, Any]] = {}
        self._unsaved: list[bytes] = []
        self._folder: Path | None = None

    def get(self, quantity: str, path: Path, compute: Callable[[Path], Any]) -> Any:
        """Return a quantity of a file, such as its checksum, cached or computed: a value that JSON can hold."""
        stamp = _stamp(path)
        key = quantity, str(path.absolute())
        if stamp is not None and key in self._known and self._known[key][0] == stamp:
            return self._known[key][1]
        self.on_read(path)
        value = compute(path)
        if stamp is not None and stamp == _stamp(path) and time.time_ns() - max(stamp[-2:]) > _SETTLED:
            self._known[key] = stamp, value
            self._unsaved.append(json.dumps([*key, stamp, value]).encode() + b"\n")
            if self._folder is not None:
                self.save(self._folder)
        return value

    def load(self, folder: Path) -> None:
        """Read what an earlier run saved in a folder, if anything; damaged lines are skipped."""
        self._folder = None
        try:
            lines = (folder / FILE).read_bytes().splitlines()
        except OSError:
            return
        for line in lines:
            try:
                quantity, path, stamp, value = json.loads(line)
                self._known[str(quantity), str(path)] = tuple(map(int, stamp)), value
            except (ValueError, TypeError, RecursionError):
                continue

    def save(self, folder: Path) -> None:
        """Append what is new to the file in a folder, and from now on each new quantity at once.

        Without room on the disk, facts are cached in this process only.
        """
        self._folder = folder
        lines, self._unsaved = b"".join(self._unsaved), []
        try:
            file = os.open(folder / FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
            try:
                os.write(file, lines)
            finally:
                os.close(file)
        except OSError:
            self._folder = None


FILE_CACHE = FileCache()


def size(path: Path) -> tuple[int, int] | None:
    """Return width and height of a picture after it is turned upright, from its header; None if that is damaged."""
    sides = FILE_CACHE.get("size", path, header_size)
    return None if sides is None else (int(sides[0]), int(sides[1]))


def sha256(*paths: Path) -> str:
    """Return 16 digits of the SHA-256 of a file, or of those of several; PictureError if one cannot be read."""
    digests = [str(FILE_CACHE.get("sha256", path, _sha256)) for path in paths]
    return (digests[0] if len(digests) == 1 else hashlib.sha256(" ".join(digests).encode()).hexdigest())[:16]


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise PictureError(f"{shown(path)}: cannot be read ({error.strerror})") from error


def _stamp(path: Path) -> Stamp | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
