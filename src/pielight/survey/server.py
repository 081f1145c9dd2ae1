"""The server of a survey: a page, pictures under random names, and votes."""

from __future__ import annotations

import json
import math
import re
import secrets
import socket
import sqlite3
from collections.abc import Callable, Collection
from contextlib import suppress
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

from pielight.core.atomic_file import shown
from pielight.core.html import csp_hash, render_page
from pielight.errors import ConfigError, DataError
from pielight.survey.guard import Guard, read_body
from pielight.survey.patience import PatientProtocol
from pielight.survey.questions import Question, questions
from pielight.survey.study import LEVELS, Study, load, picture_path
from pielight.survey.votes import Votes

MAX_RATERS = 10_000  # so that a script cannot fill the disk
_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")
_ANSWERS = {"pairs": ("left", "tie", "right"), "rating": tuple(map(str, LEVELS))}
_AHEAD = 2  # questions whose pictures are fetched while one is answered
_IMMUTABLE = {  # the time must not tell in which order the methods' pictures were written
    "Cache-Control": "private, max-age=604800, immutable",
    "Last-Modified": "Thu, 01 Jan 1970 00:00:00 GMT",
}


class Survey:
    """Answers what the page asks; never tells which method made a picture."""

    def __init__(self, folder: Path, study: Study, votes: Votes) -> None:
        """Take a study of a folder.

        Raises:
            DataError: A picture is missing.
        """
        self.folder, self.study, self.votes = folder, study, votes
        self.pictures = frozenset(name for scene in study.scenes for name in scene.files())
        missing = sorted(name for name in self.pictures if not picture_path(folder, name).is_file())
        if missing:
            raise DataError(f"{shown(folder)}: {len(missing)} pictures are missing, the first is pictures/{missing[0]}")
        self.page = render_page("survey/page.html", title="Survey")
        self.policy = _policy(self.page)

    def routes(self) -> list[Route]:
        """Return what is served."""
        return [
            Route("/", self.show_page),
            Route("/study", self.show_study),
            Route("/pictures/{name}", self.show_picture),
            Route("/raters", self.begin, methods=["POST"]),
            Route("/question", self.show_question),
            Route("/votes", self.vote, methods=["POST"]),
        ]

    async def show_page(self, _: Request) -> Response:
        """Send the page."""
        return HTMLResponse(self.page, headers={"Content-Security-Policy": self.policy, "Cache-Control": "no-cache"})

    async def show_study(self, _: Request) -> Response:
        """Send what raters may know of the study."""
        settings = self.study.settings
        levels = LEVELS if settings.mode == "rating" else {}
        told = {"title": settings.title, "consent": settings.consent, "mode": settings.mode, "levels": levels}
        asked = questions(self.study, "")
        return JSONResponse({**told, "questions": len(asked), "checks": any(one.check for one in asked)})

    async def show_picture(self, request: Request) -> Response:
        """Send a picture; only names that the study lists exist."""
        name = request.path_params["name"]
        if name not in self.pictures:
            raise HTTPException(404, "No such picture.")
        return FileResponse(picture_path(self.folder, name), headers={**_IMMUTABLE, "ETag": f'"{name}"'})

    async def begin(self, request: Request) -> Response:
        """Make a new rater, who is a random token and nothing else."""
        await read_body(request)
        if await run_in_threadpool(self.votes.raters) >= MAX_RATERS:
            raise HTTPException(403, "This survey has all the raters that it can take.")
        token = secrets.token_urlsafe(16)
        await run_in_threadpool(self.votes.begin, token, questions(self.study, token))
        rater = await self._rater(token)
        return JSONResponse({"token": token, **await run_in_threadpool(self._state, rater)}, 201)

    async def show_question(self, request: Request) -> Response:
        """Send the question that a rater has come to."""
        rater = await self._rater(request.headers.get("x-rater", ""))
        return JSONResponse(await run_in_threadpool(self._state, rater))

    async def vote(self, request: Request) -> Response:
        """Store a vote, and send the next question once it is on the disk."""
        rater = await self._rater(request.headers.get("x-rater", ""))
        number, answer, seconds = _ballot(await read_body(request), _ANSWERS[self.study.settings.mode])
        if not await run_in_threadpool(self.votes.vote, rater, number, answer, seconds):
            raise HTTPException(409, "It is not that question's turn.")
        return JSONResponse(await run_in_threadpool(self._state, rater))

    async def _rater(self, token: str) -> int:
        rater = await run_in_threadpool(self.votes.rater, token) if _TOKEN.fullmatch(token) else None
        if rater is None:
            raise HTTPException(401, "This rater is not known.")
        return rater

    def _state(self, rater: int) -> dict[str, Any]:
        asked, done = self.votes.asked(rater)
        state: dict[str, Any] = {"done": done, "of": len(asked)}
        if done < len(asked):
            state |= {"number": done, **self._shown(asked[done])}
            later = [self._shown(question) for question in asked[done + 1 : done + 1 + _AHEAD]]
            state["ahead"] = [url for one in later for url in (*one["pictures"], one["input"]) if url]
        return state

    def _shown(self, question: Question) -> dict[str, Any]:
        scene = self.study.scenes[question.scene]
        methods = [question.left] if self.study.settings.mode == "rating" else [question.left, question.right]
        names = [scene.broken if method is None else scene.results[method] for method in methods]
        dark = f"/pictures/{scene.dark}" if self.study.settings.show_input else None
        pictures = [f"/pictures/{name}" for name in names]
        return {"pictures": pictures, "input": dark, "width": scene.width, "height": scene.height}


