"""Answers that say why a request is refused: ``application/problem+json``, RFC 9457."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, ClassVar

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

MEDIA_TYPE = "application/problem+json"
TYPES = {  # of problems: what their type is called, and the status
    "picture": 422,  # it cannot be decoded, or takes too long
    "size": 413,
    "extra": 415,  # of a format whose package is not installed here
    "option": 422,
    "request": 400,
}


class Problem(HTTPException):
    """A request is refused.

    Args:
        status: Of HTTP.
        detail: One line for the user.
        kind: One of :data:`TYPES`, or nothing where the status says all.
        retry_after: Seconds after which it may be tried again.
    """

    def __init__(self, status: int, detail: str, kind: str = "", retry_after: float | None = None) -> None:
        headers = {} if retry_after is None else {"Retry-After": str(max(1, round(retry_after)))}
        if status == HTTPStatus.UNAUTHORIZED:
            headers["WWW-Authenticate"] = "Bearer"
        super().__init__(status, detail, headers)
        self.kind = kind

    @classmethod
    def of(cls, kind: str, detail: str) -> Problem:
        """Return a problem of one of :data:`TYPES`."""
        return cls(TYPES[kind], detail, kind)


class ProblemResponse(JSONResponse):
    """A problem as JSON."""

    media_type = MEDIA_TYPE
    titles: ClassVar[dict[int, str]] = {status.value: status.phrase for status in HTTPStatus}

    def __init__(self, problem: HTTPException) -> None:
        kind = getattr(problem, "kind", "")
        content: dict[str, Any] = {
            "type": f"urn:pielight:{kind}" if kind else "about:blank",
            "title": self.titles.get(problem.status_code, "Error"),
            "status": problem.status_code,
            "detail": problem.detail,
        }
        super().__init__(content, problem.status_code, dict(problem.headers or {}))


def _respond(_: Request, error: Exception) -> Response:
    return ProblemResponse(error if isinstance(error, HTTPException) else Problem(500, "see the server's log"))


HANDLERS: dict[Any, Any] = {
    HTTPException: _respond,
    Exception: _respond,
    ClientDisconnect: lambda _, __: Response(status_code=HTTPStatus.BAD_REQUEST),
}
