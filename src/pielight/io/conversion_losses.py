"""Metadata that a format cannot hold: left out, and listed in a note."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pielight.io.codecs.jpeg.segments import APP0, APP1, APP2, APP12, APP13, COMMENT, EXIF, JFXX, PHOTOSHOP, Segment
from pielight.io.codecs.jpeg.trailer import ISO_GAIN_MAP
from pielight.io.codecs.jpeg.trailer_update import without_trailer
from pielight.io.codecs.png.text import CARRIED_PROFILES, texts
from pielight.io.codecs.png.text import COMMENT as COMMENT_KEYWORD
from pielight.io.formats import FORMATS
from pielight.io.metadata import mpf
from pielight.io.metadata.google_xmp import without_container
from pielight.io.metadata.ifd import read_ifd
from pielight.io.metadata.metadata import Metadata
from pielight.io.metadata.tiff_tags import Tag
from pielight.io.metadata.xmp import JPEG_HEAD, PNG_KEYWORD, with_description
from pielight.io.provenance import without_record

_DEFAULT_DPI = (72, 96)  # which programs write if nobody chose a resolution
_ICC, _EXTENDED_XMP = b"ICC_PROFILE\0", b"http://ns.adobe.com/xmp/extension/\0"
# Beginnings of segments that are carried in another way, named elsewhere, or belong to the source's coding.
_CARRIED = {
    APP0: (JFXX,),
    APP1: (EXIF, JPEG_HEAD, _EXTENDED_XMP),
    APP2: (_ICC, mpf.HEAD, ISO_GAIN_MAP),
    APP12: (b"Ducky",),
    APP13: (PHOTOSHOP,),
    COMMENT: (b"",),
}
_TEXTS = (b"tEXt", b"zTXt", b"iTXt")
_OF_THE_CODING = (b"pHYs", b"sBIT", b"sRGB")  # carried in another way, or without further meaning
_COLORS = (b"gAMA", b"cHRM", b"cICP", b"mDCV", b"cLLI")
_SRGB_CICP = bytes((1, 13))  # primaries and transfer curve
_SRGB = {b"gAMA": (45455,), b"cHRM": (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)}
_TOLERANCE = 100  # of a hundred thousand
_MAX_NAMES = 5


def without_losses(metadata: Metadata, file_format: str, notes: list[str]) -> Metadata:
    """Return the metadata that a format can hold."""
    left_out: list[str] = []
    held = FORMATS[file_format].metadata
    if metadata.chunks and file_format != "PNG":
        metadata = _without_chunks(metadata, file_format, left_out, notes)
    if metadata.segments is not None and file_format != "JPEG":
        metadata = _without_segments(without_trailer(metadata, left_out), left_out)
    if metadata.video and "cicp" not in held:
        left_out.append("video")
        metadata = replace(metadata, video=b"", xmp=without_container(metadata.xmp) if metadata.xmp else None)
    if metadata.photoshop and "iptc" not in held:
        left_out.append("IPTC and Photoshop's resources")
        metadata = replace(metadata, photoshop=b"")
    if metadata.comment and "comment" not in held:
        left_out.append("comment")
        metadata = replace(metadata, comment=None)
    if metadata.dpi and "resolution" not in held and not _needs_no_resolution(metadata, "exif" in held):
        left_out.append("resolution")
        metadata = replace(metadata, dpi=None)
    if metadata.exif and "exif" not in held:
        left_out.append("EXIF")
        metadata = replace(metadata, exif=b"")
    if metadata.xmp and "xmp" not in held:
        only_ours = without_record(metadata.xmp) == with_description(b"", b"")
        left_out += [] if only_ours else ["XMP"]
        metadata = replace(metadata, xmp=None)
    if left_out:
        notes.append(f"left out, not supported by {file_format}: {', '.join(left_out)}")
    return metadata


def _needs_no_resolution(metadata: Metadata, holds_exif: bool) -> bool:
    """Return whether the resolution is a default one, or is held by EXIF."""
    usual = all(round(value) in _DEFAULT_DPI for value in metadata.dpi or ())
    tags = read_ifd(metadata.exif) if holds_exif else None
    return usual or (tags is not None and Tag.X_RESOLUTION in tags.entries)


def _without_chunks(metadata: Metadata, file_format: str, left_out: list[str], notes: list[str]) -> Metadata:
    """Leave out the chunks of a PNG, except for a comment."""
    entries = [text for text in texts(metadata.chunks) if text.keyword != PNG_KEYWORD.decode()]
    comment = metadata.comment
    if comment is None and "comment" in FORMATS[file_format].metadata:
        comment = next((text.content for text in entries if text.keyword == COMMENT_KEYWORD), None) or None
        entries = [text for text in entries if comment is None or text.keyword != COMMENT_KEYWORD]
    left_out += _listed("texts", (text.keyword for text in entries if text.keyword not in CARRIED_PROFILES))
    others = [kind for kind, _ in metadata.chunks if kind not in (*_TEXTS, *_OF_THE_CODING, *_COLORS)]
    left_out += _listed("chunks", (kind.decode("latin-1") for kind in others))
    if metadata.icc_profile is None and _names_other_colors(metadata.chunks):
        notes.append(f"colors treated as sRGB: {file_format} has no equivalent of PNG's color chunks")
    return replace(metadata, comment=comment, chunks=())


def _names_other_colors(chunks: Iterable[tuple[bytes, bytes]]) -> bool:
    """Return whether chunks name other colors than sRGB's, by the first present in PNG's order of preference."""
    by_type = dict(chunks)
    if b"cICP" in by_type:
        return not by_type[b"cICP"].startswith(_SRGB_CICP)
    present = ((by_type[kind], known) for kind, known in _SRGB.items() if kind in by_type)
    return b"sRGB" not in by_type and any(_differs(content, known) for content, known in present)


def _differs(content: bytes, known: tuple[int, ...]) -> bool:
    values = [int.from_bytes(content[start : start + 4], "big") for start in range(0, 4 * len(known), 4)]
    return any(abs(value - expected) > _TOLERANCE for value, expected in zip(values, known, strict=True))


def _without_segments(metadata: Metadata, left_out: list[str]) -> Metadata:
    """Leave out the segments of a JPEG; several comments become one."""
    segments = metadata.segments or ()
    comments = [segment.content for segment in segments if segment.marker == COMMENT]
    if any(segment.content.startswith(_EXTENDED_XMP) for segment in segments):
        left_out.append("extended XMP")
    left_out += _listed("segments", (_name(segment) for segment in segments if not _is_carried(segment)))
    comment = b"\n".join(comments) if len(comments) > 1 else metadata.comment
    return replace(metadata, comment=comment, segments=None, density=b"")


def _is_carried(segment: Segment) -> bool:
    return segment.content.startswith(_CARRIED.get(segment.marker, ()))


def _name(segment: Segment) -> str:
    """Name a segment by its marker, and by the identifier with which most begin."""
    word = segment.content[:16].split(b"\0")[0]
    known = word.decode("ascii", "replace") if word.isalnum() else ""
    return f"APP{segment.marker - APP0} {known}".rstrip()


def _listed(what: str, names: Iterable[str]) -> list[str]:
    """Return one entry that lists names, or no entry without names.

    >>> _listed("texts", ["Title", "Author", "Title"])
    ['texts (Title, Author)']
    """
    unique = list(dict.fromkeys("".join(letter if letter.isprintable() else "?" for letter in name) for name in names))
    shown = ", ".join(unique[:_MAX_NAMES]) + (f" and {len(unique) - _MAX_NAMES} more" if unique[_MAX_NAMES:] else "")
    return [f"{what} ({shown})"] if unique else []
