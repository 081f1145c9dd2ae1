"""Replacement of the XMP packet in all parts of a picture's metadata that hold it."""

from __future__ import annotations

from dataclasses import replace

from pielight.io.codecs.jpeg.segments import APP1, EXIF, MAX_SEGMENT, Segment
from pielight.io.metadata.metadata import Metadata
from pielight.io.metadata.xmp import JPEG_HEAD, PNG_KEYWORD


def with_packet(metadata: Metadata, packet: bytes) -> Metadata:
    """Return metadata with another packet; in a JPEG's segments, one that is too long for them is not replaced.

    >>> with_packet(Metadata(segments=()), b"<x/>").segments
    (Segment(marker=225, content=b'http://ns.adobe.com/xap/1.0/\\x00<x/>'),)
    """
    segments = metadata.segments
    if segments is not None:
        segments = _in_segments(segments, packet)
    chunks = tuple(chunk for chunk in metadata.chunks if not _holds_packet(chunk))
    if metadata.chunks:
        chunks = (*chunks, (b"iTXt", PNG_KEYWORD + b"\0" * 5 + packet))
    return replace(metadata, xmp=packet, segments=segments, chunks=chunks)


def _holds_packet(chunk: tuple[bytes, bytes]) -> bool:
    return chunk[0] == b"iTXt" and chunk[1].startswith(PNG_KEYWORD + b"\0")


def _is_packet(segment: Segment) -> bool:
    return segment.marker == APP1 and segment.content.startswith(JPEG_HEAD)


def _in_segments(segments: tuple[Segment, ...], packet: bytes) -> tuple[Segment, ...]:
    """Put a packet into the descriptive segments of a JPEG, in place of the old one."""
    new = Segment(APP1, JPEG_HEAD + packet)
    if len(new.content) > MAX_SEGMENT:
        return segments
    if any(_is_packet(segment) for segment in segments):
        return tuple(new if _is_packet(segment) else segment for segment in segments)
    # After EXIF, which many readers expect first.
    first = 1 if segments and segments[0].content.startswith(EXIF) else 0
    return (*segments[:first], new, *segments[first:])
