"""The server as a process: workers that are killed, clients that are slow, signals, and many requests at once.

Covers ``pielight.serve``: ``server``, ``guard``, ``worker_process``; ``pielight.cli``: ``serve``; and
``pielight.core``: ``http_listener``.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import httpx
import pytest
from click.testing import CliRunner

from pielight.cli import main
from pielight.enhancer import Enhancer
from tests.serve.servers import BINARY, Running, dark, jpeg, png, running

COMMAND = [sys.executable, "-m", "pielight", "serve", "--port", "0"]
HURRIED = """
from pielight.core.http_connection import TimedConnection
from pielight.serve.server import serve
from pielight.serve.settings import ServeSettings
if __name__ == "__main__":
    TimedConnection.header_seconds = 1.0
    settings = ServeSettings(body_seconds=1, answer_seconds=2, connections=40, picture_seconds=PICTURE)
    serve(settings, "127.0.0.1", 0, ready=lambda address: print(address, flush=True))
"""


def large() -> bytes:
    return png(dark(1000, 1000))


def send(server: Running, data: bytes) -> httpx.Response:
    return httpx.post(f"{server.url}v1/enhance", content=data, headers=BINARY, timeout=60, trust_env=False)


def is_well(server: Running) -> bool:
    return httpx.get(f"{server.url}healthz", timeout=5, trust_env=False).status_code == 200


def counted(server: Running, name: str) -> float:
    text = httpx.get(f"{server.url}metrics", timeout=5, trust_env=False).text
    return float(re.findall(rf"^pielight_{name} (\S+)$", text, re.MULTILINE)[0])


def accepts(server: Running) -> bool:
    try:
        socket.create_connection(server.place).close()
    except OSError:
        return False
    return True


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_many_at_once(server: Running) -> None:
    photo = jpeg()
    expected = Enhancer(threads=1)(photo)
    with ThreadPoolExecutor(12) as threads:
        answers = list(threads.map(lambda _: send(server, photo), range(36)))
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.content for answer in answers} == {expected}


def test_a_killed_worker_is_replaced_and_its_picture_done(server: Running) -> None:
    photo = large()
    expected = send(server, photo).content
    before = server.workers()
    assert len(before) == 2
    with ThreadPoolExecutor(2) as threads:
        for pid in before:
            os.kill(pid, signal.SIGSTOP)
        answers = [threads.submit(send, server, photo) for _ in range(2)]
        wait_for(lambda: counted(server, "running") == 2)
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        assert is_well(server)
        assert [answer.result().status_code for answer in answers] == [200, 200]
        assert {answer.result().content for answer in answers} == {expected}
    assert not {*before} & {*server.workers()}
    assert send(server, photo).content == expected


def test_workers_that_cannot_start_are_told(server: Running) -> None:
    before, done = server.workers(), threading.Event()

    def kill() -> None:
        while not done.is_set():
            for pid in server.workers():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.02)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        answer = send(server, jpeg())
    finally:
        done.set()
        killer.join()
    assert answer.status_code == 503  # a worker that cannot even start is no fault of the picture
    assert "Retry-After" in answer.headers
    assert is_well(server)
    assert send(server, jpeg()).status_code == 200
    assert not {*before} & {*server.workers()}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_it_finish(number: signal.Signals) -> None:
    with running([*COMMAND, "--workers", "1"]) as server, ThreadPoolExecutor(3) as threads:
        idle = socket.create_connection(server.place)
        workers = server.workers()
        os.kill(workers[0], signal.SIGSTOP)
        answers = [threads.submit(send, server, large()) for _ in range(3)]
        wait_for(lambda: counted(server, "waiting") + counted(server, "running") == 3)
        server.process.send_signal(number)
        wait_for(lambda: not accepts(server))
        os.kill(workers[0], signal.SIGCONT)
        assert [answer.result().status_code for answer in answers] == [200] * 3
        idle.close()
        assert server.process.wait(60) == 0
        with pytest.raises(httpx.ConnectError):
            is_well(server)
        for pid in workers:
            with pytest.raises(ProcessLookupError):
                os.kill(pid, 0)


def test_a_second_signal_ends_it_at_once() -> None:
    with running([*COMMAND, "--workers", "1"]) as server, ThreadPoolExecutor(1) as threads:
        workers = server.workers()
        os.kill(workers[0], signal.SIGSTOP)
        answer = threads.submit(send, server, jpeg())
        wait_for(lambda: counted(server, "running") == 1)
        for _ in range(2):
            server.process.send_signal(signal.SIGINT)
            time.sleep(0.3)
        server.process.wait(15)
        with pytest.raises(ProcessLookupError):
            os.kill(workers[0], 0)
        assert answer.exception() or answer.result().status_code == 503


def test_a_signal_while_it_starts() -> None:
    with subprocess.Popen([*COMMAND, "--workers", "1"], stderr=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        time.sleep(2)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=30)
    assert b"could not be started" not in said


@pytest.fixture(scope="module")
def hurried(tmp_path_factory: pytest.TempPathFactory) -> Running:
    """A server that has less patience."""
    script = tmp_path_factory.mktemp("hurried") / "serve.py"
    script.write_text(HURRIED.replace("PICTURE", "0.3"))
    with running([sys.executable, str(script)]) as found:
        yield found  # type: ignore[misc]


def said(server: Running, data: bytes, seconds: float = 10) -> bytes:
    with socket.create_connection(server.place, timeout=seconds) as connection:
        connection.sendall(data)
        received = b""
        with suppress(ConnectionResetError):
            while part := connection.recv(1 << 16):
                received += part
        return received


def test_slow_clients_are_sent_away(hurried: Running) -> None:
    head = b"POST /v1/enhance HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\n"
    start = time.monotonic()
    assert said(hurried, b"") == said(hurried, b"GET / HTTP/1.1\r\nHo") == b""
    assert b" 408 " in said(hurried, head + b"Content-Length: 100\r\n\r\nx")
    assert time.monotonic() - start < 8


def test_silent_clients_shut_nobody_out_for_long(hurried: Running) -> None:
    idle = [socket.create_connection(hurried.place) for _ in range(60)]
    try:
        refused = said(hurried, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert refused.startswith(b"HTTP/1.1 503 ")
        assert b"Retry-After: 1" in refused
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with suppress(httpx.HTTPError):
                if is_well(hurried):
                    break
            time.sleep(0.1)
        assert is_well(hurried)
    finally:
        for connection in idle:
            connection.close()


def test_a_picture_that_takes_too_long(hurried: Running) -> None:
    answer = send(hurried, jpeg(3000, 3000))
    assert answer.status_code == 422
    assert "longer than 0.3 s" in answer.json()["detail"]
    assert send(hurried, png(dark(8, 8))).status_code == 200


def test_a_stopped_worker_gives_its_place_back(hurried: Running) -> None:
    """The picture does not fit into the pipe, so that sending it waits for the worker."""
    send(hurried, png(dark(8, 8)))
    for pid in hurried.workers():
        os.kill(pid, signal.SIGSTOP)
    answer = send(hurried, large())
    assert (answer.status_code, "longer than 0.3 s" in answer.json()["detail"]) == (422, True)
    assert counted(hurried, "running") == 0


def test_a_refused_client_sees_why(server: Running) -> None:
    """What it is still sending is read, or the connection would be reset before it reads the answer."""
    connection = http.client.HTTPConnection(*server.place, timeout=20)
    connection.request("POST", "/v1/enhance", bytes(3 << 20), {"Content-Type": "image/jpeg"})
    answer = connection.getresponse()
    assert answer.status == 413
    assert answer.getheader("Content-Type") == "application/problem+json"
    connection.close()


def test_what_is_no_request_is_refused_as_all_is(server: Running) -> None:
    two_lengths = b"POST /v1/enhance HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n"
    for data in (b"junk\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", two_lengths + b"\r\n0\r\n\r\n"):
        answer = said(server, data)  # to the end of the connection
        assert answer.startswith(b"HTTP/1.1 400 "), answer
        assert b"content-type: application/problem+json" in answer.lower()
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["status"] == 400


def test_a_target_with_the_host_in_it(server: Running) -> None:
    for host, status in ((b"localhost", b"200"), (b"evil.example", b"421")):
        head = b"GET http://%b/healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" % host
        assert said(server, head).startswith(b"HTTP/1.1 " + status)


def broken_form(rng: random.Random, photo: bytes) -> bytes:
    form = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + photo + b"\r\n--b--\r\n"
    data = bytearray(form)
    for _ in range(rng.randrange(1, 20)):
        place = rng.randrange(len(data) if rng.random() < 0.5 else 80)
        data[place] = rng.choice(b'\r\n-b:;\0\xff"=' if rng.random() < 0.7 else bytes(range(256)))
    return bytes(data[: rng.randrange(1, len(data))] if rng.random() < 0.3 else data)


def bomb(_: random.Random, __: bytes) -> bytes:
    head = bytearray(png(dark(4, 4, 3)))
    head[16:24] = (60_000).to_bytes(4, "big") * 2
    return bytes(head)


def damaged(rng: random.Random, photo: bytes) -> bytes:
    data = bytearray(photo)
    for _ in range(rng.randrange(1, 30)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(data)


def test_hostile_bodies(server: Running) -> None:
    rng, photo = random.Random(0), jpeg()
    makers: list[Callable[[random.Random, bytes], bytes]] = [broken_form, bomb, damaged]
    form = "multipart/form-data; boundary="
    kinds = [f"{form}b", "image/jpeg", "application/json", form + "x" * 999]
    sent = [(rng.choice(makers)(rng, photo), rng.choice(kinds)) for _ in range(60)]
    sent += [(broken_form(rng, photo), kinds[0]) for _ in range(60)]

    def post(one: tuple[bytes, str]) -> int:
        headers = {"Content-Type": one[1]}
        return httpx.post(
            f"{server.url}v1/enhance", content=one[0], headers=headers, trust_env=False, timeout=30
        ).status_code

    with ThreadPoolExecutor(4) as threads:
        statuses = set(threads.map(post, sent))
        assert is_well(server)
    assert 422 in statuses
    assert all(status < 500 for status in statuses), statuses


def test_where_it_cannot_listen(server: Running) -> None:
    done = CliRunner().invoke(main, ["serve", "--port", str(server.place[1])])
    assert done.exit_code == 1
    assert "cannot listen there" in done.output
    assert CliRunner().invoke(main, ["serve", "--token", "a\nb"]).exit_code == 2
