"""Tags of TIFF: those that describe the picture pass, those that lay the file out do not."""

import io
import struct
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from pielight.io.codecs.jpeg.segments import Segment
from pielight.io.codecs.png.chunks import with_chunks
from pielight.io.convert import fit
from pielight.io.decode import decode
from pielight.io.encode import encode
from pielight.io.metadata.ifd import Entry, Ifd, read_ifd
from tests.io import samples

LAYOUT = [
    *range(254, 260), 262, 266, 273, *range(277, 281), 284, 292, 293, 317, *range(320, 326), 330, 338, 339, 347,
    *range(513, 533), 34675, 50706,
]  # fmt: skip
OTHERS = {
    269: (2, b"name\0"), 271: (2, b"maker\0"), 297: (3, struct.pack("<2H", 2, 5)), 301: (3, bytes(1536)),
    318: (5, struct.pack("<4L", 3127, 10000, 329, 1000)), 319: (5, struct.pack("<12L", *[64, 100] * 6)),
    315: (2, "Zoë\0".encode()), 18246: (3, struct.pack("<H", 4)), 40091: (1, "a title\0".encode("utf-16-le")),
    33550: (12, struct.pack("<3d", 0.5, 0.25, 0)), 42113: (2, b"-9999\0"), 51041: (12, struct.pack("<2d", 1, 2)),
    65000: (7, b"a maker's own"), 65001: (9, struct.pack("<l", -5)), 65002: (6, b"\xff"), 65003: (11, bytes(8)),
    65004: (10, struct.pack("<2l", -1, 3)), 65005: (8, struct.pack("<3h", -1, 2, -3)),
}  # fmt: skip


def jpeg_with(tags: Ifd) -> bytes:
    data = samples.sample("rgb.jpg")
    return data[:2] + Segment(0xE1, tags.exif_block()).coded() + data[2:]


def deep_png_with(tags: Ifd) -> bytes:
    return with_chunks(samples.sample("rgb_16.png"), [(b"eXIf", tags.exif_block()[6:])])


def check_pixels(result: bytes, source: bytes) -> None:
    """Two readers see the same picture in a TIFF as in its source."""
    expected = decode(source).pixels
    read = tifffile.imread(io.BytesIO(result))
    assert np.array_equal(read, expected)
    with Image.open(io.BytesIO(result)) as image:
        shift = 8 * (expected.dtype == np.uint16)
        assert np.abs(np.asarray(image).astype(int) - (expected >> shift)).max() <= 1
        assert getattr(image, "n_frames", 1) == 1


@pytest.mark.parametrize("source_of", [jpeg_with, deep_png_with])
@pytest.mark.parametrize("tag", LAYOUT)
def test_layout_tags_of_exif_do_not_reach_a_tiff(tag: int, source_of: Any) -> None:
    source = source_of(Ifd("<", {tag: Entry(3, b"\7\0"), 271: Entry(2, b"maker\0")}))
    result = encode(decode(source), "TIFF")
    check_pixels(result, source)
    tags = read_ifd(result)
    assert tags is not None
    assert tags.entries[271] == Entry(2, b"maker\0")
    assert tags.entries.get(tag) != Entry(3, b"\7\0")


@pytest.mark.parametrize("source", ["rgb.tif", "palette.tif", "cmyk.tif", "rgb_16.tif", "gray_alpha_16.tif"])
def test_a_tiff_keeps_all_other_tags(source: str) -> None:
    data = with_tags(samples.sample(source))
    result = encode(decode(data))
    tags = read_ifd(result)
    assert tags is not None
    kept = {tag: tuple(tags.entries.get(tag, ())) for tag in OTHERS}
    assert kept == OTHERS
    assert np.array_equal(decode(result).pixels, decode(data).pixels)
    assert np.array_equal(tifffile.imread(io.BytesIO(result)), tifffile.imread(io.BytesIO(data)))


def with_tags(data: bytes) -> bytes:
    """Add other tags to a TIFF by hand."""
    tags = read_ifd(data)
    assert tags is not None
    tags.entries |= {tag: Entry(*entry) for tag, entry in OTHERS.items()}
    data += b"\0" * (len(data) % 2)
    return data[:4] + struct.pack("<L", len(data)) + data[8:] + tags.encode(len(data))


@pytest.mark.parametrize("source_of", [jpeg_with, deep_png_with])
@pytest.mark.parametrize("order", ["<", ">"])
def test_the_directory_of_interoperability_goes_along(order: str, source_of: Any) -> None:
    inner = Ifd(order, {1: Entry(2, b"R98\0")})
    group = Ifd(order, {33434: Entry(5, struct.pack(order + "2L", 1, 60))}, {40965: inner})
    result = encode(decode(source_of(Ifd(order, {}, {34665: group}))), "TIFF")
    for data in (result, encode(decode(result))):
        with Image.open(io.BytesIO(data)) as image:
            exif = image.getexif()
            assert exif.get_ifd(34665)[33434] == pytest.approx(1 / 60)
            assert exif.get_ifd(40965) == {1: "R98"}
        with tifffile.TiffFile(io.BytesIO(data)) as file:
            assert file.pages.first.tags[34665].value["ExposureTime"] == (1, 60)


@pytest.mark.parametrize(("order", "big"), [("<", False), (">", False), ("<", True)])
def test_tags_of_every_kind_of_tiff(order: str, big: bool) -> None:
    file = io.BytesIO()
    tags: list[Any] = [(65000, "I", 2, (1, 70000), True), (65001, "2i", 1, (-1, 3), True), (269, "s", 0, "name", True)]
    tifffile.imwrite(
        file,
        samples.colors(),
        photometric="rgb",
        byteorder=order,
        bigtiff=big,
        metadata=None,
        extratags=tags,  # type: ignore[arg-type]
    )
    with tifffile.TiffFile(io.BytesIO(encode(decode(file.getvalue())))) as result:
        found = result.pages.first.tags
        assert (found[65000].value, found[65001].value, found[269].value) == ((1, 70000), (-1, 3), "name")


def test_resolution_without_a_unit_stays() -> None:
    data = samples.deep_tiff(3, resolution=(3, 2), resolutionunit=1)
    with tifffile.TiffFile(io.BytesIO(encode(decode(data)))) as file:
        tags = file.pages.first.tags
        assert (tags[282].value, tags[283].value, tags[296].value) == ((3, 1), (2, 1), 1)


def test_damaged_directories() -> None:
    assert read_ifd(b"") is read_ifd(b"II*\0") is read_ifd(b"II*\0\xff\xff\xff\xff") is None
    rows = b"".join(struct.pack("<HHLL", tag, 7, 60_000, 8) for tag in range(1000, 1400))
    found = read_ifd(b"II*\0\x08\0\0\0" + struct.pack("<H", 400) + rows + bytes(60_000))
    assert found is not None
    assert len(found.entries) == 1  # and not the same bytes 400 times
    loop = struct.pack("<HHHLL", 1, 34665, 4, 1, 8)
    assert read_ifd(b"II*\0\x08\0\0\0" + loop) is None


def test_long_private_tags_do_not_cost_a_jpeg_its_exif() -> None:
    data = samples.deep_tiff(3, extratags=[(65000, "B", 70_000, bytes(70_000), True), (271, "s", 0, "maker", True)])
    picture = fit(decode(data), "JPEG")
    assert "EXIF shortened: JPEG holds no more than 64 kB" in picture.note
    with Image.open(io.BytesIO(encode(picture, "JPEG"))) as image:
        assert dict(image.getexif()) == {271: "maker", 305: "tifffile.py"}
