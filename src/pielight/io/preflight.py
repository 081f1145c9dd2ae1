"""Limits on the number of parts in a file, checked before a library opens it that would take minutes for them."""

from __future__ import annotations

import mmap
from pathlib import Path

from pielight.errors import PictureError
from pielight.io.codecs.gif import blocks as gif
from pielight.io.codecs.heif.items import exif_item
from pielight.io.codecs.jpeg.segments import APP1, EXIF, JpegLayout, is_jpeg, parse
from pielight.io.codecs.png.chunks import SIGNATURE, chunk_spans
from pielight.io.codecs.webp.chunks import chunks as webp_chunks
from pielight.io.file_view import FileBytes
from pielight.io.metadata.ifd_entries import read_entries, read_header
from pielight.io.metadata.tiff_tags import STRIPS, TILES, VALUE_SIZES, Tag

_MAX_CHUNKS, _MAX_PIXEL_CHUNKS = 100_000, 300_000  # of a PNG: others, and those of pixels
_MAX_PAGES, _MAX_ENTRIES = 10_000, 200_000  # of a TIFF
_MAX_RATIONALS, _MAX_OFFSETS, _MAX_NUMBERS = 100_000, 4_000_000, 1_000_000  # values of one tag that are decoded
_RATIONALS, _BYTES, _PRIVATE = (5, 10), (1, 2, 6, 7), 32_768
_MAX_OVERLAP, _FREE_BYTES = 4, 1 << 28  # values may overlap: up to this many times the file, plus these bytes
_GROUPS = (Tag.EXIF_IFD, Tag.GPS_IFD, Tag.INTEROPERABILITY_IFD)
_PIXELS = (b"IDAT", b"fdAT")


def check_file(path: Path) -> None:
    """Check a picture's file that is not read yet; see :func:`check`.

    Raises:
        OSError: The file cannot be read.
    """
    with path.open("rb") as file:
        if file.read(1):  # nothing cannot be mapped
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                check(data)


def check(data: FileBytes) -> JpegLayout | None:
    """Refuse a file with more parts than any photo; damaged and unknown files are left to their readers.

    Returns:
        The layout of a JPEG; None of another format.

    >>> check(b"II*\\0\\x08\\0\\0\\0\\0\\0\\x08\\0\\0\\0")  # a directory that is followed by itself
    """
    if is_jpeg(data):
        layout = parse(data)
        check_directories(b"".join(layout.contents(APP1, EXIF)).removeprefix(EXIF))
        return layout
    if data[:8] == SIGNATURE:
        _check_chunks(data)
    elif data[:2] in (b"II", b"MM"):
        check_directories(data)
    elif data[:3] == b"GIF":
        gif.layout(data)
    elif data[:4] == b"RIFF":
        _check_riff(data)
    elif data[4:8] == b"ftyp":
        check_directories(exif_item(data).removeprefix(EXIF))
    return None


def check_directories(data: FileBytes) -> None:
    """Check the directories of a TIFF or an EXIF block; damaged ones pass."""
    header = read_header(data)
    if header is None or len(data) < 8:
        return
    offsets, known, total, claimed = [header.first_offset(data)], {0}, 0, 0
    while offsets:
        offset = offsets.pop()
        if offset in known or offset + header.count.size > len(data):
            continue
        known.add(offset)
        _refuse(len(known) > _MAX_PAGES, f"more than {_MAX_PAGES:,} directories of tags")
        entries, link = read_entries(data, offset, header, _MAX_ENTRIES + 1)
        for entry in entries:
            total += 1
            _refuse(total > _MAX_ENTRIES, f"more than {_MAX_ENTRIES:,} tags in a file")
            length = entry.number * VALUE_SIZES.get(entry.kind, 1)
            claimed += length if len(entry.field) < length <= len(data) else 0
            most = _most_values(entry.tag, entry.kind)
            _refuse(entry.number > most and length <= len(data), f"more than {most:,} values of tag {entry.tag}")
            if entry.tag in _GROUPS:
                offsets.append(entry.offset)
        _refuse(claimed > _MAX_OVERLAP * len(data) + _FREE_BYTES, "values of tags that overlap many times")
        offsets.append(header.offset_at(data, link))


def _most_values(tag: int, kind: int) -> int:
    """Return how many values of a tag readers may have to decode."""
    if kind in _RATIONALS:
        return _MAX_RATIONALS
    if tag in (*STRIPS, *TILES):
        return _MAX_OFFSETS
    return _MAX_NUMBERS if kind not in _BYTES and tag < _PRIVATE else 1 << 64


def _check_chunks(data: FileBytes) -> None:
    others, pixels = 0, 0
    for kind, span in chunk_spans(data):
        if kind in _PIXELS:
            pixels += 1
        else:
            others += 1
        if kind == b"eXIf":
            check_directories(data[span])
        _refuse(others > _MAX_CHUNKS, f"more than {_MAX_CHUNKS:,} chunks in a file")
        _refuse(pixels > _MAX_PIXEL_CHUNKS, f"more than {_MAX_PIXEL_CHUNKS:,} chunks of pixels in a PNG file")


def _check_riff(data: FileBytes) -> None:
    """Check the EXIF of a WebP; its library goes through the other parts at once."""
    for number, (kind, span) in enumerate(webp_chunks(data, 12, len(data)), 1):
        if kind == b"EXIF":
            check_directories(data[span].removeprefix(EXIF))
        _refuse(number > _MAX_CHUNKS, f"more than {_MAX_CHUNKS:,} chunks in a file")


def _refuse(is_too_much: bool, what: str) -> None:
    if is_too_much:
        raise PictureError(f"{what}; re-save it")
