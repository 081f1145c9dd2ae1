"""Clips: jobs that are done one after another, each in a process of its own, with files in a private folder."""

from __future__ import annotations

import asyncio
import json
import logging
import multiprocessing
import secrets
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from pielight.serve.clip_folder import ClipFolder, remove_abandoned
from pielight.serve.clip_job import ENDED, ClipJob, size_of
from pielight.serve.clip_worker import work_on_clip
from pielight.serve.problems import Problem
from pielight.serve.settings import ServeSettings

_MOST_ENDED = 100
_WAIT = 30.0  # seconds after which there may be a place
_CONTEXT = multiprocessing.get_context("spawn")


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
        self._folder = ClipFolder()
        self._jobs: dict[str, ClipJob] = {}
        self._queue: asyncio.Queue[ClipJob] = asyncio.Queue()
        self._thread = ThreadPoolExecutor(1, "pielight-clips")
        self._runner: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to work."""
        remove_abandoned()
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
            self._folder.remove()

    def folder(self) -> Path:
        """Return the folder of their files, which is made for the first clip.

        Raises:
            Problem: There is no place for one.
        """
        try:
            return self._folder.path()
        except OSError as error:
            raise no_place(error) from None

    def find(self, name: str) -> ClipJob:
        """Return a job.

        Raises:
            Problem: There is none.
        """
        if name not in self._jobs:
            raise Problem(404, "no such clip; results are kept for a while only")
        return self._jobs[name]

    def new(self, client: str, length: int = 0) -> ClipJob:
        """Begin a job, whose clip is to be written to its source, and which is then given to :meth:`submit`.

        Args:
            client: Address of who sends it.
            length: Its bytes; 0 if that is not known.

        Raises:
            Problem: There are as many of this address, or in work, as the server takes, or its disk is full.
        """
        own = sum(job.client == client for job in self._jobs.values())
        if 0 < self._settings.clips_per_address <= own:
            detail = f"{own} clips of this address are in work or kept; DELETE those that are done"
            raise Problem(429, detail, retry_after=_WAIT)
        active = sum(job.state not in ENDED for job in self._jobs.values())
        if active >= self._settings.clips:
            raise Problem(503, f"{active} clips are in work already", retry_after=_WAIT)
        name, folder = secrets.token_urlsafe(16), self.folder()
        job = ClipJob(name, folder / name, client, length or self._settings.max_clip)
        if shutil.disk_usage(folder).free < sum(one.reserved() for one in (job, *self._jobs.values())):
            raise Problem(503, "too little space on the server's disk", retry_after=60)
        try:
            job.folder.mkdir(mode=0o700)
        except OSError as error:
            raise no_place(error) from None
        self._jobs[name] = job
        return job

    def submit(self, job: ClipJob, suffix: str, result_suffix: str, asked: dict[str, Any]) -> None:
        """Queue a job whose clip is there.

        Args:
            job: The job.
            suffix: Extension of the clip's file.
            result_suffix: Extension of its result.
            asked: Its options.

        Raises:
            Problem: The file cannot be named so.
        """
        try:
            job.name_files(suffix, result_suffix)
        except OSError as error:
            raise no_place(error) from None
        job.asked = asked
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
        held = sum(size_of(job.target) for job in ended)
        while len(ended) > 1 and (len(ended) > _MOST_ENDED or held > self._settings.max_results):
            held -= size_of(ended[0].target)
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


def _received(connection: Connection) -> dict[str, Any] | None:
    """Wait for a message; None if the process is gone."""
    with suppress(EOFError, OSError):
        told: dict[str, Any] = json.loads(connection.recv_bytes())
        return told
    return None
