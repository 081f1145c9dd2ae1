"""TIFF of one page: its metadata, and how it is written."""

from __future__ import annotations

import struct
from dataclasses import replace
from fractions import Fraction
from typing import Any, BinaryIO

from PIL import Image, TiffImagePlugin

from pielight.io.codecs import pillow
from pielight.io.codecs.jpeg.segments import EXIF
from pielight.io.codecs.tiff.tags import LAYOUT, descriptive_exif
from pielight.io.file_view import FileView
from pielight.io.image import Picture
from pielight.io.metadata.ifd import Entry, Ifd, even, read_ifd, read_ifd_at, tiff_header
from pielight.io.metadata.ifd_entries import TiffHeader, read_header
from pielight.io.metadata.metadata import Metadata
from pielight.io.metadata.tiff_tags import Tag, Type

PREDICTOR_NONE = 1
LZW = "tiff_lzw"
PREDICTED = (LZW, "tiff_adobe_deflate", "zstd", "lzma")
RENAMED = {"tiff_deflate": "tiff_adobe_deflate", "tiff_jpeg": "jpeg"}  # older codes of the same
_RESOLUTION = (Tag.X_RESOLUTION, Tag.Y_RESOLUTION)
_INCH, _CENTIMETER, _CENTIMETERS_PER_INCH = 2, 3, 2.54
_MAX_DENOMINATOR, _TOLERANCE = 10_000, 0.5  # of dots per inch, and their difference that does not count
_OFFSETS = (Tag.STRIP_OFFSETS, Tag.TILE_OFFSETS)
_BILEVEL = ("group3", "group4", "tiff_ccitt")
_COMPRESSIONS = ("raw", "packbits", "jpeg", *PREDICTED)


def read_metadata(image: Image.Image, data: bytes) -> Metadata:
    """Return the metadata of an opened TIFF."""
    assert isinstance(image, TiffImagePlugin.TiffImageFile)
    photoshop = image.tag_v2.get(Tag.PHOTOSHOP)
    return replace(
        pillow.read_metadata(image),
        exif=descriptive_exif(data),
        photoshop=photoshop if isinstance(photoshop, bytes) else b"",
        compression=image.info.get("compression", "raw"),
        predictor=image.tag_v2.get(Tag.PREDICTOR, PREDICTOR_NONE),
    )


def write(picture: Picture, file: BinaryIO, _quality: int | None) -> None:
    """Write a TIFF of at most 8 bits, or of 16-bit gray."""
    start = file.tell()
    leading = leading_block(picture.metadata)
    if picture.mode == "I;16" and leading.startswith(b"MM"):
        # Pillow writes the machine's byte order only, in which predictors count, too.
        metadata = replace(picture.metadata, predictor=PREDICTOR_NONE)
        picture = replace(picture, pixels=picture.pixels.byteswap(), metadata=metadata)
    file.write(leading)
    pillow.encodable(picture).save(pillow.checked(file), "TIFF", **tiff_options(picture.metadata, picture.mode))
    attach_tags(file, start, picture.metadata)


def tiff_options(metadata: Metadata, mode: str) -> dict[str, Any]:
    """Return Pillow's ``save`` options for a TIFF; a compression that cannot hold ``mode`` becomes LZW."""
    compression = RENAMED.get(metadata.compression, metadata.compression)
    bilevel = mode == "1" and compression in _BILEVEL
    no_jpeg = compression == "jpeg" and mode not in ("L", "RGB")
    if not bilevel and (no_jpeg or compression not in _COMPRESSIONS):
        compression = LZW
    if compression in PREDICTED and mode not in ("1", "P") and metadata.predictor != PREDICTOR_NONE:
        return {"tiffinfo": {Tag.PREDICTOR: 2}, "compression": compression}
    return {"compression": compression}


def leading_block(metadata: Metadata) -> bytes:
    """Return the bytes to write before the picture in a TIFF file: the whole EXIF if there is a maker's note in it.

    There, the offsets in the note stay valid, since TIFF and EXIF both count from the first byte.
    """
    tags = read_ifd(metadata.exif)
    owner = tags.groups.get(Tag.EXIF_IFD) if tags else None
    if owner is None or owner.note_offset is None:
        return b""
    block = metadata.exif.removeprefix(EXIF)
    return block.ljust(even(len(block)), b"\0")


def attach_tags(file: BinaryIO, start: int, metadata: Metadata) -> None:
    """Add the descriptive tags to a TIFF file, byte for byte, which its encoders cannot do.

    They go to the end, with a new copy of the first directory.

    Args:
        file: Holds, from ``start`` to its end, the block of :func:`leading_block` and a TIFF of one picture; open
            for reading too.
        start: Where the block starts, which becomes the start of the whole TIFF.
    """
    leading = leading_block(metadata)
    tags = read_ifd(metadata.exif) or Ifd("<")
    tags = tags.without(LAYOUT)
    _add_resolution(tags, metadata)
    for tag, kind, content in (
        (Tag.XMP, Type.BYTE, metadata.xmp),
        (Tag.PHOTOSHOP, Type.BYTE, metadata.photoshop),
        (Tag.ICC_PROFILE, Type.UNDEFINED, metadata.icc_profile),
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
            made.entries[tag] = Entry(Type.LONG, struct.pack(order + "L", group.offset))
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
        coded.move(tag, shift)
    return coded


def _add_resolution(tags: Ifd, metadata: Metadata) -> None:
    """Set the picture's resolution, unless the tags have the same already, in any unit."""
    if metadata.dpi is None or _has_resolution(tags, metadata.dpi):
        return
    for tag, value in zip(_RESOLUTION, metadata.dpi, strict=True):
        fraction = Fraction(value).limit_denominator(_MAX_DENOMINATOR)
        tags.entries[tag] = Entry(
            Type.RATIONAL, struct.pack(tags.order + "2L", fraction.numerator, fraction.denominator)
        )
    tags.entries[Tag.RESOLUTION_UNIT] = Entry(Type.SHORT, struct.pack(tags.order + "H", _INCH))


def _has_resolution(tags: Ifd, dpi: tuple[float, float]) -> bool:
    """Return whether the tags have this resolution, in any unit."""
    unit = tags.entries.get(Tag.RESOLUTION_UNIT, Entry(Type.SHORT, struct.pack(tags.order + "H", _INCH)))
    resolutions = [tags.entries.get(tag, Entry(Type.RATIONAL, b"")) for tag in _RESOLUTION]
    if unit.kind != Type.SHORT or any(kind != Type.RATIONAL or len(content) != 8 for kind, content in resolutions):
        return False
    (code,) = struct.unpack_from(tags.order + "H", unit.content)
    per_inch = {_INCH: 1.0, _CENTIMETER: _CENTIMETERS_PER_INCH}.get(code)
    pairs = [struct.unpack(tags.order + "2L", content) for _, content in resolutions]
    return per_inch is not None and all(
        abs(per_inch * over - value * under) <= _TOLERANCE * under
        for (over, under), value in zip(pairs, dpi, strict=True)
    )
