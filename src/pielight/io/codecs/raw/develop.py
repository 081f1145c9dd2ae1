"""Camera RAW: recognized by its first bytes, and developed by LibRaw (extra ``raw``)."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, BinaryIO

from pielight.core.atomic_file import read_file
from pielight.core.color import SRGB_GAMMA, SRGB_SLOPE
from pielight.core.extras import require
from pielight.core.native_output import caught_stderr
from pielight.errors import PictureError
from pielight.io.codecs.isobmff import read_brands, walk
from pielight.io.codecs.jpeg.segments import APP1, EXIF, parse
from pielight.io.codecs.raw.integrity import check_sensor
from pielight.io.codecs.tiff.tags import essential_exif, maker_note_warning
from pielight.io.color.cicp import srgb_profile
from pielight.io.formats import EXTENSIONS, RAW
from pielight.io.image import Picture
from pielight.io.metadata.exif import with_orientation
from pielight.io.metadata.ifd import Entry, Ifd, read_ifd, walk_ifds
from pielight.io.metadata.ifd_entries import TIFF_MAGIC
from pielight.io.metadata.metadata import Metadata
from pielight.io.metadata.tiff_tags import Tag, Type
from pielight.io.size_limits import check_size

_MAGIC = (
    b"FUJIFILMCCD-RAW", b"IIRO", b"IIRS", b"MMOR", b"IIU\x00",
    b"\0MRM", b"FOVb", b"ARRI", b"qktk", b"qktn", b"DSC-Image", b"NOKIARAW",
)  # fmt: skip
_FURTHER_MAGIC = ((4, b"ftypcrx "), (6, b"HEAPCCDR"), (25, b"ARECOYK"))
_IN_TIFF = (b"CR", b"IIII", b"MMMM")  # of Canon and Phase One, after the header of a TIFF
_OTHERS = (b"\xff\xd8", b"\x89PNG", b"GIF8", b"BM", b"RIFF")  # ordinary pictures, whatever their extension
_MOSAIC, _HEAD = 32803, 64
_WARNING = b"unknown file: "
_BYTES_PER_PIXEL = 16  # what LibRaw holds at its peak: four 16-bit channels, and the result
_CANON_3 = b"ftypcrx "
_CANON_BOX = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
_XMP_BOX = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_FIRST, _EXIF, _NOTE, _GPS = b"CMT1", b"CMT2", b"CMT3", b"CMT4"
_NOTE_START = 8  # after the header of its own block, from which its offsets count as from that of EXIF


def is_raw(data: bytes, name: str) -> bool:
    """Return whether a file is camera RAW, by its first bytes, or by name or tags of a TIFF or unknown file.

    >>> is_raw(b"\\0MRM", "picture"), is_raw(b"II*\\0", "a.kdc"), is_raw(b"GIF89a", "a.kdc")
    (True, True, False)
    """
    if data.startswith(_MAGIC) or any(data.startswith(magic, offset) for offset, magic in _FURTHER_MAGIC):
        return True
    named = EXTENSIONS.get(Path(name).suffix.lower()) == RAW
    if data.startswith(TIFF_MAGIC):
        return named or data.startswith(_IN_TIFF, 8) or _is_from_a_camera(data)
    return named and not data.startswith(_OTHERS) and not read_brands(data)


def is_raw_file(path: Path) -> bool:
    """Return whether a file is camera RAW; False if it cannot be read."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            head = file.read(_HEAD)
        return is_raw(read_file(path) if head.startswith(TIFF_MAGIC) else head, path.name)
    except (OSError, ValueError, PictureError):  # reading it will report why
        return False


def develop(data: bytes) -> Picture:
    """Develop a RAW file to 16-bit sRGB, upright, with the camera's white balance and without auto-brightening.

    Raises:
        MissingExtraError: The extra ``raw`` is not installed.
        PictureError: It is damaged or of a camera that LibRaw does not know.
    """
    require("raw")
    import rawpy

    try:
        with caught_stderr(_is_warning) as printed, rawpy.imread(io.BytesIO(data)) as raw:
            width, height = raw.sizes.raw_width, raw.sizes.raw_height
            check_size(width, height, _BYTES_PER_PIXEL, len(data))
            check_sensor(data, width, height)
            raw.unpack()
            if complaint := _complaint(printed):
                raise PictureError(f"damaged RAW file (LibRaw: {complaint})")
            exif, xmp = tags_of_raw(data)
            if not has_note(exif):  # Panasonic's and Fujifilm's is in the preview only
                preview_exif = _preview_exif(raw)
                exif = preview_exif if has_note(preview_exif) else exif or preview_exif
            pixels = raw.postprocess(
                use_camera_wb=True,
                no_auto_bright=True,
                output_bps=16,
                gamma=(SRGB_GAMMA, SRGB_SLOPE),
                output_color=rawpy.ColorSpace.sRGB,
            )
    except rawpy.LibRawError as error:
        reason = error.args[0] if error.args else error
        reason = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else reason
        raise PictureError(f"damaged RAW file, or of an unknown camera ({reason})") from error
    gray = pixels.ndim == 2 or pixels.shape[2] == 1  # of cameras without color filters
    metadata = Metadata(
        exif=with_orientation(exif, 1),
        icc_profile=None if gray else srgb_profile(),
        xmp=xmp,
        compression="tiff_adobe_deflate",
        predictor=2,
    )
    mode = "I;16" if gray else "RGB;16"
    return Picture(
        pixels.reshape(*pixels.shape[:2], -1), mode, format=RAW, metadata=metadata, note=maker_note_warning(data)
    )


