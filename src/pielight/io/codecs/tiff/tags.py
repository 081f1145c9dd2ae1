"""Tags of TIFF that describe the picture, as opposed to those that describe the layout of the file."""

from __future__ import annotations

import ctypes
import struct
from dataclasses import replace
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any, BinaryIO

from PIL import _imaging

from pielight.io.file_view import FileView
from pielight.io.metadata.ifd import PREFIX, Entry, Ifd, even, read_ifd, read_ifd_at, tiff_header
from pielight.io.metadata.ifd_entries import TiffHeader, read_header
from pielight.io.metadata.maker_notes import moved_note
from pielight.io.metadata.tiff_tags import (
    BYTE,
    DNG_VERSION,
    EXIF_GROUP,
    ICC_PROFILE,
    IMAGE_SOURCE_DATA,
    LONG,
    MAKER_NOTE,
    ORIENTATION,
    PHOTOSHOP,
    PREDICTOR,
    RATIONAL,
    RESOLUTION_UNIT,
    SHORT,
    STRIP_OFFSETS,
    SUB_IFDS,
    TILE_OFFSETS,
    UNDEFINED,
    X_RESOLUTION,
    XMP,
    Y_RESOLUTION,
)

if TYPE_CHECKING:
    from pielight.io.metadata.metadata import Metadata

PREDICTOR_NONE = 1
LZW = "tiff_lzw"
PREDICTED = (LZW, "tiff_adobe_deflate", "zstd", "lzma")
RENAMED = {"tiff_deflate": "tiff_adobe_deflate", "tiff_jpeg": "jpeg"}  # older codes of the same
_RESOLUTION = (X_RESOLUTION, Y_RESOLUTION)
_INCH, _CENTIMETER, _CENTIMETERS_PER_INCH = 2, 3, 2.54
_MAX_DENOMINATOR, _TOLERANCE = 10_000, 0.5  # of dots per inch, and their difference that does not count
_OFFSETS = (STRIP_OFFSETS, TILE_OFFSETS)
_DESCRIPTIVE = (270, 271, 272, ORIENTATION, 285, 305, 306, 315, 316, 33432, 33723)
_LAYOUT = (
    *range(254, 260), *range(262, 267), 273, *range(277, 282), 284, *range(288, 294), PREDICTOR, *range(320, 329), 330,
    332, 333, 334, 336, *range(338, 342), 347, *range(512, 533), *range(32995, 32999), 33421, 33422, ICC_PROFILE,
    IMAGE_SOURCE_DATA,
    DNG_VERSION,  # with it a file is taken for camera RAW
)  # fmt: skip
_LEFT_OUT = {SUB_IFDS: "reduced pictures", IMAGE_SOURCE_DATA: "Photoshop's layers"}  # which would show the old picture
_BILEVEL = ("group3", "group4", "tiff_ccitt")
_COMPRESSIONS = ("raw", "packbits", "jpeg", *PREDICTED)


@cache
def silence() -> None:
    """Keep Pillow's libtiff from printing errors to the user's screen."""
    try:
        set_handler = ctypes.CDLL(_imaging.__file__).TIFFSetErrorHandler
    except (OSError, AttributeError):  # another build: its lines are only untidy
        return
    set_handler.argtypes, set_handler.restype = [ctypes.c_void_p], ctypes.c_void_p
    set_handler(None)


def descriptive_exif(data: bytes) -> bytes:
    """Return the tags of a TIFF that describe the picture, and not the layout of the file, as an EXIF block."""
    tags = read_ifd(data)
    return tags.without((*_LAYOUT, XMP, PHOTOSHOP)).exif_block() if tags else b""


def essential_exif(exif: bytes, most: int | None = None) -> tuple[bytes, str]:
    """Return the tags that most programs know, and the EXIF and GPS directories.

    Args:
        exif: A block of EXIF, or a TIFF.
        most: Bytes of the result, for which a maker's note is moved or left out if it must be.

    Returns:
        The block, empty if it is too long or cannot be read, and what was done: "shortened" and the like.
    """
    tags = read_ifd(exif)
    if tags is None:
        return b"", "left out"
    tags = tags.only(_DESCRIPTIVE)
    made, what = tags.exif_block(), "shortened"
    owner = tags.groups.get(EXIF_GROUP)
    if most is not None and len(made) > most and owner is not None:
        if _may_move(owner):
            tags.groups[EXIF_GROUP] = replace(owner, note_offset=None)
        else:
            tags.groups[EXIF_GROUP], what = owner.without((MAKER_NOTE,)), "shortened, without maker's notes"
        made = tags.exif_block()
    return (made, what) if most is None or len(made) <= most else (b"", "left out")


def _may_move(owner: Ifd) -> bool:
    note = owner.entries.get(MAKER_NOTE, Entry(UNDEFINED, b"")).content
    return owner.note_origin is None or moved_note(note, owner.note_origin, 0) is not None


def maker_note_warning(data: bytes) -> str:
    """Return what the user should know of a maker's note in a TIFF or RAW file, or nothing."""
    tags = read_ifd(data)
    owner = tags.groups.get(EXIF_GROUP) if tags else None
    stays = owner is None or owner.note_offset is not None or _may_move(owner)
    return "" if stays else "maker's notes may be unreadable: they were too far behind to stay in place"


def is_sound(exif: bytes) -> bool:
    """Say whether EXIF can be read with all its groups, as TIFF and AVIF need.

    >>> is_sound(b""), is_sound(b"no EXIF")
    (True, False)
    """
    tags = read_ifd(exif)
    return not exif or (tags is not None and tags.groups.keys() == tags.named_groups)


