"""The server of a survey: a page, pictures under random names, and votes."""

from __future__ import annotations

import asyncio
import json
import math
import secrets
import sqlite3
from collections.abc import Callable, Collection
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from pielight.core.html import render_page
from pielight.core.http_connection import TimedConnection
from pielight.core.http_listener import address_of, is_local, listen, own_names
from pielight.core.messages import shown
from pielight.errors import DataError
from pielight.survey.guard import Guard
from pielight.survey.study import LEVELS, Question, Study, Votes, load, picture_path, questions

MAX_RATERS = 10_000  # so that a script cannot fill the disk
MAX_CONNECTIONS = 500
REQUEST_SECONDS = 10.0  # for the body of a vote
_PREFETCHED = 2  # questions whose pictures are fetched while one is answered
_PAGE_HEADERS = {"Content-Security-Policy": "frame-ancestors 'none'", "Cache-Control": "no-cache"}  # and its own policy
_PICTURE_HEADERS = {  # a real time would tell in which order the methods' pictures were written
    "Cache-Control": "private, max-age=604800, immutable",
    "Last-Modified": "Thu, 01 Jan 1970 00:00:00 GMT",
}
_ERRORS: dict[Any, Any] = {
    HTTPException: lambda _, error: JSONResponse({"error": error.detail}, error.status_code, error.headers),
    ClientDisconnect: lambda _, __: Response(status_code=400),
    TimeoutError: lambda _, __: JSONResponse({"error": "The request came too slowly."}, 408),
    sqlite3.Error: lambda _, error: JSONResponse({"error": f"The vote was not stored ({error})."}, 503),
}


class Survey:
    """Answers the page's requests; never tells which method made a picture."""

    def __init__(self, folder: Path, study: Study, votes: Votes) -> None:
        """Take the study of a folder; raise DataError if a picture is missing."""
        self.folder, self.study, self.votes = folder, study, votes
        self.rated, asked = study.settings.mode == "rating", questions(study, "")
        self.answers = tuple(map(str, LEVELS)) if self.rated else ("left", "tie", "right")
        self.pictures = frozenset(name for scene in study.scenes for name in scene.files())
        missing = sorted(name for name in self.pictures if not picture_path(folder, name).is_file())
        if missing:
            raise DataError(f"{shown(folder)}: {len(missing)} pictures are missing, the first is pictures/{missing[0]}")
        self.page = render_page(
            "survey/page.html", title=study.settings.title, consent=study.settings.consent, questions=len(asked),
            has_checks=any(one.check for one in asked), has_input=study.settings.show_input,
            levels=LEVELS if self.rated else {},
        )  # fmt: skip
        self.routes = [
            Route("/", lambda _: HTMLResponse(self.page, headers=_PAGE_HEADERS)),
            Route("/pictures/{name}", self.picture),
            Route("/question", lambda request: JSONResponse(self._state(self._rater(request)))),
            Route("/raters", self.begin, methods=["POST"]),
            Route("/votes", self.vote, methods=["POST"]),
        ]

    def picture(self, request: Request) -> Response:
        """Send a picture; only names that the study lists exist."""
        name = request.path_params["name"]
        if name not in self.pictures:
            raise HTTPException(404, "No such picture.")
        return FileResponse(picture_path(self.folder, name), headers={**_PICTURE_HEADERS, "ETag": f'"{name}"'})

    def begin(self, _: Request) -> Response:
        """Make a new rater, who is a random token and nothing else."""
        if self.votes.raters() >= MAX_RATERS:
            raise HTTPException(403, "This survey has all the raters that it can take.")
        token = secrets.token_urlsafe(16)
        rater = self.votes.begin(token, questions(self.study, token))
        return JSONResponse({"token": token, **self._state(rater)}, 201)

    async def vote(self, request: Request) -> Response:
        """Store a vote, and send the next question when it is on the disk."""
        body = await asyncio.wait_for(request.body(), REQUEST_SECONDS)
        return await run_in_threadpool(self._vote, request, body)

    def _vote(self, request: Request, body: bytes) -> Response:
        rater = self._rater(request)
        try:
            vote = json.loads(body)
            number, answer, seconds = vote["question"], vote["answer"], vote["seconds"]
            is_valid = type(number) is int and 0 <= number < 1 << 31 and math.isfinite(seconds)
        except (ValueError, LookupError, TypeError, OverflowError, RecursionError):
            is_valid = False
        if not is_valid or answer not in self.answers:
            raise HTTPException(400, "The vote is malformed.")
        if not self.votes.vote(rater, number, answer, min(max(float(seconds), 0.0), 86400.0)):
            raise HTTPException(409, "It is not that question's turn.")
        return JSONResponse(self._state(rater))

    def _rater(self, request: Request) -> int:
        if (rater := self.votes.rater(request.headers.get("x-rater", ""))) is None:
            raise HTTPException(401, "This rater is not known.")
        return rater

    def _state(self, rater: int) -> dict[str, Any]:
        asked, done = self.votes.asked(rater)
        state: dict[str, Any] = {"done": done, "of": len(asked)}
        if done < len(asked):
            current, *later = (self._shown(one) for one in asked[done : done + 1 + _PREFETCHED])
            ahead = [url for one in later for url in (*one["pictures"], one["input"]) if url]
            state |= {"number": done, **current, "ahead": ahead}
        return state

    def _shown(self, question: Question) -> dict[str, Any]:
        scene = self.study.scenes[question.scene]
        methods = [question.left] if self.rated else [question.left, question.right]
        pictures = [f"/pictures/{scene.broken if method is None else scene.results[method]}" for method in methods]
        dark = f"/pictures/{scene.dark}" if self.study.settings.show_input else None
        return {"pictures": pictures, "input": dark, "width": scene.width, "height": scene.height}


def serve(
    folder: Path, host: str, port: int, names: Collection[str] = (), ready: Callable[[str], None] = lambda address: None
) -> None:
    """Serve a study until Ctrl-C; raise ConfigError if it cannot listen there, DataError if there is no valid study.

    ``host`` is the address to listen at, ``0.0.0.0`` for the whole network; port 0 takes any that is free. ``names``
    are host names under which raters reach it, besides addresses. ``ready`` is called with the address to open.
    """
    with listen(host, port) as listener:
        study = load(folder)
        with closing(Votes(folder)) as votes:
            guard = Middleware(Guard, names=own_names(listener, host, names), local=is_local(listener))
            app = Starlette(routes=Survey(folder, study, votes).routes, middleware=[guard], exception_handlers=_ERRORS)
            config = uvicorn.Config(
                app, http=TimedConnection,  # type: ignore[arg-type]  # a factory is all that it needs to be
                lifespan="off", log_level="warning", access_log=False, server_header=False, proxy_headers=False,
                ws="none", timeout_graceful_shutdown=3, limit_concurrency=MAX_CONNECTIONS,
            )  # fmt: skip
            ready(address_of(listener))
            with suppress(KeyboardInterrupt):  # asyncio may have handled it already
                uvicorn.Server(config).run(sockets=[listener])
