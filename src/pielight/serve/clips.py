"""``/v1/video``: clips as jobs, with progress as server-sent events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse

from pielight.core.extras import require
from pielight.core.messages import shown
from pielight.errors import MissingExtraError
from pielight.serve.clip_jobs import ENDED, ClipJob, ClipJobs, no_place
from pielight.serve.media_types import CLIPS, OCTETS, essence
from pielight.serve.parameters import VideoParameters
from pielight.serve.pictures import query_of
from pielight.serve.problems import Problem
from pielight.serve.settings import ServeSettings
from pielight.serve.uploads import check_length, file_name, limited, within
from pielight.serve.worker import without_paths
from pielight.video.containers import MUXERS

_KEEP_ALIVE = 15.0  # seconds, after which a comment is sent so that nobody takes the connection for dead


class Clips:
    """Answers requests for clips.

    Args:
        settings: Those of the server.
        jobs: Its jobs.
    """

    def __init__(self, settings: ServeSettings, jobs: ClipJobs) -> None:
        self._settings, self._jobs = settings, jobs

    async def submit(self, request: Request) -> Response:
        """Take a clip."""
        check_installed()
        given = VideoParameters.of(query_of(request))
        asked = {"task": given.task, "options": given.options(), "video": given.video()}
        suffix = suffix_of(given.name, request.headers.get("content-type"))
        check_length(request, self._settings.max_clip)
        length = request.headers.get("content-length", "")
        job = self._jobs.new(suffix, asked, int(length) if length.isdecimal() else 0)
        try:
            await self._receive(request, job)
        except BaseException:
            self._jobs.remove(job)
            raise
        self._jobs.submit(job)
        return JSONResponse(job.described(), 202, {"Location": f"/v1/video/{job.id}"})

    async def status(self, request: Request) -> Response:
        """Tell how far a clip is."""
        return JSONResponse(self._job(request).described())

    async def events(self, request: Request) -> Response:
        """Send the state after each change."""
        return StreamingResponse(self._events(self._job(request)), media_type="text/event-stream")

    async def result(self, request: Request) -> Response:
        """Send the result."""
        job = self._job(request)
        if job.state != "done":
            raise Problem(
                409, f"there is no result: the clip is {job.state}" + (f", {job.detail}" if job.detail else "")
            )
        kind = next((name for name, suffix in CLIPS.items() if suffix == job.suffix), OCTETS)
        return FileResponse(job.target, media_type=kind)

    async def delete(self, request: Request) -> Response:
        """Stop a clip, and forget it."""
        self._jobs.remove(self._job(request))
        return Response(status_code=204)

    def _job(self, request: Request) -> ClipJob:
        check_installed()
        return self._jobs.find(request.path_params["id"])

    async def _receive(self, request: Request, job: ClipJob) -> None:
        try:
            with job.source.open("wb") as file:
                async with within(self._settings.clip_body_seconds):
                    async for part in limited(request, self._settings.max_clip):
                        await run_in_threadpool(file.write, part)
                if not file.tell():
                    raise Problem.of("request", "no clip: send it as the body")
        except OSError as error:  # no space left
            raise no_place(error) from None

    async def _events(self, job: ClipJob) -> AsyncIterator[str]:
        while True:
            changed, told = job.changed, job.described()  # the job may change while they are sent
            yield f"event: {told['state']}\ndata: {json.dumps(told)}\n\n"
            if told["state"] in ENDED:
                return
            while not changed.is_set():
                try:
                    async with asyncio.timeout(_KEEP_ALIVE):
                        await changed.wait()
                except TimeoutError:
                    yield ": still there\n\n"
            if self._jobs.is_ending:
                return


def check_installed() -> None:
    """Check that clips can be enhanced.

    Raises:
        Problem: The extra is missing.
    """
    try:
        require("video")
    except MissingExtraError as error:
        raise Problem(501, without_paths(str(error)), "extra") from None


def suffix_of(name: str | None, content_type: str | None) -> str:
    """Return the extension of a clip's file, by its name or its media type.

    Raises:
        Problem: Neither tells, or the body is no clip by its media type.

    >>> suffix_of("night.MKV", None), suffix_of(None, "video/mp4")
    ('.mkv', '.mp4')
    """
    kind = essence(content_type)
    if kind not in ("", OCTETS) and not kind.startswith("video/"):
        raise Problem(415, f"{shown(kind)}: expected video/* or {OCTETS}; the clip is the body, without a form")
    suffix = CLIPS.get(kind, "") if name is None else Path(file_name(name)).suffix.lower()
    if suffix not in MUXERS:
        said = shown(name or kind) or "no Content-Type"
        raise Problem(415, f"{said}: expected {', '.join(CLIPS)}, or a name such as ?name=clip.mp4")
    return suffix