def notes_on(data: bytes) -> list[str]:
    """Return what the user should know of parts of a TIFF that are not kept."""
    tags = read_ifd(data)
    found = [what for tag, what in _LEFT_OUT.items() if tags and tag in tags.entries]
    return [note for note in (maker_note_warning(data), f"left out: {', '.join(found)}" if found else "") if note]


def tiff_options(metadata: Metadata, mode: str) -> dict[str, Any]:
    """Return Pillow's ``save`` options for a TIFF; a compression that cannot hold ``mode`` becomes LZW."""
    compression = RENAMED.get(metadata.compression, metadata.compression)
    bilevel = mode == "1" and compression in _BILEVEL
    no_jpeg = compression == "jpeg" and mode not in ("L", "RGB")
    if not bilevel and (no_jpeg or compression not in _COMPRESSIONS):
        compression = LZW
    if compression in PREDICTED and mode not in ("1", "P") and metadata.predictor != PREDICTOR_NONE:
        return {"tiffinfo": {PREDICTOR: 2}, "compression": compression}
    return {"compression": compression}


def leading_block(metadata: Metadata) -> bytes:
    """Return the bytes to write before the picture in a TIFF file: the whole EXIF if there is a maker's note in it.

    There, the offsets in the note stay valid, since TIFF and EXIF both count from the first byte.
    """
    tags = read_ifd(metadata.exif)
    owner = tags.groups.get(EXIF_GROUP) if tags else None
    if owner is None or owner.note_offset is None:
        return b""
    block = metadata.exif.removeprefix(PREFIX)
    return block.ljust(even(len(block)), b"\0")


def attach_tags(file: BinaryIO, start: int, metadata: Metadata) -> None:
    """Add the descriptive tags to a TIFF file, byte for byte, which its encoders cannot do.

    They go to the end, with a new copy of the first directory.

    Args:
        file: Holds, from ``start`` to its end, the block of :func:`leading_block` and a TIFF of one picture; open
            for reading too.
        start: Where the block starts, which becomes the start of the whole TIFF.
        metadata: Of the picture.
    """
    leading = leading_block(metadata)
    tags = read_ifd(metadata.exif) or Ifd("<")
    tags = tags.without(_LAYOUT)
    _add_resolution(tags, metadata)
    for tag, kind, content in (
        (XMP, BYTE, metadata.xmp),
        (PHOTOSHOP, BYTE, metadata.photoshop),
        (ICC_PROFILE, UNDEFINED, metadata.icc_profile),
    ):
        if content:
            tags.entries[tag] = Entry(kind, content)
    if not tags.entries and not tags.groups:
        return
    coded = _coded_directory(file, start + len(leading), len(leading))
    order = tags.order if leading else coded.order
    made = Ifd(order, coded.with_order(order).entries | tags.with_order(order).entries)
    if leading:
        for tag, group in tags.groups.items():
            made.entries[tag] = Entry(LONG, struct.pack(order + "L", group.offset))
    else:
        made.groups = tags.with_order(order).groups
    end = file.seek(0, 2) - start
    end += file.write(b"\0" * (end % 2))
    file.write(made.encode(end))
    file.seek(start)
    file.write(tiff_header(order, end))
    file.seek(0, 2)


def _coded_directory(file: BinaryIO, start: int, shift: int) -> Ifd:
    """Read the directory of the TIFF that an encoder wrote, with the offsets of its pixels moved by ``shift``."""
    view = FileView(file, start)
    header = read_header(view) or TiffHeader("<")
    coded, _ = read_ifd_at(view, header.first_offset(view), header)
    for tag in _OFFSETS:
        if offsets := coded.numbers(tag):
            moved = struct.pack(f"{coded.order}{len(offsets)}L", *(offset + shift for offset in offsets))
            coded.entries[tag] = Entry(LONG, moved)
    return coded


def _add_resolution(tags: Ifd, metadata: Metadata) -> None:
    """Set the picture's resolution, unless the tags have the same already, in any unit."""
    if metadata.dpi is None or _has_resolution(tags, metadata.dpi):
        return
    for tag, value in zip(_RESOLUTION, metadata.dpi, strict=True):
        fraction = Fraction(value).limit_denominator(_MAX_DENOMINATOR)
        tags.entries[tag] = Entry(RATIONAL, struct.pack(tags.order + "2L", fraction.numerator, fraction.denominator))
    tags.entries[RESOLUTION_UNIT] = Entry(SHORT, struct.pack(tags.order + "H", _INCH))


def _has_resolution(tags: Ifd, dpi: tuple[float, float]) -> bool:
    """Say whether the tags have this resolution, in any unit."""
    unit = tags.entries.get(RESOLUTION_UNIT, Entry(SHORT, struct.pack(tags.order + "H", _INCH)))
    found = [tags.entries.get(tag, Entry(RATIONAL, b"")) for tag in _RESOLUTION]
    if unit.kind != SHORT or any(kind != RATIONAL or len(content) != 8 for kind, content in found):
        return False
    (code,) = struct.unpack_from(tags.order + "H", unit.content)
    per_inch = {_INCH: 1.0, _CENTIMETER: _CENTIMETERS_PER_INCH}.get(code)
    pairs = [struct.unpack(tags.order + "2L", content) for _, content in found]
    return per_inch is not None and all(
        abs(per_inch * over - value * under) <= _TOLERANCE * under
        for (over, under), value in zip(pairs, dpi, strict=True)
    )
