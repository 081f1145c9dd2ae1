"""Pictures in, pictures out: as the command gives them, byte for byte, and what is refused.

Covers ``pielight.serve``: ``app``, ``uploads``, ``parameters``, ``worker`` and ``worker_pool``.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from starlette.testclient import TestClient

from pielight.cli import main
from pielight.enhancer import Enhancer
from pielight.errors import MissingExtraError, PictureError
from pielight.io.encode import encode
from pielight.io.image import Picture
from pielight.serve.worker import problem_of
from tests.serve.servers import BINARY, dark, jpeg, png


def by_command(data: bytes, name: str, folder: Path, *words: str) -> bytes:
    (folder / name).write_bytes(data)
    done = CliRunner().invoke(main, ["enhance", str(folder / name), "-o", f"{folder}/out/", *words, "-q"])
    assert done.exit_code == 0, done.output
    return next((folder / "out").iterdir()).read_bytes()


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ([], {}),
        (["--strength", "0.7", "--denoise", "0.5", "--highlights", "0.3"],
         {"strength": "0.7", "denoise": "0.5", "highlights": "0.3"}),
        (["--preset", "night", "--no-auto", "--warmth", "auto", "--tint", "0.2", "--target", "0.5", "--black", "0.1"],
         {"preset": "night", "auto": "false", "warmth": "auto", "tint": "0.2", "target_ev": "0.5", "black": "0.1"}),
        (["--format", "webp", "--quality", "70"], {"format": "webp", "quality": "70"}),
        (["--task", "dehaze"], {"task": "dehaze"}),
    ],
)  # fmt: skip
def test_a_photo_is_what_the_command_makes_of_it(
    client: TestClient, tmp_path: Path, words: list[str], options: dict[str, str]
) -> None:
    photo = jpeg()
    expected = by_command(photo, "night.jpg", tmp_path, *words)
    raw = client.post("/v1/enhance", content=photo, params=options, headers={"Content-Type": "image/jpeg"})
    form = client.post("/v1/enhance", files={"file": ("night.jpg", photo, "image/jpeg")}, data=options)
    for answer in (raw, form):
        assert answer.status_code == 200, answer.text
        assert answer.content == expected
        assert answer.headers["Content-Type"] == f"image/{options.get('format', 'jpeg')}"
    with Image.open(io.BytesIO(photo)) as before, Image.open(io.BytesIO(raw.content)) as after:
        assert dict(before.getexif()) == dict(after.getexif())
        assert before.info["icc_profile"] == after.info["icc_profile"]


def test_sixteen_bits_stay(client: TestClient, tmp_path: Path) -> None:
    pytest.importorskip("imagecodecs")
    deep = encode(Picture(dark().astype(np.uint16) * 257, "RGB;16"), "PNG")
    answer = client.post("/v1/enhance", content=deep, headers=BINARY)
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.content == by_command(deep, "deep.png", tmp_path)


def test_strength_zero_sends_the_file_back(client: TestClient) -> None:
    photo = jpeg()
    assert client.post("/v1/enhance?strength=0", content=photo, headers=BINARY).content == photo


def test_notes_are_told(client: TestClient) -> None:
    file = io.BytesIO()
    Image.new("CMYK", (40, 30), (200, 190, 180, 90)).save(file, "JPEG")
    answer = client.post("/v1/enhance?format=png", content=file.getvalue(), headers=BINARY)
    assert answer.headers["Pielight-Notes"] == "CMYK converted to sRGB"


def test_the_map_in_three_formats(client: TestClient) -> None:
    photo = jpeg()
    expected = Enhancer(threads=1).exposure(photo)
    answer = client.post("/v1/exposure", content=photo, headers=BINARY)
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json()["ev"] == pytest.approx(expected.ev, abs=1e-4)
    assert answer.json()["underexposed"] == pytest.approx(expected.underexposed)
    for asked in ({"params": {"format": "npz"}, "headers": BINARY}, {"headers": {"Accept": "application/x-npz"}}):
        npz = client.post("/v1/exposure", files={"file": photo} if "params" not in asked else None,
                          content=photo if "params" in asked else None, **asked)  # type: ignore[arg-type]  # fmt: skip
        with np.load(io.BytesIO(npz.content)) as found:
            assert (found["ev"] == expected.ev).all()
            assert (found["ceiling"] == expected.ceiling).all()
    drawn = client.post("/v1/exposure?format=png", content=photo, headers=BINARY)
    assert Image.open(io.BytesIO(drawn.content)).size > (640, 1)


@pytest.mark.parametrize(
    ("status", "kind", "says", "request_"),
    [
        (422, "option", "strength: input should be less", {"params": {"strength": "9"}}),
        (422, "option", "strength: input should be a finite", {"params": {"strength": "nan"}}),
        (422, "option", "speed: extra inputs", {"params": {"speed": "9"}}),
        (422, "option", "given twice", {"params": [("strength", "0.5"), ("strength", "1")]}),
        (422, "option", "has no meaning for derain", {"params": {"task": "derain", "denoise": "1"}}),
        (422, "option", "quality", {"params": {"quality": "0"}}),
        (422, "picture", "not a JPEG", {"content": b"no picture"}),
        (422, "picture", "damaged", {"content": jpeg()[:700]}),
        (400, "request", "no picture", {"content": b""}),
        (413, "size", "longer than 1,048,576", {"content": bytes((1 << 20) + 1)}),
        (413, "size", "the limit is 1 megapixels", {"content": png(np.zeros((1001, 1000), np.uint8))}),
        (415, "", "application/json: expected", {"headers": {"Content-Type": "application/json"}}),
        (400, "request", "boundary", {"headers": {"Content-Type": "multipart/form-data"}}),
        (400, "request", "form", {"headers": {"Content-Type": "multipart/form-data; boundary=x"}, "content": b"--y"}),
    ],
)  # fmt: skip
def test_what_is_refused_is_told(
    client: TestClient, status: int, kind: str, says: str, request_: dict[str, Any]
) -> None:
    answer = client.post("/v1/enhance", **{"content": jpeg(), "headers": BINARY} | request_)
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"] == (f"urn:pielight:{kind}" if kind else "about:blank")
    assert problem["status"] == status
    assert says in problem["detail"]
    assert "\n" not in problem["detail"]


def test_forms_hold_one_picture(client: TestClient) -> None:
    photo = jpeg()
    two = client.post("/v1/enhance", files=[("file", ("a", photo)), ("file", ("b", photo))])
    assert (two.status_code, two.json()["type"]) == (400, "urn:pielight:request")
    none = client.post("/v1/enhance", files={"strength": (None, "1")})
    assert none.status_code == 400
    long = client.post("/v1/enhance", files={"file": photo, "name": (None, "x" * 2000)})
    assert long.status_code == 400
    both = client.post("/v1/enhance?strength=1", files={"file": photo}, data={"strength": "1"})
    assert "given twice" in both.json()["detail"]


def test_what_needs_an_extra_is_an_unsupported_type() -> None:
    cause = MissingExtraError("rawpy", "raw")
    with pytest.raises(PictureError) as raised:
        raise PictureError(f"night.nef: {cause}") from cause
    assert problem_of(raised.value) == "extra"


def test_raw_that_is_none(client: TestClient) -> None:
    tiff = io.BytesIO()
    Image.new("L", (8, 8)).save(tiff, "TIFF")
    answer = client.post("/v1/enhance", files={"file": ("night.nef", tiff.getvalue())})
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("night.nef: ")
    assert client.post("/v1/enhance?name=../night.png", content=tiff.getvalue(), headers=BINARY).status_code == 200
