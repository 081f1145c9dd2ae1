"""The server: many raters at once, killed in between, and asked for what it does not give.

Covers ``pielight.survey.guard``.
"""

from __future__ import annotations

import http.client
import ipaddress
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner

from pielight.cli import main
from pielight.survey.study import load, read_votes
from tests.survey.raters import METHODS, Client, Server


def test_nothing_names_a_method(new_study: Callable[..., Path], serve: Callable[..., Server]) -> None:
    folder = new_study(questions=8, attention=2)
    client = Client(serve(folder).address)
    replies = [client.ask("GET", "/"), client.ask("POST", "/raters", {})]
    client.token = replies[-1].json()["token"]
    for number in range(10):
        replies.append(client.ask("GET", "/question"))
        state = replies[-1].json()
        assert (state["done"], state["of"], len(state["pictures"])) == (number, 10, 2)
        for url in (*state["pictures"], state["input"]):
            replies.append(client.ask("GET", url))
            assert replies[-1].headers["Content-Type"] == "image/jpeg"
            assert "immutable" in replies[-1].headers["Cache-Control"]
        replies.append(client.vote(number, "tie"))
    assert replies[-1].json() == {"done": 10, "of": 10}
    times = {reply.headers["Last-Modified"] for reply in replies}
    assert len(times) == 2  # of pictures one and the same, of the rest none: when each was written would tell
    for reply in replies[1:]:
        told = reply.body + str(reply.headers).encode()
        assert not any(name.encode() in told for name in (*METHODS, "scene0", "uvicorn"))
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
    assert replies[1].headers["Cache-Control"] == replies[-1].headers["Cache-Control"] == "no-store"
    assert replies[0].headers["Cache-Control"] == "no-cache"
    assert "unsafe" not in replies[0].headers["Content-Security-Policy"]


def test_the_input_can_be_hidden(new_study: Callable[..., Path], serve: Callable[..., Server]) -> None:
    folder = new_study(show_input=False, mode="rating")
    state = Client(serve(folder).address).begin()
    assert state["input"] is None
    assert len(state["pictures"]) == 1
    dark = {f"/pictures/{scene.dark}" for scene in load(folder).scenes}
    assert not dark & {*state["pictures"], *state["ahead"]}


def test_twenty_raters_at_once(new_study: Callable[..., Path], serve: Callable[..., Server]) -> None:
    folder = new_study(questions=8, attention=2)
    address = serve(folder).address

    def rate(seed: int) -> tuple[str, dict[int, str]]:
        client, rng = Client(address), random.Random(seed)
        state, given = client.begin(), {}
        while state["done"] < state["of"]:
            number = state["number"]
            given[number] = rng.choice(("left", "tie", "right"))
            with ThreadPoolExecutor(3) as pool:  # a double click, and a resend
                replies = list(pool.map(client.vote, [number] * 3, [given[number]] * 3))
            assert [reply.status for reply in replies] == [200] * 3
            state = client.ask("GET", "/question").json()
            assert state["done"] == number + 1
        return client.token, given

    with ThreadPoolExecutor(20) as pool:
        given = dict(pool.map(rate, range(20)))
    votes = read_votes(folder)
    assert len(votes) == 20 * 10
    tokens = dict(sqlite3.connect(folder / "votes.sqlite").execute("SELECT id, token FROM raters"))
    assert {(tokens[vote.rater], vote.number, vote.answer) for vote in votes} == {
        (token, number, answer) for token, answers in given.items() for number, answer in answers.items()
    }


