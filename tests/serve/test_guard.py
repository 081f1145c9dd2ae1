"""Who may ask, and what every answer says.

Covers ``pielight.serve``: ``problems``, ``rate_limit``, ``metrics``, ``byte_budget``, ``info``, ``site``, ``openapi``,
``media_types`` and ``settings``.
"""

from __future__ import annotations

import json
import math
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner
from starlette.applications import Starlette
from starlette.testclient import TestClient

import pielight
from pielight.cli import main
from pielight.errors import ModelError, OptionError
from pielight.serve import openapi
from pielight.serve import server as serve_module
from pielight.serve.app import create_app
from pielight.serve.byte_budget import ByteBudget
from pielight.serve.problems import Problem
from pielight.serve.rate_limit import RateLimit
from pielight.serve.settings import ServeSettings
from pielight.serve.site import PAGE_HEADERS, site_routes
from pielight.serve.worker_pool import WorkerPool
from pielight.serve.worker_process import WorkerDied, WorkerMissing, WorkerPlace, WorkerTooSlow
from tests.serve.servers import BINARY, jpeg


def unstarted(**settings: object) -> TestClient:
    """A client of an application without workers."""
    chosen = ServeSettings(**settings)  # type: ignore[arg-type]
    return TestClient(create_app(chosen, {"photos.example"}), base_url="http://localhost", client=("127.0.0.1", 9))


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "192.168.1.5", "", "["])
def test_a_foreign_name_is_not_served(client: TestClient, host: str) -> None:
    answer = client.get("/v1/info", headers={"Host": host})
    assert (answer.status_code, answer.headers["Content-Type"]) == (421, "application/problem+json")


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]:80", "photos.example"])
def test_own_names_are(host: str) -> None:
    assert unstarted().get("/v1/info", headers={"Host": host}).status_code == 200


def test_other_pages_are_refused(client: TestClient) -> None:
    foreign = [{"Origin": origin} for origin in ("http://evil.example", "null", "http://[")]
    for headers in (*foreign, {"Sec-Fetch-Site": "cross-site"}):
        answer = client.post("/v1/enhance", content=jpeg(), headers=BINARY | headers)
        assert answer.status_code == 403, headers
        assert "Access-Control-Allow-Origin" not in answer.headers
    assert client.get("/v1/info", headers={"Origin": "http://localhost"}).status_code == 200


def test_a_page_that_is_allowed() -> None:
    other = unstarted(origins=("https://page.example",), token="t")
    asked = {"Origin": "https://page.example", "Access-Control-Request-Method": "POST",
             "Access-Control-Request-Headers": "authorization"}  # fmt: skip
    answer = other.options("/v1/enhance", headers=asked)
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "https://page.example"
    refused = other.get("/v1/info", headers={"Origin": "https://page.example"})
    assert refused.status_code == 401
    assert refused.headers["Access-Control-Allow-Origin"] == "https://page.example"
    for method in ("OPTIONS", "GET"):
        foreign = other.request(method, "/v1/info", headers=asked | {"Origin": "https://evil.example"})
        assert foreign.status_code in (400, 403)
        assert "Access-Control-Allow-Origin" not in foreign.headers


def test_the_token() -> None:
    guarded = unstarted(token="secret")
    for given in ({}, {"Authorization": "Bearer no"}, {"Authorization": "Basic secret"}, {"Authorization": "Bearer é"}):
        answer = guarded.get("/v1/info", headers={name: value.encode() for name, value in given.items()})  # type: ignore[arg-type]
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert guarded.get("/metrics").status_code == 401
    assert guarded.get("/v1/info", headers={"Authorization": "Bearer secret"}).status_code == 200
    assert guarded.get("/healthz").status_code == 200
    assert guarded.get("/openapi.json").json()["security"] == [{"token": []}]
    for token in ("", "a\nb", "é"):
        with pytest.raises(OptionError, match="printable"):
            ServeSettings(token=token)


def test_the_rate() -> None:
    hurried = unstarted(rate=0.2)
    guessing = unstarted(rate=0.2, token="secret")
    assert [guessing.get("/v1/info").status_code for _ in range(3)] == [401, 401, 429]
    assert [hurried.get("/v1/info").status_code for _ in range(3)] == [200, 200, 429]
    assert int(hurried.get("/v1/info").headers["Retry-After"]) in (4, 5)
    assert hurried.get("/healthz").status_code == 200


def test_the_rate_forgets_who_was_quiet_longest() -> None:
    limit = RateLimit(0.01, lambda: 0.0)
    assert limit.wait("first") == 0
    assert limit.wait("first") > 0
    for number in range(10_000):
        limit.wait(str(number))
    assert limit.wait("first") == 0


def test_the_bytes_that_are_held() -> None:
    budget = ByteBudget(10)
    with budget.lease() as first, budget.lease() as second:
        first.take(20)  # nobody else has any
        with pytest.raises(Problem, match="large") as refused:
            second.take(1)
        assert refused.value.status_code == 503
    assert budget.used == 0


def test_a_full_queue_is_told_before_the_body_is_read(client: TestClient) -> None:
    pool = client.app.state.pool  # type: ignore[attr-defined]
    before, pool.waiting = pool.waiting, 64
    free, pool._free._value = pool._free._value, 0
    try:
        answer = client.post("/v1/enhance", content=jpeg(), headers=BINARY)
    finally:
        pool.waiting, pool._free._value = before, free
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert client.post("/v1/enhance", content=jpeg(), headers=BINARY).status_code == 200


