"""JPEG files of absurdly many parts are refused in one line, before a reader spends its time on them."""

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import JpegImagePlugin

from pielight.batch.plan import Job
from pielight.batch.run import run
from pielight.enhancer import Enhancer
from pielight.errors import DataError, PictureError
from pielight.evaluation.datasets.file_cache import size
from pielight.io.codecs.jpeg.segments import APP1, COMMENT, EXIF, Segment, parse
from pielight.io.decode import decode, decode_reduced
from pielight.io.preflight import check_file
from pielight.training.data.pictures import read_small
from tests.io import samples

EMPTY_SCAN = b"\xff\xda\0\x08\1\1\0\1\x3f\0"
END = b"\xff\xd9"


def before_the_frame(parts: bytes) -> bytes:
    data = samples.sample("rgb.jpg")
    return data[:2] + parts + data[2:]


ABSURD: dict[str, tuple[Callable[[], bytes], str]] = {
    "scans": (
        lambda: samples.sample("progressive.jpg")[:-2] + EMPTY_SCAN * 3000 + END,
        "3,010 scans in a JPEG; the limit is 50",
    ),
    "fill bytes": (
        lambda: before_the_frame(b"\xff" * 50_000_000),
        "50,000,000 fill bytes between the segments of a JPEG; the limit is 1,000,000",
    ),
    "other bytes": (lambda: before_the_frame(bytes(2_000_000)), "2,000,000 fill bytes"),
    "bytes and no scan": (lambda: b"\xff\xd8\xff\xd9" + bytes(2_000_000), "2,000,002 fill bytes"),
    "markers without content": (lambda: before_the_frame(b"\xff\xd0" * 900_000), "fill bytes"),
    "comments": (lambda: before_the_frame(b"\xff\xfe\0\2" * 5_000_000), "more than 10,000 segments in a JPEG"),
    "comments of no length": (lambda: before_the_frame(b"\xff\xfe\0\0" * 20_000), "more than 10,000 segments"),
    "comments between scans": (
        lambda: samples.sample("progressive.jpg")[:-2] + b"\xff\xfe\0\2" * 20_000 + END,
        "more than 10,000 segments",
    ),
    "EXIF": (lambda: before_the_frame(Segment(APP1, EXIF + bytes(60_000)).coded() * 900), "more than 16 EXIF segments"),
}


@pytest.mark.parametrize("what", ABSURD)
def test_no_reader_gets_to_see_an_absurd_file(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make, expected = ABSURD[what]
    path = tmp_path / "absurd.jpg"
    path.write_bytes(make())

    def never(*_: object) -> None:
        raise AssertionError("Pillow read it")

    monkeypatch.setattr(JpegImagePlugin.JpegImageFile, "_open", never)
    data = path.read_bytes()
    with pytest.raises(PictureError, match=re.escape(expected)) as caught:
        decode(data, "absurd.jpg")
    assert str(caught.value).startswith("absurd.jpg: ")
    with pytest.raises(PictureError, match=re.escape(expected)):
        decode_reduced(data, 16)
    with pytest.raises(PictureError, match=re.escape(expected)):
        check_file(path)
    with pytest.raises(DataError, match=re.escape(expected)):
        read_small(path, 16)
    assert size(path) is None
    (outcome,) = run([Job(path, tmp_path / "result.jpg")], Enhancer(threads=1))
    assert (outcome.status, expected in outcome.reason) == ("failed", True)


def test_a_few_fill_bytes_and_many_scans_are_read() -> None:
    plain = samples.sample("progressive.jpg")
    for data in (
        before_the_frame(b"\xff" * 100_000 + Segment(COMMENT, b"a").coded() * 1000),
        plain[:-2] + EMPTY_SCAN * 30 + END,
    ):
        assert decode(data).pixels.shape == (32, 48, 3)


@pytest.mark.parametrize("name", ["rgb.jpg", "progressive.jpg", "gray.jpg", "cmyk.jpg"])
def test_where_a_picture_ends(name: str) -> None:
    data = samples.sample(name)
    assert parse(data).end == len(data)
    assert parse(data + b"behind" + data).end == len(data)
    assert parse(data[:-2]).end == len(data) - 2
    assert parse(data).scans == (10 if name == "progressive.jpg" else 1)


def test_a_file_that_is_mapped_is_parsed_like_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(samples.sample("rgb.jpg"))
    check_file(path)
    (tmp_path / "b.png").write_bytes(samples.sample("rgb.png"))
    check_file(tmp_path / "b.png")


@pytest.mark.parametrize("length", [0, 1, 3, 9, 10])
def test_frames_that_are_cut_have_no_sampling(length: int) -> None:
    frame = b"\x08\0\x10\0\x10\3\1\x22\0\2\x11\1\3\x11\1"[:length]
    assert parse(b"\xff\xd8" + Segment(0xC0, frame).coded() + b"\xff\xda").sampling() == ()
    assert parse(io.BytesIO(samples.sample("rgb.jpg")).read()).sampling() == ((2, 2), (1, 1), (1, 1))