def application(folder: Path, names: Collection[str] = (), local: bool = True) -> tuple[Starlette, Votes]:
    """Return the application that serves a study, and its votes, which are to be closed at the end.

    Args:
        folder: Of the study.
        names: Host names under which it is reached, besides addresses.
        local: Whether only this machine reaches it.

    Raises:
        DataError: There is no study, or it is damaged.
    """
    study = load(folder)
    votes = Votes(folder)
    survey = Survey(folder, study, votes)
    handlers: dict[Any, Any] = {
        HTTPException: lambda _, error: JSONResponse({"error": error.detail}, error.status_code, error.headers),
        ClientDisconnect: lambda _, __: Response(status_code=400),
        sqlite3.Error: lambda _, error: JSONResponse({"error": f"The vote was not stored ({error})."}, 503),
    }
    guard = Middleware(Guard, names=frozenset(names), local=local)
    return Starlette(routes=survey.routes(), middleware=[guard], exception_handlers=handlers), votes


def serve(
    folder: Path,
    host: str = "127.0.0.1",
    port: int = 8000,
    names: Collection[str] = (),
    ready: Callable[[str], None] = lambda address: None,
) -> None:
    """Serve a study until Ctrl-C.

    Args:
        folder: Of the study.
        host: Address to listen at; ``0.0.0.0`` for the whole network.
        port: 0 for any that is free.
        names: Host names under which it is reached, besides addresses.
        ready: Is told the address when requests are answered.

    Raises:
        ConfigError: It cannot listen there.
        DataError: There is no study, or it is damaged.
    """
    try:
        family, *_, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.create_server(place[:2], family=family)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"{host} port {port}: cannot listen there ({reason}); --port 0 takes a free one") from error
    with listener:
        local = listener.getsockname()[0] in ("127.0.0.1", "::1")
        own = {*names, host.lower()} if local else {*names, host.lower(), socket.gethostname().lower()}
        app, votes = application(folder, own, local)
        try:
            settings = uvicorn.Config(
                app, lifespan="off", log_level="warning", access_log=False, server_header=False, proxy_headers=False,
                ws="none", http=PatientProtocol, timeout_graceful_shutdown=3, limit_concurrency=500,
            )  # fmt: skip
            ready(_address(listener))
            with suppress(KeyboardInterrupt):  # the usual end; whether it comes this far is a race within asyncio
                uvicorn.Server(settings).run(sockets=[listener])
        finally:
            votes.close()


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    if host in ("0.0.0.0", "::"):  # an address: not every network knows the names of its machines
        host = _own_address(listener.family)
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def _own_address(family: int) -> str:
    """Return the address by which this machine's network reaches it; no packet is sent and no name looked up."""
    outside, own = ("2001:db8::1", "::1") if family == socket.AF_INET6 else ("192.0.2.1", "127.0.0.1")
    with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((outside, 9))
        own = str(probe.getsockname()[0])
    return own


def _ballot(body: bytes, answers: Collection[str]) -> tuple[int, str, float]:
    """Return the question's number, the answer and the seconds that a body holds."""
    try:
        sent = json.loads(body)
        number, answer, seconds = sent["question"], sent["answer"], sent["seconds"]
        if type(number) is int and 0 <= number < 1 << 31 and answer in answers and math.isfinite(seconds):
            return number, str(answer), min(max(float(seconds), 0.0), 86400.0)
    except (ValueError, LookupError, TypeError, OverflowError, RecursionError):
        pass
    raise HTTPException(400, "The vote makes no sense.")


def _policy(page: str) -> str:
    """Return a Content-Security-Policy that lets the page run its own script and style only."""

    def sources(tag: str) -> str:
        texts = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        return " ".join(csp_hash(text) for text in texts)

    return (
        f"default-src 'none'; img-src 'self' data:; connect-src 'self'; script-src {sources('script')}; "
        f"style-src {sources('style')}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
