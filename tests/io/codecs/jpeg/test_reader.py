"""The segments of a JPEG pass as they are."""

import hashlib
import io

import numpy as np
import pytest
from PIL import Image

from pielight.errors import PictureError
from pielight.io.codecs.jpeg.reader import decode_pixels, density
from pielight.io.codecs.jpeg.segments import Segment, joined, parse
from pielight.io.codecs.jpeg.trailer import read_indices
from pielight.io.decode import decode
from pielight.io.encode import encode
from tests.io import samples


def segment(marker: int, content: bytes) -> bytes:
    return Segment(marker, content).coded()


JFIF = segment(0xE0, b"JFIF\0\1\2\2\0\x76\0\x3b\0\0")  # 118 x 59 to the centimeter


def extended_xmp() -> bytes:
    """A packet of 150 kB in three parts, and the short one that points to it."""
    packet = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + bytes(range(32, 127)) * 1600 + b"</x:xmpmeta>"
    guid = hashlib.md5(packet, usedforsecurity=False).hexdigest().upper().encode()
    head = b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmpNote:HasExtendedXMP='" + guid + b"'/>"
    parts = [packet[start : start + 65_000] for start in range(0, len(packet), 65_000)]
    offsets = [start.to_bytes(4, "big") for start in range(0, len(packet), 65_000)]
    name = b"http://ns.adobe.com/xmp/extension/\0" + guid + len(packet).to_bytes(4, "big")
    extended = (segment(0xE1, name + offset + part) for offset, part in zip(offsets, parts, strict=True))
    return segment(0xE1, head) + b"".join(extended)


EXIF = segment(0xE1, b"Exif\0\0" + samples.tiff_directories())
DESCRIPTIVE = b"".join(
    [
        EXIF,
        extended_xmp(),
        segment(0xE2, b"ICC_PROFILE\0\1\1" + bytes(range(200))),
        segment(0xE2, b"FPXR\0odd"),
        segment(0xED, b"Photoshop 3.0\x008BIM\4\4\0\0\0\0\0\x0a\x1c\2\5\0\5title"),
        segment(0xE5, b"a maker's own segment"),
        segment(0xFE, "a comment with \u00fc".encode()),
        segment(0xFE, b"and another one"),
    ]
)


@pytest.fixture(scope="module", params=["rgb.jpg", "gray.jpg", "cmyk.jpg", "progressive.jpg", "several.mpo"])
def source(request: pytest.FixtureRequest) -> bytes:
    data = samples.sample(request.param)
    kept = [(marker, content) for marker, content in parse(data).segments if marker not in (0xE0, 0xE1)]
    body = data[data.index(b"\xff\xdb") :]
    own = b"".join(segment(marker, content) for marker, content in kept if marker in (0xE2, 0xEE))
    return b"\xff\xd8" + JFIF + own + DESCRIPTIVE + body


def test_all_that_describes_the_picture_is_the_same(source: bytes) -> None:
    result = encode(decode(source))
    # The index of the second picture, which this moved, leads astray and is left out.
    assert joined(part for part in parse(source).descriptive() if not read_indices([part])) == DESCRIPTIVE
    assert joined(parse(result).descriptive()) == DESCRIPTIVE
    assert result[parse(result).end :] == source[parse(source).end :]
    assert density(parse(result)) == density(parse(source)) == b"\2\0\x76\0\x3b"
    markers = [marker for marker, content in parse(result).segments if content.startswith((b"Adobe", b"MPF"))]
    with Image.open(io.BytesIO(result)) as image:
        assert markers == ([0xEE] if image.mode == "CMYK" else [])
        assert image.format == "JPEG"
        assert image.info["dpi"] == pytest.approx((300, 150), abs=1)


def test_iptc_goes_along_to_tiff_and_back(source: bytes) -> None:
    tiff = encode(decode(source), "TIFF")
    with Image.open(io.BytesIO(tiff)) as image:
        assert bytes(image.tag_v2[34377]).startswith(b"8BIM\4\4")  # type: ignore[attr-defined]
        assert image.getexif()[271] == "maker"
        assert image.getexif().get_ifd(34665)[37500] == b"maker's note"
    assert b"Photoshop 3.0\x008BIM\4\4" in encode(decode(tiff), "JPEG")


def test_odd_segments() -> None:
    assert parse(b"\xff\xd8\xff\xff\xff\xfe\0\3a\xff\xfe\0\1").segments == ((0xFE, b"a"),)
    assert parse(b"\xff\xd8\xff\xfe\xff\xff").segments == ()
    assert density(parse(b"\xff\xd8" + segment(0xE0, b"JFIF\0"))) == b""


def test_what_is_odd_is_left_to_pillow() -> None:
    data = samples.sample("rgb.jpg")
    assert decode_pixels(data[:-100], gray=False) is None
    pixels = decode_pixels(data, gray=False)
    assert pixels is not None
    assert pixels.base is not None
    assert np.array_equal(pixels, decode(data).pixels)


@pytest.mark.parametrize(
    ("marker", "bits", "kind"),
    [(0xC1, 12, "12-bit"), (0xC3, 14, "14-bit lossless"), (0xCB, 8, "8-bit lossless"), (0xC5, 8, "8-bit hierarchical")],
)
def test_kinds_that_are_not_supported_are_named(marker: int, bits: int, kind: str) -> None:
    data = bytearray(samples.sample("rgb.jpg"))
    place = data.index(b"\xff\xc0")
    data[place + 1], data[place + 4] = marker, bits
    with pytest.raises(PictureError, match=f"^x: {kind} JPEG is not supported; convert it to PNG or TIFF first$"):
        decode(bytes(data), "x")


@pytest.mark.parametrize("unit", [0, 1, 2])
def test_the_density_of_cmyk_does_not_touch_its_colors(unit: int) -> None:
    plain = samples.sample("cmyk.jpg")
    source = plain[:2] + segment(0xE0, b"JFIF\0\1\2" + bytes((unit, 0, 3, 0, 2)) + b"\0\0") + plain[2:]
    assert density(parse(source)) == bytes((unit, 0, 3, 0, 2))
    result = encode(decode(source))
    (adobe,) = (content for marker, content in parse(result).segments if marker == 0xEE)
    assert adobe.startswith(b"Adobe\0\x64")
    shown = [np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int) for data in (plain, result)]
    assert np.abs(shown[0] - shown[1]).mean() < 3
