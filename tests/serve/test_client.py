"""The client: what it returns is what ``pielight.enhance`` returns.

Covers ``pielight.serve.client``.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import pielight
from pielight.errors import ExistsError, OptionError, PictureError, ServiceError
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
        client._ask("GET", "/v1/nothing")
    assert refused.value.status == 404
    with pytest.raises(ServiceError, match="cannot be reached"):
        pielight.Client("http://127.0.0.1:9").info()


def test_a_busy_server_is_asked_again() -> None:
    answers = [b"HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
               b'HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close\r\n\r\n{"a":1}']  # fmt: skip
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for answer in answers:
                connection, _ = listener.accept()
                with connection:
                    connection.recv(1 << 16)
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        assert pielight.Client(f"http://127.0.0.1:{listener.getsockname()[1]}").info() == {"a": 1}
        thread.join()


def test_the_client_loads_no_server() -> None:
    code = "import sys, pielight; pielight.Client(); print({'starlette', 'uvicorn', 'torch'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
