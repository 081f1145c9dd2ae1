"""What is known of files without reading them again: their checksums and sizes, kept beside a report."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

FILE = "files.jsonl"
_SETTLED = 2 * 10**9  # nanoseconds: what changed later than this may change again within one tick of the clock

Stamp = tuple[int, ...]


class Inventory:
    """Facts of files, each computed once while the file stays as it is: the same place on the disk, size and times.

    Attributes:
        looked: Told the path of every file that is read for a fact.
    """

    def __init__(self) -> None:
        self.looked: Callable[[Path], object] = lambda _: None
        self._known: dict[tuple[str, str], tuple[Stamp, Any]] = {}
        self._new: list[bytes] = []
        self._folder: Path | None = None

    def fact(self, kind: str, path: Path, compute: Callable[[Path], Any]) -> Any:
        """Return what ``compute`` says of a file, now or when it was asked before.

        Args:
            kind: What is asked.
            path: The file.
            compute: Reads it; its answer is one that JSON knows.
        """
        stamp = _stamp(path)
        key = kind, str(path.absolute())
        if stamp is not None and key in self._known and self._known[key][0] == stamp:
            return self._known[key][1]
        self.looked(path)
        value = compute(path)
        if stamp is not None and stamp == _stamp(path) and time.time_ns() - max(stamp[-2:]) > _SETTLED:
            self._known[key] = stamp, value
            self._new.append(json.dumps([*key, stamp, value]).encode() + b"\n")
            if self._folder is not None:
                self.keep(self._folder)
        return value

    def read(self, folder: Path) -> None:
        """Take what an earlier run has kept in a folder, if anything; a line that is damaged says nothing."""
        self._folder = None
        try:
            lines = (folder / FILE).read_bytes().splitlines()
        except OSError:
            return
        for line in lines:
            try:
                kind, path, stamp, value = json.loads(line)
                self._known[str(kind), str(path)] = tuple(map(int, stamp)), value
            except (ValueError, TypeError, RecursionError):
                continue

    def keep(self, folder: Path) -> None:
        """Add what is new to the file in a folder, from now on at once; a disk that is full keeps nothing."""
        self._folder = folder
        lines, self._new = b"".join(self._new), []
        try:
            file = os.open(folder / FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
            try:
                os.write(file, lines)
            finally:
                os.close(file)
        except OSError:  # it is known in this process all the same
            self._folder = None


def _stamp(path: Path) -> Stamp | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


INVENTORY = Inventory()
