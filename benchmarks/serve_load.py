"""Measure `pielight serve` against the same work in process, under load, over many requests, and with hostile bodies.

Usage: python benchmarks/serve_load.py PHOTO [--megapixels 2] [--rounds 15] [--clients 32] [--seconds 10]
    [--requests 300] [--hostile 200] [--workers N]

PHOTO is resized to the megapixels and saved as JPEG. One client: calls of the server and of `enhance(bytes)` take
turns, medians. Load: clients that send one request after another; throughput against `enhance(bytes)` one after another
on all cores, and in as many threads as cores, on one each, before and after. Memory: resident bytes of all processes of
the server, after a tenth of the requests and after all. Hostile: broken forms, bombs, damaged pictures, wrong types and
slow clients, while another client asks for /healthz.
"""

from __future__ import annotations

import _command as command

command.needs("serve")

import http.client
import io
import itertools
import random
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import numpy as np
from PIL import Image

from pielight import Enhancer, enhance
from pielight.core.threads import available_threads

PAGE = 4096


class Server(NamedTuple):
    """A server that runs."""

    place: tuple[str, int]
    pid: int

    def memory(self) -> int:
        """Return the resident bytes of the server and its workers."""
        return sum(resident(pid) for pid in (self.pid, *children(self.pid)))


