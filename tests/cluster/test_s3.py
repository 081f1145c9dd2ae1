"""Shards on S3: moto's server on loopback, which is slow, refuses and breaks off as the real one does at times."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pyarrow")
pytest.importorskip("s3fs")
pytest.importorskip("moto")
pytest.importorskip("flask_cors")
import s3fs
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from pielight.cluster import storage as storage_module
from pielight.cluster.finish import finish
from pielight.cluster.run import ClusterJob, prepare, run
from pielight.cluster.storage import Storage, StorageError
from tests.cluster.conftest import jpeg
from tests.cluster.test_cluster_run import PLAIN, InThisProcess, done, files

pytestmark = [pytest.mark.cluster, pytest.mark.slow]
ERROR = b"<?xml version='1.0'?><Error><Code>%s</Code><Message>try later</Message></Error>"


class Unreliable:
    """A WSGI application in front of another one.

    Attributes:
        share: Of requests that go wrong.
        is_down: Whether all do.
        wrong: How many went wrong.
        only: The method that goes wrong; empty for all.
    """

    def __init__(self, app: Any) -> None:
        self._app, self._random, self._lock = app, random.Random(7), threading.Lock()
        self.share, self.is_down, self.wrong, self.only = 0.0, False, 0, ""

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        with self._lock:
            luck, kind = self._random.random(), self._random.choice(["503", "500", "slow", "cut"])
        if self.only and environ["REQUEST_METHOD"] != self.only:
            luck = 1.0
        elif self.is_down:
            luck, kind = 0.0, "503"
        if luck >= self.share and not (self.is_down and luck == 0.0):
            answer: Iterable[bytes] = self._app(environ, start)
            return answer
        self.wrong += 1
        if kind == "slow":
            time.sleep(0.3)
            late: Iterable[bytes] = self._app(environ, start)
            return late
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        if kind == "cut":
            start("200 OK", [("Content-Length", "100000")])
            return [b"<half"]
        code, text = ("503 Slow Down", b"SlowDown") if kind == "503" else ("500 Internal Error", b"InternalError")
        start(code, [("Content-Type", "application/xml")])
        return [ERROR % text]


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[Unreliable, str]]:
    app = Unreliable(DomainDispatcherApplication(create_backend_app))
    made = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield app, f"http://127.0.0.1:{made.server_port}"
    made.shutdown()


@pytest.fixture
def s3(server: tuple[Unreliable, str], monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Any:
    """Give a file system of the server, with an empty bucket of the test's name."""
    app, address = server
    app.share, app.is_down, app.only = 0.0, False, ""
    for name, value in {"AWS_ACCESS_KEY_ID": "me", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_ENDPOINT_URL": address,
                        "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"}.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    fs = s3fs.S3FileSystem()
    fs.mkdir("photos")
    yield fs
    app.is_down, app.share = False, 0.0
    fs.rm("photos", recursive=True)
    s3fs.S3FileSystem.clear_instance_cache()


def objects(fs: Any, prefix: str) -> dict[str, bytes]:
    found = {name.removeprefix(f"{prefix}/"): fs.cat_file(name) for name in fs.find(prefix)}
    return {name: data for name, data in found.items() if not name.startswith("_pielight")}


def uploads(fs: Any) -> list[Any]:
    return list(fs.call_s3("list_multipart_uploads", Bucket="photos").get("Uploads", []))


def test_an_unreliable_store_loses_nothing(
    s3: Any, server: tuple[Unreliable, str], make_tars: Callable[..., Path], tmp_path: Path
) -> None:
    tars = make_tars(5, 3, bad=[4])
    done(ClusterJob(str(tars), str(tmp_path / "out"), PLAIN))
    s3.put(f"{tars}/", "photos/tars/", recursive=True)
    server[0].share = 0.12
    job = ["s3://photos/tars", "s3://photos/out", "--denoise", "0", "-j", "2"]
    words = [sys.executable, "-m", "pielight", "cluster", *job]
    ran = subprocess.run(words, capture_output=True, text=True, check=False, timeout=100, env=dict(os.environ))
    assert ran.returncode == 1, ran.stderr  # one photo is none
    assert "14 enhanced, 1 failed, 15 members copied in 5 shards" in ran.stderr
    server[0].share = 0.0
    assert server[0].wrong > 3
    assert objects(s3, "photos/out") == files(tmp_path / "out")
    assert not uploads(s3)
    assert not prepare(ClusterJob("s3://photos/tars", "s3://photos/out", PLAIN)).tasks


def test_results_in_parts_are_whole_or_absent(
    s3: Any, server: tuple[Unreliable, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage_module, "ONE_REQUEST", 5 << 20)
    monkeypatch.setattr(storage_module, "_PAUSE", 0.01)
    place, data = Storage("s3://photos/parts"), os.urandom(11 << 20)
    place.write("a.tar", data)
    assert place.read("a.tar") == data
    real, calls = storage_module.shutil.copyfileobj, [0]

    def breaks(source: Any, target: Any, length: int) -> None:
        calls[0] += 1
        real(source, target, length)
        raise ConnectionResetError("broke off")

    monkeypatch.setattr(storage_module.shutil, "copyfileobj", breaks)
    with pytest.raises(StorageError, match=r"b\.tar: cannot be written \(broke off\)"):
        place.write("b.tar", data)
    assert calls == [4]
    assert not uploads(s3)
    assert [entry.name for entry in place.entries()] == ["a.tar"]


def test_a_store_that_is_down_is_one_line_and_the_same_run_goes_on(
    s3: Any, server: tuple[Unreliable, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage_module, "S3", {"retries": {"max_attempts": 0}})
    monkeypatch.setattr(storage_module, "_PAUSE", 0.01)
    monkeypatch.setattr("pielight.cluster.run._PAUSE", 0.01)
    monkeypatch.setattr(s3fs.S3FileSystem, "retries", 1)
    for number in range(4):
        s3.pipe_file(f"photos/in/trip/{number}.jpg", jpeg(number))
    job = ClusterJob("s3://photos/in", "s3://photos/out", PLAIN)
    tasks = prepare(job).tasks
    server[0].is_down, server[0].only = True, "PUT"
    ends = list(run(tasks, InThisProcess()))
    assert [end.is_tried_again for end in ends] == [True, True, False]
    assert "s3://photos/out/trip/0.jpg: cannot be written (" in ends[-1].text
    assert "\n" not in ends[-1].text
    server[0].is_down = False
    assert finish(job).missing == ["files-000000"]
    assert len(done(job)) == 1
    assert sorted(objects(s3, "photos/out")) == [f"trip/{number}.jpg" for number in range(4)]
    assert finish(job, verify=True).is_whole
