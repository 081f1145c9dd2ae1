"""XMP packets: read from files of every format, and extended without changing their other bytes."""

from __future__ import annotations

import re
import struct
from itertools import islice
from pathlib import Path

from pielight.io.codecs.gif.blocks import gif_packet
from pielight.io.codecs.png.chunks import chunk_spans
from pielight.io.codecs.webp.chunks import chunks as webp_chunks
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
    """Return the XMP packet of a picture's file without decoding the picture; None if there is none.

    Raises:
        OSError: The file cannot be read.
    """
    with path.open("rb") as file:
        view = FileView(file)
        head = view[:12]
        if head.startswith(b"\xff\xd8"):
            return _in_jpeg(view)
        if head.startswith(b"\x89PNG"):
            return _in_png(view)
        if head.startswith(b"RIFF") and head.endswith(b"WEBP"):
            spans = (span for kind, span in islice(webp_chunks(view, 12, len(view)), _MAX_PARTS) if kind == b"XMP ")
            return next((view[span.start : min(span.stop, span.start + _MAX_BYTES)] for span in spans), None)
        if head[:4] in (b"II*\0", b"MM\0*"):
            return _in_tiff(view)
        if head.startswith(b"GIF8"):
            return gif_packet(view[:_ENDS])
        return _in_boxes(view) if head[4:8] == b"ftyp" else None


def _in_jpeg(view: FileView) -> bytes | None:
    position = 2
    for _ in range(_MAX_PARTS):
        head = view[position : position + 4]
        if len(head) < 4 or head[0] != 0xFF or head[1] in (0xDA, 0xD9):
            return None
        if head[1] == 0xFF:  # fill byte
            position += 1
            continue
        start, end = position + 4, position + 2 + int.from_bytes(head[2:], "big")
        if head[1] == 0xE1 and view[start : start + len(JPEG_HEAD)] == JPEG_HEAD:
            return view[start + len(JPEG_HEAD) : end]
        position = end
    return None


def _in_png(view: FileView) -> bytes | None:
    for kind, span in islice(chunk_spans(view), _MAX_PARTS):
        if kind == b"iTXt" and span.stop - span.start < _MAX_BYTES:
            keyword, _, rest = view[span].partition(b"\0")
            if keyword == PNG_KEYWORD and rest.startswith(b"\0"):  # not compressed
                return rest[2:].split(b"\0", 2)[-1]
    return None


def _in_tiff(view: FileView) -> bytes | None:
    header = read_header(view)
    if header is None:
        return None
    try:
        entries, _ = read_entries(view, header.first_offset(view), header, _MAX_PARTS)
    except struct.error:
        return None
    packets = (entry.content(view)[:_MAX_BYTES] for entry in entries if entry.tag == Tag.XMP and entry.kind in _BYTES)
    return next(packets, None)


def _in_boxes(view: FileView) -> bytes | None:
    """Search both ends of an AVIF or HEIC file."""
    for part in (view[:_ENDS], view[-_ENDS:]):
        start = part.find(b"<x:xmpmeta")
        end = part.find(_META[1], start)
        if 0 <= start < end:
            return part[start : end + len(_META[1])]
    return None
