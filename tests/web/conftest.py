"""The page, as `make page` has built it, in Chromium; without one of the two, tests skip and say so."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest

import pielight

BUILT = Path(pielight.__file__).parent / "serve" / "static"
SOFTWARE_GL = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
DESKTOP = {"viewport": {"width": 1280, "height": 800}}
PROBE = "v1/info"  # asks whether the host is a server of pielight's


class Handler(SimpleHTTPRequestHandler):
    """Serves plain files, as any host does."""

    extensions_map = SimpleHTTPRequestHandler.extensions_map | {".mjs": "text/javascript", ".wasm": "application/wasm"}

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class IsolatingHandler(Handler):
    """Sends the headers that allow shared memory, and so threads."""

    def end_headers(self) -> None:
        """End the headers."""
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        super().end_headers()


class CachingHandler(Handler):
    """Lets browsers keep files."""

    def end_headers(self) -> None:
        """End the headers."""
        self.send_header("Cache-Control", "max-age=3600")
        super().end_headers()


@pytest.fixture(scope="session")
def site() -> Iterator[str]:
    """The address of the page, below a path."""
    yield from served(Handler)


@pytest.fixture(scope="session")
def isolated_site() -> Iterator[str]:
    """The same from a server that allows threads."""
    yield from served(IsolatingHandler)


def served(kind: type[Handler], page: Path = BUILT) -> Iterator[str]:
    """Serve the folder above the page."""
    if not (BUILT / "index.html").exists():
        pytest.skip("the page is not built: make page (needs node)")
    handler = functools.partial(kind, directory=str(page.parent))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/{page.name}/"
    server.shutdown()


@pytest.fixture(scope="module")
def browser_flags() -> list[str]:
    """Let Chromium draw WebGL by software."""
    return SOFTWARE_GL


@pytest.fixture
def open_page(site: str, isolated_site: str, browser: Any) -> Iterator[Callable[..., Any]]:
    """Open the page at a size; at the end it must have made no error and no request elsewhere."""
    contexts, problems = [], []

    def opened(size: dict[str, Any] | None = None, query: str = "", isolated: bool = False) -> Any:
        address = isolated_site if isolated else site
        probe = urljoin(address, f"../{PROBE}")
        context = browser.new_context(**(size or DESKTOP))
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda message: problems.append(message.text) if is_problem(message) else None)
        page.on(
            "request",
            lambda request: None if request.url.startswith((address, "blob:", probe)) else problems.append(request.url),
        )
        page.goto(address + query)
        page.get_by_role("heading", name="Drop photos here").wait_for()
        return page

    yield opened
    for context in contexts:
        context.close()
    assert problems == []


@pytest.fixture
def page(open_page: Callable[..., Any]) -> Any:
    """The page on a desktop."""
    return open_page()


def is_problem(message: Any) -> bool:
    """Whether a message of the console tells of an error, other than that a plain host is no server."""
    return message.type == "error" and not message.location["url"].endswith(PROBE)


def until(page: Any, expression: str, seconds: float = 90) -> Any:
    """Wait until an expression is true; Playwright's own way needs `eval`, which the page's policy forbids."""
    end = time.monotonic() + seconds
    while not (value := page.evaluate(expression)):
        assert time.monotonic() < end, expression
        time.sleep(0.02)
    return value


def choose(page: Any, *files: Path | dict[str, Any]) -> None:
    """Choose photos, and wait until the first is open."""
    before = page.evaluate("window.pielight.photos.length")
    page.set_input_files("input[type=file]:not([webkitdirectory])", list(files))
    until(page, f"window.pielight.photos.length === {before + len(files)}")
    until(page, f"window.pielight.shown?.photo === window.pielight.photos[{before}]")


def save(page: Any, label: str, folder: Path) -> Path:
    """Click on a button that saves, and return the file."""
    with page.expect_download(timeout=120_000) as download:
        page.get_by_role("button", name=label).click()
    target = folder / download.value.suggested_filename
    download.value.save_as(target)
    return target
