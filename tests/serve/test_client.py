"""The client: what it returns is what ``pielight.enhance`` returns.

Covers ``pielight.serve``: ``client``, ``client_input`` and ``session``.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import pielight
from pielight.errors import ExistsError, OptionError, PictureError, ServiceError
from pielight.serve import session
from tests.serve.servers import Running, dark, jpeg
from tests.video.clips import Clip, contents


@pytest.fixture
def client(server: Running) -> pielight.Client:
    return pielight.Client(server.url)


def test_bytes_images_and_arrays(client: pielight.Client) -> None:
    photo = jpeg()
    assert client.enhance(photo, 0.7, denoise=0) == pielight.enhance(photo, 0.7, denoise=0)
    for channels in (1, 2, 3, 4):
        array = dark(20, 30, channels)
        assert (client.enhance(array, warmth=0.3) == pielight.enhance(array, warmth=0.3)).all()
    flat = dark(20, 30, 1)[..., 0]
    assert (client.enhance(flat) == pielight.enhance(flat)).all()
    assert (client.enhance(dark(), task="dehaze") == pielight.enhance(dark(), task="dehaze")).all()
    for mode in ("L", "RGB", "RGBA", "P", "CMYK", "1"):
        image = Image.fromarray(dark()).convert(mode)
        image.info["note"] = "kept"
        result, expected = client.enhance(image), pielight.enhance(image)
        assert (result.mode, result.info["note"]) == (mode, "kept")
        assert np.asarray(result.convert("RGB")).tolist() == np.asarray(expected.convert("RGB")).tolist()
    palette = Image.fromarray(dark()).quantize(8)
    for opacity in (3, bytes([0, 128])):
        palette.info["transparency"] = opacity
        result, expected = client.enhance(palette), pielight.enhance(palette)
        assert (result.mode, result.info["transparency"]) == ("P", opacity)
        assert result.convert("RGBA").tobytes() == expected.convert("RGBA").tobytes()
    options = pielight.EnhanceOptions(0.5, auto=False, black=0.5)
    assert client.enhance(photo, options=options) == pielight.enhance(photo, options=options)
    with pytest.raises(OptionError, match="float64: expected"):
        client.enhance(np.zeros((4, 4)))


def test_sixteen_bits(client: pielight.Client) -> None:
    pytest.importorskip("imagecodecs")
    deep = dark().astype(np.uint16) * 257
    assert (client.enhance(deep) == pielight.enhance(deep)).all()


def test_files(client: pielight.Client, tmp_path: Path) -> None:
    source = tmp_path / "night.jpg"
    source.write_bytes(jpeg())
    written = client.enhance_file(source)
    assert written.name == "night_pie.jpg"
    other = pielight.enhance_file(source, tmp_path / "other.jpg")
    assert written.read_bytes() == other.read_bytes()
    assert client.enhance_file(source, file_format="webp", quality=50).suffix == ".webp"
    with pytest.raises(ExistsError):
        client.enhance_file(source)
    client.enhance_file(source, exist_ok=True)
    with pytest.raises(PictureError, match="overwrite"):
        client.enhance_file(source, source)
    other_format = client.enhance_file(source, tmp_path / "bright.png")
    assert other_format.read_bytes() == pielight.enhance_file(source, tmp_path / "other.png").read_bytes()
    assert client.enhance_file(source, f"{tmp_path}/new/").name == "night.jpg"
    with pytest.raises(PictureError, match="RAW cannot be written"):
        client.enhance_file(source, tmp_path / "bright.nef")


def test_maps_and_info(client: pielight.Client) -> None:
    photo = jpeg()
    expected = pielight.Enhancer(threads=1).exposure(photo)
    found = client.exposure(photo)
    assert (found.ev == expected.ev).all()
    assert found.underexposed == expected.underexposed
    assert client.info()["version"] == pielight.__version__


def test_clips(client: pielight.Client, tmp_path: Path) -> None:
    Clip("night.mp4", size=(64, 48), frames=8, audio="aac").make(tmp_path)
    told: list[str] = []
    written = client.enhance_video(
        tmp_path / "night.mp4", tmp_path / "bright.mp4", on_progress=lambda state: told.append(state["state"])
    )
    assert contents(written).light > contents(tmp_path / "night.mp4").light + 5
    assert contents(written).packets == contents(tmp_path / "night.mp4").packets
    assert told[-1] == "done"
    cut = pielight.VideoOptions(end=0.1)
    within = client.enhance_video(tmp_path / "night.mp4", f"{tmp_path}/new/", 0.5, video=cut)
    assert within == tmp_path / "new/night.mp4"
    assert len(contents(within).times) < len(contents(tmp_path / "night.mp4").times)
    (tmp_path / "bright.mkv").write_bytes(b"to be replaced")
    as_matroska = client.enhance_video(tmp_path / "night.mp4", tmp_path / "bright.mkv", exist_ok=True)
    assert as_matroska.read_bytes().startswith(b"\x1aE\xdf\xa3")
    with pytest.raises(PictureError, match=r"c\.txt: no extension of a clip"):
        client.enhance_video(tmp_path / "night.mp4", tmp_path / "c.txt")
    with pytest.raises(OptionError, match="poster"):
        client.enhance_video(tmp_path / "night.mp4", tmp_path / "a.mp4", video=pielight.VideoOptions(poster=True))
    (tmp_path / "no.mp4").write_bytes(b"no clip")
    with pytest.raises(PictureError, match=r"no\.mp4"):
        client.enhance_video(tmp_path / "no.mp4", tmp_path / "none.mp4")


def test_errors_are_those_of_the_calls(client: pielight.Client) -> None:
    with pytest.raises(PictureError, match="not a JPEG"):
        client.enhance(b"no picture")
    with pytest.raises(OptionError, match="no meaning for derain"):
        client.enhance(jpeg(), denoise=1, task="derain")
    with pytest.raises(PictureError, match="longer than"):
        client.enhance(bytes(3 << 20))
    with pytest.raises(ServiceError, match="404") as refused:
        client._session.ask("GET", "/v1/nothing")
    assert refused.value.status == 404
    with pytest.raises(ServiceError, match="cannot be reached"):
        pielight.Client("http://127.0.0.1:9").info()


def test_nothing_is_sent_for_a_target_that_must_stay(tmp_path: Path) -> None:
    """There is no server at that address: a request would raise another error."""
    clip, other = tmp_path / "night.mp4", tmp_path / "other.mp4"
    for path in (clip, other):
        path.write_bytes(b"my only copy")
    with pielight.Client("http://127.0.0.1:9") as client:
        for call in (client.enhance_video, client.enhance_file):
            with pytest.raises(PictureError, match="overwrite"):
                call(clip, clip, exist_ok=True)
            with pytest.raises(ExistsError, match="exist_ok"):
                call(clip, other)
    assert clip.read_bytes() == b"my only copy"


@contextmanager
def answering(*answers: bytes) -> Iterator[str]:
    """Run a server that gives one answer to each connection; yield its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for answer in answers:
                connection, _ = listener.accept()
                with connection:
                    connection.recv(1 << 16)
                    connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def answer_of(status: str, body: bytes, *headers: str) -> bytes:
    lines = (f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers)
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@pytest.mark.parametrize("after", ["0", "-3", "nan", "Wed, 21 Oct 2015 07:28:00 GMT"])
def test_a_busy_server_is_asked_again(after: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session.time, "sleep", lambda seconds: None)
    busy = answer_of("503 Busy", b"", f"Retry-After: {after}")
    with answering(busy, answer_of("200 OK", b'{"a":1}', "Content-Type: application/json")) as url:
        assert pielight.Client(url).info() == {"a": 1}


