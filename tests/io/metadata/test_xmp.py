"""XMP packets in files and in metadata: also for ``pielight.io.metadata.metadata``."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pielight.io.codecs.jpeg.segments import APP1, EXIF, MAX_SEGMENT, Segment
from pielight.io.image import Picture
from pielight.io.metadata.metadata import Metadata, with_packet
from pielight.io.metadata.xmp import JPEG_HEAD, PNG_KEYWORD, read_packet, with_description
from tests.io import samples

PACKET = with_description(b"", b"<rdf:Description rdf:about=''/>")


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.tif", "a.gif", "a.avif"])
def test_the_packet_of_a_file_is_found(name: str, tmp_path: Path) -> None:
    picture = Picture(np.zeros((9, 7, 3), np.uint8), "RGB", metadata=Metadata(xmp=PACKET))
    samples.write(picture, tmp_path / name)
    packet = read_packet(tmp_path / name) or b""
    assert packet == PACKET or (name == "a.avif" and packet in PACKET and b"rdf:Description" in packet)


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP"])
def test_a_file_without_a_packet_has_none(file_format: str, tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "a", file_format)
    assert read_packet(tmp_path / "a") is None


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_cut_files_do_no_harm(file_format: str, tmp_path: Path) -> None:
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, file_format, xmp=PACKET)
    for cut in range(0, len(file.getvalue()), 13):
        (tmp_path / "a").write_bytes(file.getvalue()[:cut])
        assert (read_packet(tmp_path / "a") or b"") in PACKET


def test_fill_bytes_between_segments_are_skipped(tmp_path: Path) -> None:
    segment = Segment(APP1, JPEG_HEAD + PACKET).coded()
    (tmp_path / "a").write_bytes(b"\xff\xd8\xff\xff" + segment[0:] + b"\xff\xd9")
    assert read_packet(tmp_path / "a") == PACKET


@pytest.mark.parametrize(
    ("packet", "expected"),
    [
        (b"<x:xmpmeta></x:xmpmeta>", b"<a/></rdf:RDF></x:xmpmeta>"),
        (b"<rdf:RDF xmlns:rdf='r'/>", b"<rdf:RDF xmlns:rdf='r'><a/></rdf:RDF>"),
        (b"no XMP", b"no XMP"),
    ],
)
def test_a_description_goes_into_what_there_is(packet: bytes, expected: bytes) -> None:
    assert with_description(packet, b"<a/>").endswith(expected)


def test_padding_makes_room() -> None:
    padded = PACKET.replace(b"<?xpacket end", b" " * 100 + b"<?xpacket end")
    assert len(with_description(padded, b"<b/>")) == len(padded)


def test_a_packet_replaces_that_of_segments_and_chunks() -> None:
    exif, old = Segment(APP1, EXIF + b"II"), Segment(APP1, JPEG_HEAD + b"old")
    new = Segment(APP1, JPEG_HEAD + PACKET)
    assert with_packet(Metadata(segments=(exif, old)), PACKET).segments == (exif, new)
    assert with_packet(Metadata(segments=(exif,)), PACKET).segments == (exif, new)
    assert with_packet(Metadata(segments=(exif, old)), b" " * MAX_SEGMENT).segments == (exif, old)
    chunks = ((b"gAMA", bytes(4)), (b"iTXt", PNG_KEYWORD + b"\0\0\0\0\0old"))
    made = with_packet(Metadata(chunks=chunks), PACKET)
    assert made.chunks == ((b"gAMA", bytes(4)), (b"iTXt", PNG_KEYWORD + b"\0\0\0\0\0" + PACKET))
    assert made.xmp == PACKET