def children(pid: int) -> set[int]:
    """Return the numbers of the processes that a process started."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return {int(child) for thread in threads for child in (thread / "children").read_text().split()}


def resident(pid: int) -> int:
    """Return the resident bytes of a process."""
    return PAGE * int(Path(f"/proc/{pid}/statm").read_text().split()[1])


@contextmanager
def serving(workers: int | None) -> Iterator[Server]:
    """Run the server."""
    words = ["--workers", str(workers)] if workers else []
    process = subprocess.Popen(
        [sys.executable, "-m", "pielight", "serve", "--port", "0", *words], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        parts = urlsplit(process.stdout.readline().strip())
        yield Server((parts.hostname or "", parts.port or 0), process.pid)
    finally:
        process.terminate()
        process.wait()


def photo(path: Path, megapixels: float) -> bytes:
    """Return a photo of some megapixels as JPEG."""
    with Image.open(path) as image:
        scale = (megapixels * 1e6 / (image.width * image.height)) ** 0.5
        sized = image.convert("RGB").resize((round(image.width * scale), round(image.height * scale)))
    file = io.BytesIO()
    sized.save(file, "JPEG", quality=92)
    return file.getvalue()


class Caller:
    """A client that keeps its connection."""

    def __init__(self, server: Server) -> None:
        self._connection = http.client.HTTPConnection(*server.place, timeout=120)

    def post(self, data: bytes, kind: str = "image/jpeg") -> tuple[int, str | None]:
        """Send a picture, and return the status and when to come again."""
        self._connection.request("POST", "/v1/enhance", data, {"Content-Type": kind})
        answer = self._connection.getresponse()
        answer.read()
        return answer.status, answer.getheader("Retry-After")

    def is_well(self) -> bool:
        """Ask for /healthz."""
        self._connection.request("GET", "/healthz")
        answer = self._connection.getresponse()
        answer.read()
        return answer.status == 200

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def one_client(server: Server, data: bytes, rounds: int) -> None:
    """Print how long a call of the server takes, beside one in process."""
    caller = Caller(server)
    served, own = [], []
    for _ in range(rounds + 1):
        for times, call in ((own, lambda: enhance(data)), (served, lambda: caller.post(data))):
            start = time.perf_counter()
            call()
            times.append(time.perf_counter() - start)
    here, there = (statistics.median(times[1:]) for times in (own, served))
    print(f"one client: {1e3 * there:.0f} ms, in process {1e3 * here:.0f} ms, ratio {there / here:.2f}", flush=True)


def own_rate(data: bytes, seconds: float, threads: int) -> float:
    """Return how many pictures a second are enhanced in process: on all cores, or by threads on one each."""
    enhancer = Enhancer(threads=None if threads == 1 else 1)
    enhancer(data)
    start = time.perf_counter()

    def work(_: int) -> int:
        for count in itertools.count(1):
            enhancer(data)
            if time.perf_counter() - start > seconds:
                return count
        raise AssertionError

    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(work, range(threads))) / (time.perf_counter() - start)


def load(server: Server, data: bytes, clients: int, seconds: float) -> None:
    """Print what many clients at once get."""
    ways = (1, available_threads())
    before = [own_rate(data, seconds / 4, threads) for threads in ways]
    results: list[tuple[float, int, str | None]] = []
    start = time.perf_counter()

    def send() -> None:
        caller = Caller(server)
        while (begun := time.perf_counter()) - start < seconds:
            status, again = caller.post(data)
            results.append((time.perf_counter() - begun, status, again))
        caller.close()

    threads = [threading.Thread(target=send) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rate = sum(status == 200 for _, status, _ in results) / (time.perf_counter() - start)
    after = [own_rate(data, seconds / 4, threads) for threads in ways]
    one, many = ((first + second) / 2 for first, second in zip(before, after, strict=True))
    taken = sorted(time_ for time_, status, _ in results if status == 200)
    p50, p99 = (taken[min(len(taken) - 1, int(share * len(taken)))] for share in (0.5, 0.99))
    without = sum(status in (429, 503) and again is None for _, status, again in results)
    print(f"{clients} clients, {seconds:g} s: {dict(Counter(status for _, status, _ in results))}, "
          f"{without} refusals without Retry-After")  # fmt: skip
    print(f"  p50 {p50:.2f} s, p99 {p99:.2f} s, ratio {p99 / p50:.1f}; {rate:.1f} a second, in process {one:.1f} "
          f"({rate / one:.2f} times), in threads {many:.1f} ({rate / many:.2f} times)", flush=True)  # fmt: skip


def memory(server: Server, data: bytes, requests: int) -> None:
    """Print how memory grows."""
    first = max(1, requests // 10)
    left = iter(range(requests))

    def send(count: int) -> None:
        caller = Caller(server)
        for _ in itertools.islice(left, count):
            caller.post(data)

    early = 0
    for share in (first, requests - first):
        threads = [threading.Thread(target=send, args=(share // 4 + 1,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        early = early or server.memory()
    late = server.memory()
    print(f"memory after {first} requests {early >> 20} MB, after {requests} {late >> 20} MB, "
          f"{100 * (late / early - 1):+.1f} %", flush=True)  # fmt: skip


def hostile_body(rng: random.Random, data: bytes) -> tuple[bytes, str]:
    """Return a body that is no request, and what it is said to be."""
    kind = rng.choice(
        [
            "multipart/form-data; boundary=b",
            "image/jpeg",
            "application/octet-stream",
            "text/plain",
            "multipart/form-data",
        ]
    )
    choice = rng.randrange(5)
    if choice == 0:
        body = bytearray(
            b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + data[:5000] + b"\r\n--b--\r\n"
        )
    elif choice == 1:
        body = bytearray(bomb(rng))
    elif choice == 2:
        body = bytearray(data)
    elif choice == 3:
        body = bytearray(rng.randbytes(rng.randrange(1, 5000)))
    else:
        body = bytearray(b"\r\n--b" * rng.randrange(1, 20_000))
    for _ in range(rng.randrange(1, 30)):
        body[rng.randrange(min(len(body), 400) if rng.random() < 0.7 else len(body))] = rng.randrange(256)
    return bytes(body[: rng.randrange(1, len(body) + 1)] if rng.random() < 0.3 else body), kind


def bomb(rng: random.Random) -> bytes:
    """Return a small file of many pixels."""
    file = io.BytesIO()
    name = rng.choice(["PNG", "TIFF", "GIF", "WEBP"])
    side = 12_000 if name in ("PNG", "TIFF") else 4000
    options = {"compression": "tiff_adobe_deflate"} if name == "TIFF" else {}
    Image.fromarray(np.zeros((side, side), np.uint8)).save(file, name, **options)
    return file.getvalue()


def hostile(server: Server, data: bytes, count: int) -> None:
    """Print what becomes of hostile bodies, and of the server meanwhile."""
    rng, statuses = random.Random(0), Counter[str]()
    longest, done = 0.0, threading.Event()

    def ask() -> None:
        nonlocal longest
        while not done.is_set():
            start = time.perf_counter()
            caller = Caller(server)
            is_well = caller.is_well()
            caller.close()
            longest = max(longest, time.perf_counter() - start if is_well else float("inf"))
            time.sleep(0.05)

    watcher = threading.Thread(target=ask)
    watcher.start()
    slow = [socket.create_connection(server.place) for _ in range(100)]
    for number, connection in enumerate(slow):
        connection.sendall(
            b"POST /v1/enhance HTTP/1.1\r\nHost: localhost\r\n" + b"Content-Length: 9\r\n\r\nx" * (number % 2)
        )
    bodies = [hostile_body(rng, data) for _ in range(min(count, 100))]
    for number in range(count):
        body, kind = bodies[number % len(bodies)]
        caller = Caller(server)
        try:
            statuses[str(caller.post(body, kind)[0])] += 1
        except (OSError, http.client.HTTPException) as error:
            statuses[type(error).__name__] += 1
        caller.close()
    done.set()
    watcher.join()
    for connection in slow:
        with suppress(OSError):
            connection.close()
    print(f"{count} hostile bodies: {dict(statuses)}; /healthz within {longest:.2f} s", flush=True)


def main() -> None:
    """Print the figures."""
    parser = command.Command(__doc__)
    parser.add_argument("photo", type=command.file)
    parser.add_argument("--megapixels", type=float, default=2.0)
    parser.add_argument("--rounds", type=command.at_least(1), default=15)
    parser.add_argument("--clients", type=command.at_least(1), default=32)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--requests", type=command.at_least(10), default=300)
    parser.add_argument("--hostile", type=command.at_least(1), default=200)
    parser.add_argument("--workers", type=command.at_least(1))
    options = parser.parse_args()
    data = photo(options.photo, options.megapixels)
    with serving(options.workers) as server:
        one_client(server, data, options.rounds)
        load(server, data, options.clients, options.seconds)
        memory(server, data, options.requests)
        hostile(server, data, options.hostile)


if __name__ == "__main__":
    command.run(main)
