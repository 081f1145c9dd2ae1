"""One clip that is enhanced as a job: its files, its options, and how far it is."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Literal

State = Literal["receiving", "waiting", "running", "done", "failed"]
ENDED = ("done", "failed")
_SPACE = 3  # times a clip's size, for it and its result


@dataclass(eq=False)
class ClipJob:
    """A clip, and what has become of it.

    Attributes:
        id: What it is called, which nobody can guess.
        folder: Where its files are, and nothing else.
        client: Address of who sends it.
        length: Bytes that it has at most.
        suffix: Extension of its file, which is known when the file is there.
        result_suffix: Extension of its result.
        asked: Its options.
        state: Where it is.
        progress: How far it is.
        detail: Why it failed.
        process: What works on it; set when it has started.
        is_removed: Whether nothing may be started for it any more.
        lock: Held while ``process`` is started, and while ``is_removed`` is set.
        changed: Set, and replaced, at each change.
    """

    id: str
    folder: Path
    client: str
    length: int
    suffix: str = ""
    result_suffix: str = ""
    asked: dict[str, Any] = field(default_factory=dict)
    state: State = "receiving"
    progress: dict[str, Any] = field(default_factory=dict)
    detail: str | None = None
    process: BaseProcess | None = None
    is_removed: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def source(self) -> Path:
        """The clip."""
        return self.folder / f"clip{self.suffix}"

    @property
    def target(self) -> Path:
        """The result."""
        return self.folder / f"result{self.result_suffix}"

    def name_files(self, suffix: str, result_suffix: str) -> None:
        """Give its file and its result their extensions."""
        received = self.source
        self.suffix, self.result_suffix = suffix, result_suffix
        received.rename(self.source)

    def start(self, process: BaseProcess) -> bool:
        """Start what works on it; return whether it was not removed meanwhile."""
        with self.lock:
            if self.is_removed:
                return False
            process.start()
            self.process = process
            return True

    def stop(self) -> None:
        """End what works on it."""
        if self.process is not None:
            self.process.kill()
            self.process.join()

    def reserved(self) -> int:
        """Return how many bytes its files may still take."""
        return 0 if self.state in ENDED else max(0, _SPACE * self.length - size_of(self.source))

    def described(self) -> dict[str, Any]:
        """Return what clients are told."""
        return {"id": self.id, "state": self.state, **self.progress, "detail": self.detail}

    def change(self, state: State | None = None, detail: str | None = None, **progress: Any) -> None:
        """Note a change, and tell those who wait for one."""
        self.state, self.detail = state or self.state, detail or self.detail
        self.progress |= progress
        self.changed.set()
        self.changed = asyncio.Event()


def size_of(path: Path) -> int:
    """Return the bytes of a file, 0 if there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return 0
