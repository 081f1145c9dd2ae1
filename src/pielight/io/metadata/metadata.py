"""What a picture's file holds beside its pixels, carried from the file read to the file written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from pielight.io.codecs.heif.coding import Coding
from pielight.io.codecs.jpeg.segments import APP1, EXIF, MAX_SEGMENT, Segment
from pielight.io.codecs.jpeg.trailer import Part
from pielight.io.metadata.xmp import JPEG_HEAD, PNG_KEYWORD


@dataclass(frozen=True)
class Metadata:
    """Metadata and coding of a picture's file."""

    # EXIF byte for byte; of a TIFF, its descriptive tags in EXIF form. May be empty
    exif: bytes = b""
    icc_profile: bytes | None = None  # color profile, byte for byte
    cicp: tuple[int, int] | None = None  # primaries and transfer curve of an AVIF or HEIC, as numbers
    coding: Coding | None = None  # depth, subsampling and length of an AVIF or HEIC; None of other formats
    video: bytes = b""  # boxes of an AVIF or HEIC with a motion photo's video
    xmp: bytes | None = None  # XMP packet, byte for byte
    photoshop: bytes = b""  # Photoshop's resources, which hold IPTC
    dpi: tuple[float, float] | None = None  # resolution across and down
    comment: bytes | None = None  # JPEG or GIF comment
    segments: tuple[Segment, ...] | None = None  # descriptive segments of a JPEG; None of other formats
    appended: tuple[Part, ...] = ()  # trailer of a JPEG
    density: bytes = b""  # unit and density of a JFIF header
    quantization: Mapping[int, Sequence[int]] | None = None  # JPEG quantization tables
    # samples of each channel of a JPEG across and down; see segments.JpegLayout.sampling
    sampling: tuple[tuple[int, int], ...] = ()
    progressive: bool = False  # whether the JPEG is progressive
    lossless: bool = False  # whether a WebP is lossless
    compression: str = "raw"  # TIFF compression as Pillow names it
    predictor: int = 1  # TIFF predictor, 1 for none
    # delay in milliseconds and number of loops of a GIF, as Pillow names them
    timing: Mapping[str, int] = field(default_factory=dict)
    color_space: bytes = b""  # color space fields of a BMP without an ICC profile
    headless: bool = False  # whether a BMP has no file header (a DIB)
    # PNG chunks of color, resolution, text and private ones, (type, content) each
    chunks: tuple[tuple[bytes, bytes], ...] = ()


def with_packet(metadata: Metadata, packet: bytes) -> Metadata:
    """Return metadata with another packet; in a JPEG's segments, one that is too long for them is not replaced.

    >>> with_packet(Metadata(segments=()), b"<x/>").segments
    (Segment(marker=225, content=b'http://ns.adobe.com/xap/1.0/\\x00<x/>'),)
    """
    segments = None if metadata.segments is None else _with_packet(metadata.segments, packet)
    chunks = tuple(
        chunk for chunk in metadata.chunks if not (chunk[0] == b"iTXt" and chunk[1].startswith(PNG_KEYWORD + b"\0"))
    )
    if metadata.chunks:
        chunks = (*chunks, (b"iTXt", PNG_KEYWORD + b"\0" * 5 + packet))
    return replace(metadata, xmp=packet, segments=segments, chunks=chunks)


def _with_packet(segments: tuple[Segment, ...], packet: bytes) -> tuple[Segment, ...]:
    """Put a packet into the descriptive segments of a JPEG, in place of the old one."""
    new = Segment(APP1, JPEG_HEAD + packet)
    if len(new.content) > MAX_SEGMENT:
        return segments
    is_packet = [segment.marker == APP1 and segment.content.startswith(JPEG_HEAD) for segment in segments]
    if any(is_packet):
        return tuple(new if is_old else segment for segment, is_old in zip(segments, is_packet, strict=True))
    # After EXIF, which many readers expect first.
    first = 1 if segments and segments[0].content.startswith(EXIF) else 0
    return (*segments[:first], new, *segments[first:])
