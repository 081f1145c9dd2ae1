"""Clips: jobs that are done one after another, each in a process of its own, with files in a private folder."""

from __future__ import annotations

import asyncio
import json
import logging
import multiprocessing
import secrets
import shutil
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Literal

from pielight.serve.clip_worker import work_on_clip
from pielight.serve.problems import Problem
from pielight.serve.settings import ServeSettings

State = Literal["receiving", "waiting", "running", "done", "failed"]
ENDED = ("done", "failed")
_SPACE = 3  # times a clip's size, for it and its result
_MOST_ENDED = 100
_CONTEXT = multiprocessing.get_context("spawn")


@dataclass(eq=False)
class ClipJob:
    """A clip, and what has become of it.

    Attributes:
        id: What it is called, which nobody can guess.
        folder: Where its files are, and nothing else.
        suffix: Extension of its file.
        asked: Its options.
        length: Bytes that it has at most.
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
    suffix: str
    asked: dict[str, Any]
    length: int
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
        return self.folder / f"result{self.suffix}"

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
        return 0 if self.state in ENDED else max(0, _SPACE * self.length - _size(self.source))

    def described(self) -> dict[str, Any]:
        """Return what clients are told."""
        return {"id": self.id, "state": self.state, **self.progress, "detail": self.detail}

    def change(self, state: State | None = None, detail: str | None = None, **progress: Any) -> None:
        """Note a change, and tell those who wait for one."""
        self.state, self.detail = state or self.state, detail or self.detail
        self.progress |= progress
        self.changed.set()
        self.changed = asyncio.Event()


class ClipJobs:
    """The jobs of a server.

    Args:
        settings: Those of the server.

    Attributes:
        is_ending: Whether the server ends, and streams of events should.
    """

    is_ending = False

    def __init__(self, settings: ServeSettings) -> None:
        self._settings = settings
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._jobs: dict[str, ClipJob] = {}
        self._queue: asyncio.Queue[ClipJob] = asyncio.Queue()
        self._thread = ThreadPoolExecutor(1, "pielight-clips")
        self._runner: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to work."""
        self._runner = asyncio.create_task(self._run())

    def end_streams(self) -> None:
        """Let streams of events end."""
        self.is_ending = True
        for job in self._jobs.values():
            job.change()

    def close(self) -> None:
        """Stop what runs, and forget all."""
        if self._runner is not None:
            self._runner.cancel()
        try:
            for job in list(self._jobs.values()):
                self.remove(job)
        finally:
            self._thread.shutdown(wait=False)
            if self._folder is not None:
                self._folder.cleanup()

    def folder(self) -> Path:
        """Return the folder of their files, which only this user may read; it is made for the first clip.

        Raises:
            Problem: There is no place for one.
        """
        if self._folder is None:
            try:
                self._folder = tempfile.TemporaryDirectory(prefix="pielight-", ignore_cleanup_errors=True)
            except OSError as error:
                raise no_place(error) from None
        return Path(self._folder.name)

    def find(self, name: str) -> ClipJob:
        """Return a job.

        Raises:
            Problem: There is none.
        """
        if name not in self._jobs:
            raise Problem(404, "no such clip; results are kept for a while only")
        return self._jobs[name]

    def new(self, suffix: str, asked: dict[str, Any], length: int = 0) -> ClipJob:
        """Begin a job, whose clip is to be written to its source, and which is then given to :meth:`submit`.

        Args:
            suffix: Extension of the clip's file.
            asked: Its options.
            length: Its bytes; 0 if that is not known.

        Raises:
            Problem: There are as many in work as the server takes, or its disk is full.
        """
        active = sum(job.state not in ENDED for job in self._jobs.values())
        if active >= self._settings.clips:
            raise Problem(503, f"{active} clips are in work already", retry_after=30)
        name, folder = secrets.token_urlsafe(16), self.folder()
        job = ClipJob(name, folder / name, suffix, asked, length or self._settings.max_clip)
        if shutil.disk_usage(folder).free < sum(one.reserved() for one in (job, *self._jobs.values())):
            raise Problem(503, "too little space on the server's disk", retry_after=60)
        try:
            job.folder.mkdir(mode=0o700)
        except OSError as error:
            raise no_place(error) from None
        self._jobs[name] = job
        return job

    def submit(self, job: ClipJob) -> None:
        """Queue a job whose clip is there."""
        job.change("waiting")
        self._queue.put_nowait(job)

    def remove(self, job: ClipJob) -> None:
        """Stop a job, and delete its files."""
        self._jobs.pop(job.id, None)
        with job.lock:
            job.is_removed = True
        job.stop()
        if job.state not in ENDED:
            job.change("failed", "deleted")
        shutil.rmtree(job.folder, ignore_errors=True)

    def drop_oldest(self) -> None:
        """Delete the oldest that have ended, beyond what is kept; the last one stays."""
        ended = [job for job in self._jobs.values() if job.state in ENDED]
        held = sum(_size(job.target) for job in ended)
        while len(ended) > 1 and (len(ended) > _MOST_ENDED or held > self._settings.max_results):
            held -= _size(ended[0].target)
            self.remove(ended.pop(0))

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            job = await self._queue.get()
            if job.id not in self._jobs:
                continue
            try:
                async with asyncio.timeout(self._settings.clip_seconds):
                    await self._work(job)
            except TimeoutError:
                job.change("failed", f"took longer than {self._settings.clip_seconds:g} s")
            except OSError as error:  # too many processes, or too little memory for one
                job.change("failed", f"no process could be started ({error.strerror})")
            except Exception:  # of one clip, which the next ones shall survive
                logging.getLogger("pielight").exception("clip %s", job.id)
                job.change("failed", "see the server's log")
            with suppress(OSError):
                job.source.unlink()
            self.drop_oldest()
            loop.call_later(self._settings.keep_seconds, self.remove, job)

    async def _work(self, job: ClipJob) -> None:
        loop = asyncio.get_running_loop()
        ours, theirs = _CONTEXT.Pipe()
        process = _CONTEXT.Process(
            target=work_on_clip, args=(theirs, self._settings, job.source, job.target, job.asked), daemon=True
        )
        try:
            with theirs:  # closed, so that the end of the process is the end of the pipe
                is_started = await loop.run_in_executor(self._thread, job.start, process)
            if not is_started:
                return
            job.change("running")
            while job.state == "running":
                told = await loop.run_in_executor(self._thread, _received, ours)
                if job.state != "running":  # deleted meanwhile
                    return
                if told is None:
                    job.change("failed", "the decoder crashed on it; it is damaged, or of an unknown kind")
                elif "problem" in told:
                    job.change("failed", told["detail"])
                elif told.pop("done", False):
                    job.change("done", **told)
                else:
                    job.change(**told)
        finally:
            job.stop()
            ours.close()


def no_place(error: OSError) -> Problem:
    """Return the problem that a file cannot be written."""
    return Problem(503, f"no place for clips ({error.strerror}); set TMPDIR", retry_after=60)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _received(connection: Connection) -> dict[str, Any] | None:
    """Wait for a message; None if the process is gone."""
    with suppress(EOFError, OSError):
        told: dict[str, Any] = json.loads(connection.recv_bytes())
        return told
    return None
