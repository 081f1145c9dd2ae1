"""Clips as jobs: progress, results, limits and what is left of them.

Covers ``pielight.serve``: ``clips``, ``clip_folder``, ``clip_job``, ``clip_jobs`` and ``clip_worker``; and
``pielight.core``: ``file_lock``.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import signal
import sys
import tempfile
import threading
import time
from multiprocessing.context import SpawnProcess
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from pielight.core import extras
from pielight.serve import clips
from pielight.serve.app import create_app
from pielight.serve.clip_folder import ClipFolder, remove_abandoned
from pielight.serve.clip_job import ClipJob
from pielight.serve.clip_jobs import ClipJobs
from pielight.serve.problems import Problem
from pielight.serve.settings import ServeSettings
from tests.serve.servers import BINARY, dark, png, running
from tests.serve.test_server import COMMAND
from tests.video.clips import Clip, contents

MP4 = {"Content-Type": "video/mp4"}


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("clips")
    Clip("night.mp4", size=(64, 48), frames=12, audio="aac").make(folder)
    return (folder / "night.mp4").read_bytes()


def folder_of(client: TestClient) -> Path:
    return client.app.state.jobs.folder()  # type: ignore[attr-defined,no-any-return]


def events(text: str) -> list[dict[str, Any]]:
    return [json.loads(line.removeprefix("data: ")) for line in text.splitlines() if line.startswith("data: ")]


def test_a_clip_from_beginning_to_end(client: TestClient, clip: bytes, tmp_path: Path) -> None:
    answer = client.post("/v1/video?crf=23&strength=0.9", content=clip, headers=MP4)
    assert answer.status_code == 202, answer.text
    place = answer.headers["Location"]
    early = client.get(f"{place}/result")
    assert early.status_code == 409
    followed = client.get(f"{place}/events")
    assert followed.headers["Content-Type"].startswith("text/event-stream")
    told = events(followed.text)
    assert told[-1]["state"] == "done"
    assert [told[-1][name] for name in ("frames", "total", "seconds_left")] == [12, 12, 0]
    assert client.get(place).json()["state"] == "done"
    result = client.get(f"{place}/result")
    assert result.headers["Content-Type"] == "video/mp4"
    for asked, status in (("bytes=0-9", 206), ("junk", 400), ("bytes=99999999-", 416)):
        ranged = client.get(f"{place}/result", headers={"Range": asked})
        assert ranged.status_code == status
        assert ranged.headers["Content-Type"] == ("video/mp4" if status == 206 else "application/problem+json")
    other = client.put(place)
    assert (other.status_code, {*other.headers["Allow"].split(", ")}) == (405, {"GET", "HEAD", "DELETE"})
    for name, data in (("before.mp4", clip), ("after.mp4", result.content)):
        (tmp_path / name).write_bytes(data)
    before, after = contents(tmp_path / "before.mp4"), contents(tmp_path / "after.mp4")
    assert (before.times, before.packets) == (after.times, after.packets)
    assert after.light > before.light + 5
    job = folder_of(client) / place.rpartition("/")[2]
    assert {path.name for path in job.iterdir()} == {"result.mp4"}
    assert job.stat().st_mode & 0o077 == 0
    assert client.delete(place).status_code == 204
    assert client.get(place).status_code == 404
    assert list(folder_of(client).iterdir()) == []


def test_a_clip_that_is_none(client: TestClient) -> None:
    place = client.post("/v1/video?name=x.mkv", content=b"no clip", headers=BINARY).headers["Location"]
    told = events(client.get(f"{place}/events").text)
    assert told[-1]["state"] == "failed"
    assert str(folder_of(client)) not in told[-1]["detail"]
    client.delete(place)


def test_what_is_refused(client: TestClient, clip: bytes) -> None:
    for status, query, headers, body in (
        (415, "", BINARY, clip), (415, "?name=a.txt", BINARY, clip), (415, "", {"Content-Type": "image/jpeg"}, clip),
        (415, "?name=a.mp4", {"Content-Type": "text/html"}, clip),
        (400, "?name=a.mp4", {"Content-Type": "multipart/form-data; boundary=b"}, b"--b--"),
        (422, "?crf=99", MP4, clip), (422, "?start=2&end=1", MP4, clip), (422, "?strength=9", MP4, clip),
        (400, "", MP4, b""), (413, "", MP4, bytes((1 << 22) + 1)),
    ):  # fmt: skip
        answer = client.post(f"/v1/video{query}", content=body, headers=headers)
        assert answer.status_code == status, (query, answer.text)
    assert list(folder_of(client).iterdir()) == []
    assert client.get("/v1/video/nothing").status_code == 404


def test_a_clip_in_a_form(client: TestClient, clip: bytes, tmp_path: Path) -> None:
    small = {"end": "0.2", "format": "mkv"}
    for name, kind in (("night.mp4", "application/octet-stream"), ("blob", "video/mp4")):
        answer = client.post("/v1/video?strength=0.9", data=small, files={"file": (name, clip, kind)})
        assert answer.status_code == 202, answer.text
        place = answer.headers["Location"]
        assert events(client.get(f"{place}/events").text)[-1]["state"] == "done"
        result = client.get(f"{place}/result")
        assert result.headers["Content-Type"] == "video/x-matroska"
        assert result.content.startswith(b"\x1aE\xdf\xa3")
        client.delete(place)


def test_forms_that_are_refused(client: TestClient, clip: bytes) -> None:
    file = ("night.mp4", clip, "video/mp4")
    for status, query, fields, files in (
        (415, "", {}, [("file", ("a.txt", clip, "text/plain"))]), (415, "", {"name": "a.txt"}, [("file", file)]),
        (415, "", {}, [("file", ("a", clip, "application/octet-stream"))]),
        (422, "", {"crf": "99"}, [("file", file)]), (422, "?crf=9", {"crf": "9"}, [("file", file)]),
        (422, "", {"unknown": "1"}, [("file", file)]), (422, "?format=txt", {}, [("file", file)]),
        (400, "", {}, [("file", file), ("more", file)]), (400, "", {}, [("file", ("a.mp4", b"", "video/mp4"))]),
        (400, "", {"crf": "x" * 2000}, [("file", file)]), (413, "", {}, [("file", ("a.mp4", bytes(1 << 22)))]),
    ):  # fmt: skip
        answer = client.post(f"/v1/video{query}", data=fields, files=files)  # type: ignore[arg-type]
        assert answer.status_code == status, (query, fields, answer.text)
        assert list(folder_of(client).iterdir()) == []


def test_each_address_has_so_many(clip: bytes) -> None:
    """Clips that are received, wait, are in work or are kept all count; no process is started for any."""
    app = create_app(ServeSettings(clips_per_address=2))
    one, other = (TestClient(app, "http://localhost", client=(address, 9)) for address in ("127.0.0.1", "127.0.0.2"))
    jobs = app.state.jobs
    try:
        places = [one.post("/v1/video", content=clip, headers=MP4).headers["Location"] for _ in range(2)]
        jobs.find(places[0].rpartition("/")[2]).change("done")
        for files in (None, {"file": ("night.mp4", clip)}):
            refused = one.post("/v1/video?name=a.mp4", content=None if files else clip, files=files)
            assert (refused.status_code, refused.headers["Retry-After"]) == (429, "30")
            assert refused.headers["Content-Type"] == "application/problem+json"
            assert "2 clips of this address" in refused.json()["detail"]
        assert other.post("/v1/video", content=clip, headers=MP4).status_code == 202
        one.delete(places[0])
        assert one.post("/v1/video", content=clip, headers=MP4).status_code == 202
        assert one.get("/v1/info").json()["limits"]["clips_per_address"] == 2
    finally:
        jobs.close()


def test_a_killed_server_leaves_no_clips_to_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    folder = ClipFolder()
    (tmp_path / "pielight-clips-killed").mkdir()
    (tmp_path / "pielight-clips-killed/clip.mp4").write_bytes(b"clip")
    (tmp_path / "pielight-clips-link").symlink_to(tmp_path / "other", target_is_directory=True)
    (tmp_path / "other").mkdir()
    before = folder.path()
    remove_abandoned()
    assert {path.name for path in tmp_path.iterdir()} == {before.name, "pielight-clips-link", "other"}
    folder.remove()
    assert not before.exists()


def test_only_so_many_are_in_work(client: TestClient, clip: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    begin, go_on = ClipJob.start, threading.Event()
    monkeypatch.setattr(ClipJob, "start", lambda job, process: go_on.wait(60) and begin(job, process))
    places = [client.post("/v1/video", content=clip, headers=MP4).headers["Location"] for _ in range(4)]
    full = client.post("/v1/video", content=clip, headers=MP4)
    assert (full.status_code, "Retry-After" in full.headers) == (503, True)
    for place in reversed(places):  # those that wait, then the one in work
        assert client.delete(place).status_code == 204
    go_on.set()
    assert the_next_clip_is_done(client, clip)
    assert list(folder_of(client).iterdir()) == []


def test_clips_that_failed_block_no_others(client: TestClient, clip: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> None:
        raise OSError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(SpawnProcess, "start", fail)
    for _ in range(6):
        answer = client.post("/v1/video", content=clip, headers=MP4)
        assert answer.status_code == 202
        client.get(f"{answer.headers['Location']}/events")
    for job in folder_of(client).iterdir():
        client.delete(f"/v1/video/{job.name}")


def test_the_oldest_results_are_dropped() -> None:
    jobs = ClipJobs(ServeSettings(max_results=20))
    made = [jobs.new("", 100) for _ in range(3)]
    for job in made:
        job.target.write_bytes(bytes(9))
        job.change("done")
    jobs.drop_oldest()
    assert [job.folder.exists() for job in made] == [False, True, True]
    jobs.close()


def test_clips_that_were_taken_count_against_free_space(monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = ClipJobs(ServeSettings(clips=9))
    usage = shutil.disk_usage(jobs.folder())
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=700))
    for _ in range(2):
        jobs.new("", 100)
    with pytest.raises(Problem, match="space") as refused:
        jobs.new("", 100)
    assert refused.value.status_code == 503
    jobs.close()


def test_a_disk_that_fills_up_is_told(client: TestClient, clip: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    async def write(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(clips, "run_in_threadpool", write)
    answer = client.post("/v1/video", content=clip, headers=MP4)
    assert (answer.status_code, "No space" in answer.json()["detail"]) == (503, True)
    assert list(folder_of(client).iterdir()) == []


def test_a_killed_decoder_is_told(client: TestClient, clip: bytes) -> None:
    place = client.post("/v1/video", content=clip, headers=MP4).headers["Location"]
    job = client.app.state.jobs.find(place.rpartition("/")[2])  # type: ignore[attr-defined]
    while job.process is None or job.process.pid is None:
        time.sleep(0.01)
    os.kill(job.process.pid, signal.SIGKILL)
    told = events(client.get(f"{place}/events").text)
    assert told[-1]["state"] == "failed", told
    assert re.search("crashed|no process", told[-1]["detail"])
    client.delete(place)


def test_a_clip_is_deleted_before_its_process_has_started(
    client: TestClient, clip: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    started, go_on = threading.Event(), threading.Event()

    def start(job: ClipJob, process: BaseProcess) -> bool:
        started.set()
        go_on.wait(30)
        return begin(job, process)

    begin = ClipJob.start
    monkeypatch.setattr(ClipJob, "start", start)
    place = client.post("/v1/video", content=clip, headers=MP4).headers["Location"]
    assert started.wait(30)
    assert client.delete(place).status_code == 204
    assert list(folder_of(client).iterdir()) == []
    go_on.set()


def the_next_clip_is_done(client: TestClient, clip: bytes) -> bool:
    place = client.post("/v1/video", content=clip, headers=MP4).headers["Location"]
    told = events(client.get(f"{place}/events").text)
    client.delete(place)
    return bool(told[-1]["state"] == "done")


def test_a_process_that_cannot_be_started_fails_its_own_clip(
    client: TestClient, clip: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    errors = [RuntimeError("odd"), OSError(errno.EAGAIN, "Resource temporarily unavailable")]

    def fail(_: object) -> None:
        raise errors[-1]

    monkeypatch.setattr(SpawnProcess, "start", fail)
    for detail in ("no process", "server's log"):
        place = client.post("/v1/video", content=clip, headers=MP4).headers["Location"]
        told = events(client.get(f"{place}/events").text)
        assert told[-1]["state"] == "failed"
        assert detail in told[-1]["detail"]
        client.delete(place)
        errors.pop()
    monkeypatch.undo()
    assert the_next_clip_is_done(client, clip)


def test_the_end_leaves_no_files_whatever_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = ClipJobs(ServeSettings())
    jobs.new("", 100).source.write_bytes(b"clip")
    folder = jobs.folder()

    def fail(_: object) -> None:
        raise OSError("odd")

    monkeypatch.setattr(ClipJob, "stop", fail)
    with pytest.raises(OSError, match="odd"):
        jobs.close()
    assert not folder.exists()


def test_without_the_extra(client: TestClient, clip: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(extras.PACKAGES, "video", {"no_such_module": "av"})
    answer = client.post("/v1/video", content=clip, headers=MP4)
    assert answer.status_code == 501
    assert answer.json()["detail"] == 'av is not installed; run: pip install "pielight[video]"'


def test_a_signal_ends_streams_of_events_and_leaves_no_files(clip: bytes, tmp_path: Path) -> None:
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    with running([*COMMAND, "--workers", "1"], env=environment) as server:
        place = httpx.post(f"{server.url}v1/video", content=clip, headers=MP4, trust_env=False).headers["Location"]
        assert len(list(tmp_path.glob("pielight-*/*/clip.mp4"))) == 1
        with httpx.stream("GET", f"{server.url[:-1]}{place}/events", timeout=30, trust_env=False) as stream:
            lines = stream.iter_lines()
            next(lines)
            server.process.send_signal(signal.SIGTERM)
            assert not any("event: done" in line for line in lines)
        assert server.process.wait(60) == 0
    assert list(tmp_path.glob("pielight-*")) == []


def test_where_no_file_can_be_written_photos_go_on(clip: bytes) -> None:
    environment = os.environ | {"PIELIGHT_TEST_TEMPDIR": "/proc/nowhere"}
    code = "import os, tempfile; tempfile.tempdir = os.environ['PIELIGHT_TEST_TEMPDIR']\n"
    code += "from pielight.cli import main\nif __name__ == '__main__': main(['serve', '--port', '0', '--workers', '1'])"
    with running([sys.executable, "-c", code], env=environment) as server:
        large = png(dark(1000, 1000))
        assert len(large) > 1 << 20  # from which on forms are usually written to disk
        photo = httpx.post(f"{server.url}v1/enhance", files={"file": large}, trust_env=False, timeout=30)
        assert (photo.status_code, photo.headers["Content-Type"]) == (200, "image/png")
        answer = httpx.post(f"{server.url}v1/video", content=clip, headers=MP4, trust_env=False)
        assert answer.status_code == 503
        assert "TMPDIR" in answer.json()["detail"]
