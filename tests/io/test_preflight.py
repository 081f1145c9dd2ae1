"""Small files of very many parts are refused in one line, before any reader spends minutes on them."""

import io
import re
import struct
import sys
import zlib
from pathlib import Path

import pytest
from PIL import Image

from pielight.errors import PictureError
from pielight.io.codecs.jpeg.segments import Segment
from pielight.io.codecs.png.chunks import with_chunks
from pielight.io.convert import fit
from pielight.io.decode import decode
from pielight.io.encode import encode
from pielight.io.metadata.ifd import read_ifd
from pielight.io.preflight import check, check_file
from pielight.io.required_extra import require_readers
from tests.io import samples
from tests.io.corpus import chunk, png

BODY = zlib.compress(bytes(20 * 61))
TIFF = samples.sample("rgb.tif")


def rows() -> list[bytes]:
    (place,) = struct.unpack_from("<L", TIFF, 4)
    (count,) = struct.unpack_from("<H", TIFF, place)
    return [TIFF[place + 2 + 12 * index :][:12] for index in range(count)]


def with_rows(more: list[bytes], content: bytes = b"") -> bytes:
    """A TIFF with more rows in its directory, and some content at ``PLACE``."""
    body = TIFF[8:].ljust(PLACE - 8, b"\0") + content
    body += b"\0" * (len(body) % 2)
    made = sorted(
        [row for row in rows() if row[:2] not in [one[:2] for one in more]] + more, key=lambda row: row[1::-1]
    )
    return b"II*\0" + struct.pack("<L", 8 + len(body)) + body + struct.pack("<H", len(made)) + b"".join(made) + bytes(4)


PLACE = len(TIFF) + len(TIFF) % 2


def row(tag: int, kind: int, count: int, place: int = 8) -> bytes:
    return struct.pack("<HHLL", tag, kind, count, place)


def overlapping(size: int, prefix: bytes = b"") -> bytes:
    """A directory of tags that all lie on the same bytes."""
    entries = b"".join(row(tag, 7, size) for tag in range(700, 4700))
    return prefix + b"II*\0\x08\0\0\0" + struct.pack("<H", 4000) + entries + bytes(4) + bytes(size)


def chain(pages: int) -> bytes:
    """A TIFF that is followed by empty pages."""
    first = with_rows([])
    places = [len(first) + 6 * page for page in range(pages)]
    empty = b"".join(struct.pack("<HL", 0, following) for following in [*places[1:], 0])
    return first[:-4] + struct.pack("<L", places[0]) + empty


HOSTILE = {
    "chunks.png": (lambda: png(20, 20, body=BODY, extra=chunk(b"tEXt", b"a\0b") * 100_000), "100,000 chunks in a file"),
    "private.png": (lambda: png(20, 20, body=BODY, extra=chunk(b"prIv", b"") * 100_000), "100,000 chunks in a file"),
    "pixels.png": (
        lambda: png(20, 20, body=BODY, extra=chunk(b"IDAT", b"") * 300_000), "300,000 chunks of pixels",
    ),
    "exif.png": (lambda: with_chunks(samples.sample("rgb.png"), [(b"eXIf", overlapping(1 << 20))]), "overlap many"),
    "exif.webp": (
        lambda: samples.saved(samples.image("RGB"), "WEBP", exif=overlapping(1 << 20, b"Exif\0\0")), "overlap many",
    ),
    "overlapping.tif": (
        lambda: with_rows([row(tag, 7, 1 << 20) for tag in range(60_000, 62_000)], bytes(1 << 20)), "overlap many",
    ),
    "repeated.tif": (lambda: with_rows([row(65_000, 7, 1 << 20)] * 2000, bytes(1 << 20)), "overlap many"),
    "pages.tif": (lambda: chain(10_001), "10,000 directories of tags"),
    "fractions.tif": (lambda: with_rows([row(282, 5, 200_000, PLACE)], bytes(1_600_000)), "100,000 values of tag 282"),
    "bits.tif": (lambda: with_rows([row(258, 3, 2_000_000, PLACE)], bytes(4_000_000)), "1,000,000 values of tag 258"),
    "strips.tif": (lambda: with_rows([row(273, 3, 5_000_000, PLACE)], bytes(10_000_000)), "4,000,000 values of tag"),
    "entries.tif": (
        lambda: b"II+\0\x08\0\0\0" + struct.pack("<2Q", 16, 300_000) + bytes(20 * 300_000), "200,000 tags in a file",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_it_is_refused_before_a_reader_sees_it(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []

    def never(*names: object, **_: object) -> None:
        opened.append(names)
        raise AssertionError("opened")

    make, expected = HOSTILE[name]
    path = tmp_path / name
    path.write_bytes(make())
    monkeypatch.setattr(Image, "open", never)
    with pytest.raises(PictureError, match=re.escape(expected)) as caught:
        decode(path.read_bytes(), name)
    assert str(caught.value).startswith(f"{name}: more than" if "overlap" not in expected else f"{name}: values")
    assert "\n" not in str(caught.value)
    with pytest.raises(PictureError, match=re.escape(expected)):
        check_file(path)
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    require_readers([path])
    assert not opened


def test_what_is_below_the_limits_is_read() -> None:
    for data in (
        png(20, 20, body=BODY, extra=chunk(b"tEXt", b"a\0b") * 20_000),
        chain(500),
        with_rows([row(60_000, 7, 1 << 20)], bytes(1 << 20)),
    ):
        decode(data)


@pytest.mark.parametrize("name", samples.MAKERS)
def test_no_sample_is_refused_and_damaged_ones_are_left_to_readers(name: str) -> None:
    data = samples.sample(name)
    check(data)
    for size in range(1, 200):
        check(data[:size])


def test_groups_that_are_named_again_and_again_are_read_once() -> None:
    """Else 4,000 rows of the EXIF group, each of 4,000 entries, are sixteen million."""
    entries = b"".join(row(60_000, 99, 1) for _ in range(4000))
    group = 8 + 2 + 12 * 4000 + 4
    first = b"".join(row(34665, 4, 1, group) for _ in range(4000))
    head = b"II*\0\x08\0\0\0" + struct.pack("<H", 4000) + first + bytes(4) + struct.pack("<H", 4000)
    counted = CountedBytes(head + entries + bytes(4))
    read_ifd(counted)
    assert counted.slices < 10


class CountedBytes(bytes):
    slices = 0

    def __getitem__(self, place: object) -> object:
        if isinstance(place, slice):
            self.slices += 1
        return super().__getitem__(place)  # type: ignore[index]


def test_values_that_lie_on_each_other_do_not_fill_a_result() -> None:
    picture = decode(with_chunks(samples.sample("rgb.png"), [(b"eXIf", overlapping(60_000))]))
    assert len(encode(picture, "TIFF")) < 300_000
    assert fit(picture, "TIFF").note == ""


def test_exif_of_a_jpeg(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow reads it as soon as it opens a JPEG without a resolution."""
    block = overlapping(900_000)
    parts = [block[start : start + 65_000] for start in range(0, len(block), 65_000)]
    plain = samples.sample("rgb.jpg")
    data = plain[:2] + b"".join(Segment(0xE1, b"Exif\0\0" + part).coded() for part in parts) + plain[2:]
    with pytest.raises(PictureError, match="overlap many"):
        decode(data)
    with Image.open(io.BytesIO(plain)) as image:
        assert image.format == "JPEG"


def test_an_empty_file_is_left_to_its_reader(tmp_path: Path) -> None:
    (tmp_path / "empty.png").write_bytes(b"")
    check_file(tmp_path / "empty.png")
