"""What stands before the server: whose requests are answered, how long bodies may be, and what answers carry."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_LIMIT = 4096
BODY_SECONDS = 10
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
}


def host_allowed(host: str, names: Collection[str], local: bool) -> bool:
    """Say whether a request meant this server, by the host that it names.

    A foreign name that its owner points to this address (DNS rebinding) would let foreign pages speak with the
    server; an address cannot be pointed elsewhere.

    Args:
        host: The Host header.
        names: Names that are allowed besides.
        local: Whether only addresses of this machine are.

    >>> host_allowed("127.0.0.1:8000", [], True), host_allowed("evil.example", [], False)
    (True, False)
    >>> host_allowed("192.168.1.5", [], True), host_allowed("192.168.1.5", [], False)
    (False, True)
    """
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    if name == "localhost" or name in names:
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return address.is_loopback or not local


class Guard:
    """Refuses requests that were meant for others, and gives every answer the headers of a careful server."""

    def __init__(self, app: ASGIApp, names: Collection[str], local: bool) -> None:
        self.app, self.names, self.local = app, names, local

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in {"Cache-Control": "no-store", **_HEADERS}.items():
                    headers.setdefault(name, value)
            await send(message)

        headers = Headers(scope=scope)
        if not host_allowed(headers.get("host", ""), self.names, self.local):
            refusal = JSONResponse({"error": "This address is not served here; see --allow-host."}, 421)
            await refusal(scope, receive, send_with_headers)
            return
        if scope["method"] not in ("GET", "HEAD") and not _own(headers):
            refusal = JSONResponse({"error": "Refused: sent by another page."}, 403)
            await refusal(scope, receive, send_with_headers)
            return
        await self.app(scope, receive, send_with_headers)


def _own(headers: Headers) -> bool:
    """Say whether a request to change something comes from the survey's page.

    No foreign page can send JSON unasked (it takes a CORS preflight, which fails here); browsers say where a request
    comes from besides.
    """
    if headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return False
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != headers.get("host"):
        return False
    return headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"


async def read_body(request: Request) -> bytes:
    """Return the body of a request.

    Raises:
        HTTPException: It is longer than it may be, or comes too slowly.
    """
    body = b""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for part in request.stream():
                body += part
                if len(body) > BODY_LIMIT:
                    raise HTTPException(413, "The request is too long.")
    except TimeoutError as error:
        raise HTTPException(408, "The request came too slowly.") from error
    return body
