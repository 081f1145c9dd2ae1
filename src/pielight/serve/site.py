"""The page for people: files that are built from ``web/`` into ``serve/static``, and what stands there without them."""

from __future__ import annotations

import mimetypes
from importlib.resources import files
from pathlib import Path

from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import HTMLResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Message, Receive, Scope, Send

from pielight.core.html import render_page

STATIC = Path(str(files("pielight"))) / "serve" / "static"
PAGE_HEADERS = {  # WebAssembly needs its own permission; its threads need the two headers of the guard
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
    "img-src 'self' blob: data:; worker-src 'self' blob:; connect-src 'self' blob:; object-src 'none'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
}
_TYPES = {".wasm": "application/wasm", ".mjs": "text/javascript", ".js": "text/javascript",
          ".onnx": "application/octet-stream", ".webmanifest": "application/manifest+json"}  # fmt: skip
for _suffix, _type in _TYPES.items():  # which the system's table may lack, or name otherwise
    mimetypes.add_type(_type, _suffix)


class _Site:
    """Static files with the headers of a page."""

    def __init__(self, folder: Path) -> None:
        self._app = GZipMiddleware(StaticFiles(directory=folder, html=True), minimum_size=1000, compresslevel=6)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = [(name.lower().encode(), value.encode()) for name, value in PAGE_HEADERS.items()]
                message["headers"] = [*message["headers"], *own]
            await send(message)

        await self._app(scope, receive, send_with_headers)


def site_routes(folder: Path = STATIC) -> list[BaseRoute]:
    """Return the routes of the page; a short one stands in for an app that was not built."""
    if (folder / "index.html").is_file():
        return [Mount("/", _Site(folder), name="site")]
    page = render_page("serve/empty.html", title="pielight")
    return [Route("/", lambda _: HTMLResponse(page, headers={"Content-Security-Policy": _INLINE}), name="site")]


_INLINE = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def docs_page(document: dict[str, object]) -> HTMLResponse:
    """Return the description of the API as a page."""
    page = render_page("serve/docs.html", title="pielight: HTTP API", api=document)
    return HTMLResponse(page, headers={"Content-Security-Policy": _INLINE})