def test_every_answer_has_its_headers(client: TestClient) -> None:
    for path in ("/", "/docs", "/v1/info", "/nothing", "/openapi.json", "/metrics"):
        headers = client.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert headers["Cross-Origin-Embedder-Policy"] == "require-corp"
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy or "default-src 'self'" in policy
        assert "unsafe-inline" not in policy.partition("script-src")[2].partition(";")[0]
    assert client.get("/nothing").headers["Content-Type"] == "application/problem+json"
    assert client.get("/v1/enhance").status_code == 405


def test_what_is_told_of_the_server(client: TestClient) -> None:
    info = client.get("/v1/info").json()
    assert info["version"] == pielight.__version__
    assert info["models"]["brighten"]["name"] == "pie"
    assert info["limits"]["max_pixels"] == 1_000_000
    client.post("/v1/enhance", content=jpeg(), headers=BINARY)
    counted = client.get("/metrics").text
    assert re.search(r'pielight_requests_total\{endpoint="enhance",status="200"\} [1-9]', counted)
    assert "pielight_held_bytes 0.0" in counted
    with pytest.raises(ModelError, match="no such model"):
        create_app(ServeSettings(model="nonsense"))


def test_failures_are_counted_and_have_their_headers(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("odd")

    monkeypatch.setattr(WorkerPlace, "ask", fail)
    asked = TestClient(client.app, base_url="http://localhost", raise_server_exceptions=False)
    answer = asked.post("/v1/enhance", content=jpeg(), headers=BINARY)
    assert (answer.status_code, answer.headers["Content-Type"]) == (500, "application/problem+json")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert re.search(r'pielight_requests_total\{endpoint="enhance",status="500"\} [1-9]', client.get("/metrics").text)


def test_numbers_are_finite() -> None:
    for name in ("picture_seconds", "rate", "keep_seconds", "max_pixels"):
        for value in (math.inf, math.nan):
            with pytest.raises(OptionError, match=name):
                ServeSettings(**{name: value})  # type: ignore[arg-type]


def test_what_the_command_refuses_or_warns_of(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[object] = []
    monkeypatch.setattr(serve_module, "serve", lambda *arguments: started.append(arguments))
    for words in (["--timeout", "inf"], ["--timeout", "nan"], ["--max-pixels", "nan"], ["--rate", "inf"]):
        assert CliRunner().invoke(main, ["serve", *words]).exit_code == 2
    empty = CliRunner().invoke(main, ["serve"], env={"PIELIGHT_TOKEN": ""})
    assert (empty.exit_code, "PIELIGHT_TOKEN is empty" in empty.output) == (2, True)
    assert started == []
    assert "warning: no token" in CliRunner().invoke(main, ["serve", "--host", "0.0.0.0"]).output
    for words in (["--host", "0.0.0.0", "--token", "t"], []):
        assert "warning" not in CliRunner().invoke(main, ["serve", *words]).output
    assert len(started) == 3


class Loads(HTMLParser):
    """Collects the addresses that a page loads or links to."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attributes if name in ("src", "href") and value]


def test_the_description_is_a_page_that_loads_nothing(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    page = client.get("/docs")
    parser = Loads()
    parser.feed(page.text)
    assert parser.found == ["/openapi.json"]
    for path, methods in document["paths"].items():
        assert path in page.text
        assert all(operation["operationId"] in page.text for operation in methods.values() if "responses" in operation)


def test_the_description_names_every_option() -> None:
    operation = openapi.document(False)["paths"]["/v1/enhance"]["post"]
    named = {one["name"]: one["schema"] for one in operation["parameters"]}
    assert {*vars(pielight.EnhanceOptions())} <= {*named}
    assert named["strength"] == {"type": "number", "minimum": -1.5, "maximum": 1.5}
    json.dumps(operation)


def test_the_page_without_and_with_an_app(client: TestClient, tmp_path: Path) -> None:
    assert client.get("/").status_code == 200
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!DOCTYPE html><title>app</title>" + " " * 2000)
    (tmp_path / "assets/a.wasm").write_bytes(b"\0asm")
    with TestClient(Starlette(routes=site_routes(tmp_path))) as page:
        index = page.get("/")
        assert "<title>app" in index.text
        assert index.headers["Content-Encoding"] == "gzip"
        assert index.headers["Content-Security-Policy"] == PAGE_HEADERS["Content-Security-Policy"]
        assert "'wasm-unsafe-eval'" in index.headers["Content-Security-Policy"]
        assert page.get("/assets/a.wasm").headers["Content-Type"] == "application/wasm"
        assert page.get("/assets/../../secret").status_code == 404


@pytest.mark.parametrize(
    ("error", "status", "says"),
    [
        (WorkerDied("ended"), 422, "crashed"),
        (WorkerTooSlow("9 s"), 422, "longer than 9 s"),
        (WorkerMissing("no memory"), 503, "no worker"),
    ],
)
def test_what_becomes_of_a_worker_is_told(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, says: str
) -> None:
    def fail(*_: object) -> None:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(WorkerPlace, "ask", fail)
        answer = client.post("/v1/enhance", content=jpeg(), headers=BINARY)
    assert answer.status_code == status
    assert says in answer.json()["detail"]
    assert client.post("/v1/enhance", content=jpeg(), headers=BINARY).status_code == 200


def test_a_lone_picture_gets_all_cores() -> None:
    pool = WorkerPool(ServeSettings(workers=4, cores=12))
    for running, waiting, threads in ((1, 0, 12), (1, 1, 4), (2, 0, 4), (3, 0, 4), (4, 9, 2)):
        pool.running, pool.waiting = running, waiting
        assert pool.threads() == threads