def _is_from_a_camera(data: bytes) -> bool:
    """Look for tags of RAW files in a TIFF's first directory."""
    tags = next(walk_ifds(data), None)
    if tags is None:
        return False
    # Cameras put a reduced picture first, and the sensor data into a separate directory.
    reduced = tags.number(Tag.NEW_SUBFILE_TYPE) != 0
    mosaic = tags.number(Tag.PHOTOMETRIC) == _MOSAIC
    return mosaic or Tag.DNG_VERSION in tags.entries or (Tag.SUB_IFDS in tags.entries and reduced)


def _is_warning(line: bytes) -> bool:
    return line.startswith(_WARNING)


def _complaint(printed: BinaryIO) -> str:
    """Return the first warning that LibRaw printed, or nothing."""
    printed.seek(0)
    lines = [line.removeprefix(_WARNING) for line in printed if _is_warning(line)]
    return lines[0].decode("utf-8", "replace").strip() if lines else ""


def _preview_exif(raw: Any) -> bytes:
    """Return the EXIF of the JPEG preview that the camera embedded into a RAW file."""
    import rawpy

    try:
        preview = raw.extract_thumb()
        if preview.format != rawpy.ThumbFormat.JPEG:
            return b""
        return next(parse(preview.data).contents(APP1, EXIF), b"")
    except (rawpy.LibRawError, PictureError):
        return b""


def tags_of_raw(data: bytes) -> tuple[bytes, bytes | None]:
    """Return the descriptive EXIF and the XMP of a CR3, or of a RAW file with the structure of a TIFF."""
    if data[4:12] == _CANON_3:
        return _of_canon_3(data)
    data = TIFF_MAGIC[data.startswith(b"MM")] + data[4:]  # some makers have other magic numbers
    tags = read_ifd(data)
    xmp = tags.entries.get(Tag.XMP) if tags else None
    return essential_exif(data)[0], xmp.content if xmp else None


def has_note(exif: bytes) -> bool:
    """Return whether there is a maker's note in a block of EXIF.

    >>> has_note(b"")
    False
    """
    tags = read_ifd(exif)
    return tags is not None and Tag.EXIF_IFD in tags.groups and Tag.MAKER_NOTE in tags.groups[Tag.EXIF_IFD].entries


def _of_canon_3(data: bytes) -> tuple[bytes, bytes | None]:
    """Merge the directories of a CR3, each of which is a TIFF in a box."""
    blocks: dict[bytes, bytes] = {}
    xmp = None
    for box in walk(data):
        if box.kind == b"uuid" and data[box.start : box.start + 16] == _XMP_BOX:
            xmp = data[box.start + 16 : box.end]
        for inner in walk(data, box.start, box.end) if box.kind == b"moov" else ():
            if inner.kind == b"uuid" and data[inner.start : inner.start + 16] == _CANON_BOX:
                blocks |= {part.kind: data[part.start : part.end] for part in walk(data, inner.start + 16, inner.end)}
    first = read_ifd(blocks.get(_FIRST, b""))
    if first is None:
        return b"", xmp
    groups = {}
    for kind, tag in ((_EXIF, Tag.EXIF_IFD), (_GPS, Tag.GPS_IFD)):
        directory = read_ifd(blocks.get(kind, b""))
        if directory is not None:
            groups[tag] = Ifd(directory.order, directory.entries).with_order(first.order)
    note = blocks.get(_NOTE, b"")[_NOTE_START:]
    if note:
        exif = groups.setdefault(Tag.EXIF_IFD, Ifd(first.order))
        exif.entries[Tag.MAKER_NOTE] = Entry(Type.UNDEFINED, note)
        exif.note_offset = _NOTE_START
    return essential_exif(Ifd(first.order, first.entries, groups).exif_block())[0], xmp