def test_killed_in_between(new_study: Callable[..., Path], serve: Callable[..., Server]) -> None:
    folder = new_study(questions=18, attention=0)
    address, process = serve(folder)
    port = urlsplit(address).port or 0
    acknowledged: list[tuple[str, int, str]] = []
    clients = [Client(address) for _ in range(20)]
    done = threading.Event()

    def rate(client: Client) -> None:
        rng = random.Random(repr(client))
        while not client.token and not done.is_set():
            try:
                client.begin()
            except (OSError, HTTPException):
                time.sleep(0.05)
        while not done.is_set():
            try:
                state = client.ask("GET", "/question").json()
                if state["done"] == state["of"]:
                    return
                answer = rng.choice(("left", "right"))
                if client.vote(state["number"], answer).status == 200:
                    acknowledged.append((client.token, state["number"], answer))
            except (OSError, HTTPException):  # the server is gone; a rater's page asks again, too
                time.sleep(0.05)

    threads = [threading.Thread(target=rate, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    try:
        for least in (50, 150):  # two kills, each in full run
            while len(acknowledged) < least:
                time.sleep(0.005)
            process.kill()
            process.wait()
            with sqlite3.connect(folder / "votes.sqlite") as database:
                assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            address, process = serve(folder, port)
            assert urlsplit(address).port == port
        for thread in threads:
            thread.join(60)
    finally:
        done.set()
    assert not any(thread.is_alive() for thread in threads)
    with sqlite3.connect(folder / "votes.sqlite") as database:
        tokens = dict(database.execute("SELECT id, token FROM raters"))
    stored = {(tokens[vote.rater], vote.number): vote.answer for vote in read_votes(folder)}
    assert len(stored) == 20 * 18
    # An answer that was not acknowledged may be stored or not; one that was is never lost or changed.
    lost = [vote for vote in acknowledged if vote[:2] not in stored]
    assert lost == []
    assert all(stored[token, number] == answer for token, number, answer in acknowledged)


def test_malformed_requests(new_study: Callable[..., Path], serve: Callable[..., Server]) -> None:
    folder = new_study(questions=4, attention=0)
    client = Client(serve(folder).address)
    client.begin()
    good = {"question": 0, "answer": "left", "seconds": 1}
    bodies: list[object] = [
        b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b"[" * 4000, {}, {**good, "question": "0"},
        {**good, "question": -1}, {**good, "question": True}, {**good, "question": 10**30}, {**good, "question": 0.0},
        {**good, "answer": "best"}, {**good, "answer": ["left"]}, {**good, "answer": "3"}, {**good, "seconds": "1"},
        {**good, "seconds": None}, b'{"question": 0, "answer": "left", "seconds": NaN}',
        b'{"question": 0, "answer": "left", "seconds": 1' + b"0" * 400 + b"}",
    ]  # fmt: skip
    for body in bodies:
        reply = client.ask("POST", "/votes", body)
        assert reply.status == 400, body
        assert "error" in reply.json()
    assert client.ask("POST", "/votes", b" " * 5000).status == 413
    assert client.vote(2, "left").status == 409
    assert client.ask("POST", "/votes", good, X_Rater="x" * 22).status == 401
    assert client.ask("POST", "/votes", good, X_Rater="' OR 1=1 --").status == 401
    assert client.ask("GET", "/question", X_Rater=None).status == 401
    assert client.ask("GET", "/votes").status == 405
    assert client.ask("PUT", "/votes", good).status == 405
    assert client.ask("DELETE", "/question", good).status == 405
    assert read_votes(folder) == []
    assert client.ask("POST", "/votes", {**good, "seconds": -5}).status == 200
    assert read_votes(folder)[0].seconds == 0


def test_nothing_else_is_served(serving: Client) -> None:
    for path in (
        "/study.json", "/votes.sqlite", "/pictures/", "/pictures", "/pictures/../study.json", "/../study.json",
        "/pictures/..%2Fstudy.json", "/pictures/%2e%2e/votes.sqlite", "/pictures/..%5Cstudy.json", "/pictures/x%00.jpg",
        "/pictures//etc/passwd", "/pictures/%2Fetc%2Fpasswd", "//etc/passwd", "/page.html",
        "/pictures/" + "a" * 32 + ".jpg", "/pictures/%ff%fe", "/docs", "/pictures/" + "a" * 5000,
    ):  # fmt: skip
        reply = serving.ask("GET", path)
        assert reply.status == 404, path
        assert b"format" not in reply.body
        assert b"root:" not in reply.body


@pytest.fixture
def serving(new_study: Callable[..., Path], serve: Callable[..., Server]) -> Client:
    return Client(serve(new_study(questions=4, attention=0)).address)


def test_requests_of_others_are_refused(serving: Client) -> None:
    place = urlsplit(serving.address)
    for host in ("evil.example", "evil.example:80", "127.0.0.1.evil.example", "192.168.1.5", "", "[", "localhost.evil"):
        assert serving.ask("GET", "/", Host=host).status == 421, host
        assert "--allow-host" in serving.ask("GET", "/", Host=host).json()["error"]
    for host in (f"localhost:{place.port}", "127.0.0.1", "[::1]:80"):
        assert serving.ask("GET", "/", Host=host).status == 200
    refused: list[dict[str, str | None]] = [
        {"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec_Fetch_Site": "cross-site"},
        {"Content_Type": "text/plain"}, {"Content_Type": None}, {"Content_Type": "application/x-www-form-urlencoded"},
    ]  # fmt: skip
    for headers in refused:
        reply = serving.ask("POST", "/raters", {}, **headers)
        assert reply.status == 403, headers
        assert reply.headers["Access-Control-Allow-Origin"] is None
        assert "another page" in reply.json()["error"]
    own = f"http://{place.netloc}"
    assert serving.ask("POST", "/raters", {}, Origin=own, Sec_Fetch_Site="same-origin").status == 201
    assert serving.ask("OPTIONS", "/raters", Origin="http://evil.example").status == 403


def test_a_body_says_how_long_it_is(serving: Client) -> None:
    place = urlsplit(serving.address)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=10)
    connection.request("POST", "/raters", iter([b"{", b"}"]), {"Content-Type": "application/json"}, encode_chunked=True)
    assert connection.getresponse().status == 413  # of unknown length
    connection.close()


def test_nonsense_does_not_stop_it(serving: Client) -> None:
    place = urlsplit(serving.address)
    for data in (
        b"\x00" * 100,
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET " + b"a" * 70_000,
    ):
        with socket.create_connection((place.hostname, place.port), timeout=10) as connection:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            with suppress(ConnectionError):
                connection.recv(1000)
    idle = [socket.create_connection((place.hostname, place.port)) for _ in range(50)]  # who never say a word
    assert serving.begin()["of"] == 4
    for connection in idle:
        connection.close()


HURRIED = """
import sys
from pathlib import Path
from pielight.core.http_connection import TimedConnection
from pielight.survey import guard, server
TimedConnection.header_seconds = guard.ANSWER_SECONDS = 2
server.REQUEST_SECONDS = 1
server.serve(Path(sys.argv[1]), "127.0.0.1", 0, ready=lambda address: print(address, flush=True))
"""


@pytest.fixture
def hurried(new_study: Callable[..., Path]) -> Iterator[Client]:
    """A server that has less patience."""
    command = [sys.executable, "-c", HURRIED, str(new_study(questions=4, attention=0, size=4000))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield Client(process.stdout.readline().strip())
        process.kill()


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\nHost: "])
def test_who_never_speaks_shuts_nobody_out(hurried: Client, said: bytes) -> None:
    place = urlsplit(hurried.address)
    idle = [socket.create_connection((place.hostname, place.port)) for _ in range(500)]
    try:
        for connection in idle:
            connection.sendall(said)
        assert hurried.ask("GET", "/").status == 503
        deadline = time.monotonic() + 15
        while hurried.ask("GET", "/").status == 503:
            assert time.monotonic() < deadline
            time.sleep(0.2)
    finally:
        for connection in idle:
            connection.close()


def test_who_stops_speaking_or_listening_is_sent_away(hurried: Client) -> None:
    place = urlsplit(hurried.address)
    request = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    for said, answers in ((request + b"G", 1), (1000 * request, 1000)):
        with socket.create_connection((place.hostname, place.port), timeout=10) as connection:
            connection.sendall(said)
            time.sleep(3)  # without taking the answer
            received = b""
            with suppress(ConnectionResetError):
                while part := connection.recv(1 << 16):
                    received += part
        heard = received.count(b"HTTP/1.1 200")
        assert heard == 1 if answers == 1 else heard < answers


def test_a_body_that_comes_too_slowly_is_refused(hurried: Client) -> None:
    place = urlsplit(hurried.address)
    head = b"POST /votes HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
    with socket.create_connection((place.hostname, place.port), timeout=10) as connection:
        connection.sendall(head)
        assert connection.recv(1 << 16).startswith(b"HTTP/1.1 408 ")


def test_ctrl_c_ends_it(new_study: Callable[..., Path], serve: Callable[..., Server]) -> None:
    server = serve(new_study())
    Client(server.address).begin()
    server.process.send_signal(signal.SIGINT)
    assert server.process.wait(10) == 0


def test_where_it_cannot_listen(new_study: Callable[..., Path], serve: Callable[..., Server]) -> None:
    folder = new_study()
    port = str(urlsplit(serve(folder).address).port)
    done = CliRunner().invoke(main, ["survey", "serve", str(folder), "--port", port])
    assert done.exit_code == 1
    assert f"127.0.0.1 port {port}: cannot listen there" in done.stderr
    next((folder / "pictures").iterdir()).unlink()
    done = CliRunner().invoke(main, ["survey", "serve", str(folder), "--port", "0"])
    assert "1 pictures are missing" in done.stderr


def test_a_name_that_is_allowed(new_study: Callable[..., Path], serve: Callable[..., Server]) -> None:
    client = Client(serve(new_study(), 0, "--allow-host", "Survey.Example").address)
    assert client.ask("GET", "/", Host="survey.example").status == 200
    assert client.ask("GET", "/", Host="other.example").status == 421


def test_the_whole_network_is_told_an_address_and_no_name(
    new_study: Callable[..., Path], serve: Callable[..., Server]
) -> None:
    place = urlsplit(serve(new_study(), 0, "--host", "0.0.0.0").address)
    assert ipaddress.ip_address(place.hostname or "")
    assert Client(f"http://127.0.0.1:{place.port}/").ask("GET", "/", Host=place.netloc).status == 200


def test_nothing_is_said_of_raters(new_study: Callable[..., Path], serve: Callable[..., Server]) -> None:
    folder = new_study()
    server = serve(folder)
    client = Client(server.address)
    client.begin()
    client.ask("POST", "/votes", {"question": 0, "answer": "left", "seconds": 2.0}, User_Agent="Telltale/9")
    server.process.send_signal(signal.SIGINT)
    out, _ = server.process.communicate(timeout=10)
    assert out == ""
    with sqlite3.connect(folder / "votes.sqlite") as database:
        assert not any("Telltale" in line or "127.0.0.1" in line for line in database.iterdump())
