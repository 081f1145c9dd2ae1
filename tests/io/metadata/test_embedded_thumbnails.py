"""Thumbnails in JFIF extensions, Photoshop's resources and XMP."""

import base64
import struct

import pytest
from PIL import Image

from pielight.io.codecs.jpeg.segments import APP0, APP1, APP13, JFXX, PHOTOSHOP, Segment, parse
from pielight.io.metadata.xmp import JPEG_HEAD
from tests.io import samples
from tests.io.functions import changed_bytes
from tests.io.metadata.test_thumbnails import BARS, check_shows, enhanced
from tests.io.thumbnailed import brighter, jpeg, opened, scene, small

IPTC = b"8BIM\4\4\0\0\0\0\0\x0a\x1c\2\5\0\5title"
LAST = b"8BIM\4\x0b\1a\0\0\0\3url\0"


def with_segment(segment: Segment) -> bytes:
    data = samples.saved(scene(), "JPEG", quality=92)
    return data[:20] + segment.coded() + data[20:]


def thumbnail_resource(image: bytes, number: int = 1036, kind: int = 1) -> bytes:
    content = struct.pack(">6L2H", kind, 160, 120, 480, 57_600, len(image), 24, 1) + image
    return (
        b"8BIM"
        + struct.pack(">H", number)
        + b"\0\0"
        + struct.pack(">L", len(content))
        + content
        + bytes(len(content) % 2)
    )


def test_jfif_extensions() -> None:
    old = jpeg(small())
    data, note = enhanced(with_segment(Segment(APP0, JFXX + b"\x10" + old)))
    assert [marker for marker, _ in parse(data).segments[:2]] == [APP0, APP0]
    (content,) = parse(data).contents(APP0, JFXX)
    check_shows(opened(content[6:]), opened(data), opened(old), BARS)
    assert note == ""
    plain = scene().resize((60, 40))
    data, note = enhanced(with_segment(Segment(APP0, JFXX + b"\x13\x3c\x28" + plain.tobytes())))
    (content,) = parse(data).contents(APP0, JFXX)
    assert content[:8] == JFXX + b"\x13\x3c\x28"
    check_shows(Image.frombytes("RGB", (60, 40), content[8:]), opened(data), plain)
    for odd in (b"", b"\x11\x08\x08" + bytes(768 + 64), b"\x13\x3c", b"\x13\0\0"):
        data, note = enhanced(with_segment(Segment(APP0, JFXX + odd)))
        assert list(parse(data).contents(APP0, JFXX)) == []
        assert note == "thumbnail in JFIF left out: of an unknown kind" or "index out of range" in note


@pytest.mark.parametrize("quality", [80, 30])
def test_photoshops_resources(quality: int) -> None:
    old = jpeg(small(), quality=quality)
    block = IPTC + thumbnail_resource(old) + LAST
    data, note = enhanced(with_segment(Segment(APP13, PHOTOSHOP + block)))
    (content,) = parse(data).contents(APP13, PHOTOSHOP)
    made = content.removeprefix(PHOTOSHOP)
    assert made.startswith(IPTC + b"8BIM\4\x0c\0\0")
    assert made.endswith(LAST)
    length = struct.unpack_from(">L", made, len(IPTC) + 8)[0]
    resource = made[len(IPTC) + 12 :][:length]
    assert struct.unpack_from(">6L2H", resource) == (1, 160, 120, 480, 57_600, length - 28, 24, 1)
    assert made[len(IPTC) + 12 + length + length % 2 :] == LAST
    check_shows(opened(resource[28:]), opened(data), opened(old), BARS)
    assert note == ""
    tiff = enhanced(with_segment(Segment(APP13, PHOTOSHOP + block)), file_format="TIFF")[0]
    check_shows(opened(bytes(opened(tiff).tag_v2[34377])[len(IPTC) + 40 :]), opened(tiff), opened(old), BARS)  # type: ignore[attr-defined]


def test_resources_without_a_thumbnail_stay_as_they_are() -> None:
    parts = [PHOTOSHOP + IPTC[:10], PHOTOSHOP + IPTC[10:] + b"odd"]
    data = samples.saved(scene(), "JPEG")
    source = data[:20] + b"".join(Segment(APP13, part).coded() for part in parts) + data[20:]
    assert list(parse(enhanced(source)[0]).contents(APP13, PHOTOSHOP)) == parts
    for odd in (
        thumbnail_resource(jpeg(small()), 1033),
        thumbnail_resource(bytes(57_600), kind=0),
        thumbnail_resource(b""),
    ):
        data, note = enhanced(with_segment(Segment(APP13, PHOTOSHOP + IPTC + odd + LAST)))
        assert list(parse(data).contents(APP13, PHOTOSHOP)) == [PHOTOSHOP + IPTC + LAST]
        assert note.startswith("thumbnail among Photoshop's resources left out: ")


def packet(image: bytes) -> bytes:
    text = base64.b64encode(image)
    lines = b"&#xA;".join(text[start : start + 72] for start in range(0, len(text), 72))
    return (
        b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
        b"<rdf:Description xmlns:xmpGImg='http://ns.adobe.com/xap/1.0/g/img/'><xmpGImg:format>JPEG</xmpGImg:format>"
        b"<xmpGImg:image>" + lines + b"</xmpGImg:image></rdf:Description></rdf:RDF></x:xmpmeta>"
    )


@pytest.mark.parametrize("file_format", ["JPEG", "PNG"])
def test_xmp(file_format: str) -> None:
    old = jpeg(small())
    data, note = enhanced(with_segment(Segment(APP1, JPEG_HEAD + packet(old))), file_format=file_format)
    found = bytes(opened(data).info["xmp"])
    before, _, after = found.partition(b"<xmpGImg:image>")
    image, _, after = after.partition(b"</xmpGImg:image>")
    assert packet(old).startswith(before)
    assert packet(old).endswith(after)
    check_shows(opened(base64.b64decode(image)), opened(data), opened(old), BARS)
    assert note == ""
    again = changed_bytes(data, brighter, 1.0)[0]
    assert bytes(opened(again).info["xmp"]).count(b"<xmpGImg:image>") == 1
    data, note = enhanced(with_segment(Segment(APP1, JPEG_HEAD + packet(b"no picture"))), file_format=file_format)
    assert note == "thumbnail in XMP left out: damaged"
    assert b"<xmpGImg:image></xmpGImg:image>" in bytes(opened(data).info["xmp"])
