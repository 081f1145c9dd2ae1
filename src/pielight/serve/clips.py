"""``/v1/video``: clips as jobs, with progress as server-sent events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from http import HTTPStatus
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from pielight.core.extras import require
from pielight.core.messages import shown
from pielight.errors import MissingExtraError
from pielight.serve.clip_job import ENDED, ClipJob, size_of
from pielight.serve.clip_jobs import ClipJobs, no_place
from pielight.serve.media_types import CLIPS, OCTETS, essence
from pielight.serve.parameters import VideoParameters
from pielight.serve.pictures import query_of
from pielight.serve.problems import Problem
from pielight.serve.rate_limit import client_address
from pielight.serve.settings import ServeSettings
from pielight.serve.uploads import FORM, Form, check_length, file_name, limited, read_form, within
from pielight.serve.worker import without_paths
from pielight.video.containers import MUXERS

_KEEP_ALIVE = 15.0  # seconds, after which a comment is sent so that nobody takes the connection for dead


class _ResultResponse(FileResponse):
    """A file or ranges of it; ranges that it does not have are refused as everything is."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def check(message: Message) -> None:
            if message["type"] == "http.response.start" and (status := message["status"]) >= HTTPStatus.BAD_REQUEST:
                problem = Problem(status, "Range: malformed, or beyond the end of the result")
                problem.headers = {"Content-Range": f"bytes */{size_of(Path(self.path))}"}
                raise problem
            await send(message)

        await super().__call__(scope, receive, check)


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
        query, kind = query_of(request), essence(request.headers.get("content-type"))
        given = VideoParameters.of(query)  # what is wrong is told before the body is read
        if kind != FORM:
            suffix_of(given.name, kind)
        check_length(request, self._settings.max_clip)
        length = request.headers.get("content-length", "")
        job = self._jobs.new(client_address(request.scope), int(length) if length.isdecimal() else 0)
        try:
            form = await self._receive(request, job, kind == FORM)
            given = VideoParameters.of(query, form.fields)
            suffix = suffix_of(given.name, kind) if form.file is None else suffix_of_form(given.name, form.file)
            asked = {"task": given.task, "options": given.options(), "video": given.video()}
            self._jobs.submit(job, suffix, f".{given.format}" if given.format else suffix, asked)
        except BaseException:
            self._jobs.remove(job)
            raise
        return JSONResponse(job.described(), 202, {"Location": f"/v1/video/{job.id}"})

    async def job(self, request: Request) -> Response:
        """Tell how far a clip is, or delete it."""
        return await (self.delete if request.method == "DELETE" else self.status)(request)

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
        kind = next((name for name, suffix in CLIPS.items() if suffix == job.result_suffix), OCTETS)
        return _ResultResponse(job.target, media_type=kind)

    async def delete(self, request: Request) -> Response:
        """Stop a clip, and forget it."""
        self._jobs.remove(self._job(request))
        return Response(status_code=204)

    def _job(self, request: Request) -> ClipJob:
        check_installed()
        return self._jobs.find(request.path_params["id"])

    async def _receive(self, request: Request, job: ClipJob, is_form: bool) -> Form:
        form = Form(None, {})
        try:
            with job.source.open("wb") as file:
                async with within(self._settings.clip_body_seconds):
                    parts = limited(request, self._settings.max_clip)
                    if is_form:
                        form = await read_form(request, parts, file)
                    else:
                        async for part in parts:
                            await run_in_threadpool(file.write, part)
        except OSError as error:  # no space left
            raise no_place(error) from None
        if not size_of(job.source):
            raise Problem.of("request", "no clip: send it as the body, or as the file of a form")
        return form

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


def suffix_of(name: str | None, kind: str) -> str:
    """Return the extension of a clip's file, by its name or its media type.

    Raises:
        Problem: Neither tells, or the body is no clip by its media type.

    >>> suffix_of("night.MKV", ""), suffix_of(None, "video/mp4")
    ('.mkv', '.mp4')
    """
    if kind not in ("", OCTETS) and not kind.startswith("video/"):
        raise Problem(415, f"{shown(kind)}: expected video/*, {OCTETS} or {FORM}")
    suffix = CLIPS.get(kind, "") if name is None else Path(file_name(name)).suffix.lower()
    if suffix not in MUXERS:
        said = shown(name or kind) or "no Content-Type"
        raise Problem(415, f"{said}: expected {', '.join(CLIPS)}, or a name such as ?name=clip.mp4")
    return suffix


def suffix_of_form(name: str | None, file: UploadFile) -> str:
    """Return the extension of the file of a form, by a name, by its own, or by its media type.

    Raises:
        Problem: See :func:`suffix_of`.
    """
    if name is None and Path(file_name(file.filename)).suffix.lower() in MUXERS:
        name = file.filename
    return suffix_of(name, essence(file.content_type))
