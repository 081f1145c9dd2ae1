"""XMP packets: found in files of every format, and extended without changing their other bytes."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from pielight.io.codecs.gif.blocks import gif_packet
from pielight.io.file_view import FileView
from pielight.io.metadata.ifd_entries import read_entries, read_header
from pielight.io.metadata.tiff_tags import Tag, Type

JPEG_HEAD = b"http://ns.adobe.com/xap/1.0/\0"
PNG_KEYWORD = b"XML:com.adobe.xmp"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_BEGIN = b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>'
_END = b'<?xpacket end="w"?>'
_META = (b'<x:xmpmeta xmlns:x="adobe:ns:meta/">', b"</x:xmpmeta>")
_GRAPH = (f'<rdf:RDF xmlns:rdf="{RDF}">'.encode(), b"</rdf:RDF>")
_CLOSED_GRAPH = re.compile(rb"</[A-Za-z_][\w.-]*:RDF\s*>")
_EMPTY_GRAPH = re.compile(rb"<([A-Za-z_][\w.-]*:RDF)\b([^<>]*)/>")
_CLOSED_META = re.compile(rb"</[A-Za-z_][\w.-]*:xmpmeta\s*>")
_PADDING = re.compile(rb"(?<!\s)\s+(?=<\?xpacket end)")  # from the first of a run on: linear time
_MAX_PARTS = 10_000  # segments, chunks or tags that are searched
_MAX_BYTES = 1 << 24  # of a packet
_BYTES = (Type.BYTE, Type.UNDEFINED)
_ENDS = 1 << 18  # bytes at both ends of an ISO BMFF file, where encoders put the packet


def with_description(packet: bytes, description: bytes) -> bytes:
    """Return a packet with one more ``rdf:Description``; all else stays, but for padding, which shrinks.

    Args:
        packet: XMP in UTF-8; may be empty.
        description: The element.

    Returns:
        The unchanged packet if it has no graph or envelope to hold a description.

    >>> packet = with_description(b"", b"<rdf:Description/>")
    >>> with_description(packet, b"<a/>").partition(b"<rdf:Description/>")[2]
    b'<a/></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    """
    if not packet:
        return _BEGIN + _META[0] + _GRAPH[0] + description + _GRAPH[1] + _META[1] + _END
    packet = _EMPTY_GRAPH.sub(rb"<\1\2></\1>", packet)
    closings = list(_CLOSED_GRAPH.finditer(packet))
    if not closings:
        closings = list(_CLOSED_META.finditer(packet))
        description = _GRAPH[0] + description + _GRAPH[1]
    if not closings:
        return packet
    end = closings[-1].start()
    head, tail = packet[:end] + description, packet[end:]
    padding = _PADDING.search(tail)
    if padding:
        tail = tail[: padding.start()] + tail[min(padding.start() + len(description), padding.end() - 1) :]
    return head + tail


def read_packet(path: Path) -> bytes | None:
    """Return the XMP packet of a picture's file without decoding the picture; None if none is found.

    Raises:
        OSError: The file cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(12)
        if head.startswith(b"\xff\xd8"):
            return _in_jpeg(file)
        if head.startswith(b"\x89PNG"):
            return _in_png(file)
        if head.startswith(b"RIFF") and head.endswith(b"WEBP"):
            return _in_webp(file)
        if head[:4] in (b"II*\0", b"MM\0*"):
            return _in_tiff(file, head)
        if head.startswith(b"GIF8"):
            return gif_packet(head + file.read(_ENDS))
        if head[4:8] == b"ftyp":
            return _in_boxes(file)
    return None


def _in_jpeg(file: BinaryIO) -> bytes | None:
    position = 2
    for _ in range(_MAX_PARTS):
        file.seek(position)
        head = file.read(4)
        if len(head) < 4 or head[0] != 0xFF or head[1] in (0xDA, 0xD9):
            return None
        if head[1] == 0xFF:  # fill byte
            position += 1
            continue
        length = int.from_bytes(head[2:], "big")
        if head[1] == 0xE1 and file.read(len(JPEG_HEAD)) == JPEG_HEAD:
            return file.read(length - 2 - len(JPEG_HEAD))
        position += 2 + length
    return None


def _in_png(file: BinaryIO) -> bytes | None:
    for kind, length in _chunks(file, True):
        if kind == b"iTXt" and length < _MAX_BYTES:
            keyword, _, rest = file.read(length).partition(b"\0")
            if keyword == PNG_KEYWORD and rest.startswith(b"\0"):  # not compressed
                return rest[2:].split(b"\0", 2)[-1]
    return None


def _in_webp(file: BinaryIO) -> bytes | None:
    return next((file.read(min(length, _MAX_BYTES)) for kind, length in _chunks(file, False) if kind == b"XMP "), None)


def _chunks(file: BinaryIO, is_png: bool) -> Iterator[tuple[bytes, int]]:
    """Yield type and length of each chunk of a PNG or WebP file, with the file positioned at its content."""
    position = 8 if is_png else 12
    for _ in range(_MAX_PARTS):
        file.seek(position)
        head = file.read(8)
        if len(head) < 8:
            return
        length = int.from_bytes(head[:4], "big") if is_png else int.from_bytes(head[4:], "little")
        yield head[4:] if is_png else head[:4], length
        position += 12 + length if is_png else 8 + length + length % 2


def _in_tiff(file: BinaryIO, head: bytes) -> bytes | None:
    view = FileView(file)
    header = read_header(head)
    if header is None:
        return None
    try:
        entries, _ = read_entries(view, header.first_offset(view), header, _MAX_PARTS)
    except struct.error:
        return None
    packets = (entry.content(view)[:_MAX_BYTES] for entry in entries if entry.tag == Tag.XMP and entry.kind in _BYTES)
    return next(packets, None)


def _in_boxes(file: BinaryIO) -> bytes | None:
    """Search both ends of an AVIF or HEIC file."""
    file.seek(0)
    for part in (file.read(_ENDS), _tail(file)):
        start = part.find(b"<x:xmpmeta")
        end = part.find(_META[1], start)
        if 0 <= start < end:
            return part[start : end + len(_META[1])]
    return None


def _tail(file: BinaryIO) -> bytes:
    size = file.seek(0, 2)
    file.seek(max(0, size - _ENDS))
    return file.read()