@pytest.mark.parametrize(
    ("status", "kind", "says"),
    [
        ("301 Moved Permanently", "text/html", "301, Moved Permanently"),
        ("200 OK", "text/html", "answers with text/html"),
        ("200 OK", "", "no Content-Type"),
        ("200 OK", "application/json", "no JSON object|application/json"),
        ("200 OK", "application/x-npz", "no exposure map|application/x-npz"),
        ("404 Not Found", "application/problem+json", "404, Not Found"),
    ],
)
def test_answers_of_other_servers(tmp_path: Path, status: str, kind: str, says: str) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg())
    (tmp_path / "b.jpg").write_bytes(b"kept")
    calls: list[Callable[[pielight.Client], object]] = [
        lambda client: client.enhance_file(tmp_path / "a.jpg", tmp_path / "b.jpg", exist_ok=True),
        lambda client: client.enhance_video(tmp_path / "a.jpg", tmp_path / "b.mp4", exist_ok=True),
        lambda client: client.exposure(jpeg()),
        pielight.Client.info,
    ]
    answer = answer_of(status, b"<html>", *([f"Content-Type: {kind}"] if kind else []))
    for call in calls:
        with answering(answer) as url, pytest.raises(ServiceError, match=says):
            call(pielight.Client(url))
    assert (tmp_path / "b.jpg").read_bytes() == b"kept"


def test_what_cannot_be_sent() -> None:
    for token in ("", "é", "a\nb"):
        with pytest.raises(OptionError, match="printable"):
            pielight.Client(token=token)
    with pytest.raises(OptionError, match="no address"):
        pielight.Client("http://a:port")


def test_the_client_loads_no_server() -> None:
    code = "import sys, pielight; pielight.Client(); print({'starlette', 'uvicorn', 'torch'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
