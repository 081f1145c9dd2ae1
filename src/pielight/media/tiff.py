"""TIFF keeps its metadata among the tags that lay the file out; here the two are told apart."""

from __future__ import annotations

import ctypes
import struct
from functools import cache
from typing import TYPE_CHECKING, Any, BinaryIO

from PIL import Image, _imaging
from PIL.TiffImagePlugin import ImageFileDirectory_v2

if TYPE_CHECKING:
    from pielight.media.metadata import Metadata

ORIENTATION = 274
PREDICTOR, PREDICTOR_NONE = 317, 1
LZW = "tiff_lzw"
PREDICTED = (LZW, "tiff_adobe_deflate", "zstd", "lzma")
RENAMED = {"tiff_deflate": "tiff_adobe_deflate", "tiff_jpeg": "jpeg"}  # older codes of the same
XMP, PHOTOSHOP = 700, 34377
_DESCRIPTIVE = (270, 271, 272, ORIENTATION, 285, 305, 306, 315, 316, 33432, 33723)
_GROUPS = (34665, 34853)  # the EXIF and GPS directories
_BILEVEL = ("group3", "group4", "tiff_ccitt")
_COMPRESSIONS = ("raw", "packbits", "jpeg", *PREDICTED)
_LONG = 4


@cache
def silence() -> None:
    """Keep libtiff, as Pillow uses it, from printing what is wrong with a file to the user's screen."""
    try:
        set_handler = ctypes.CDLL(_imaging.__file__).TIFFSetErrorHandler
    except (OSError, AttributeError):  # built in another way: its lines are untidy, no more
        return
    set_handler.argtypes, set_handler.restype = [ctypes.c_void_p], ctypes.c_void_p
    set_handler(None)


def descriptive_exif(source: Image.Exif) -> bytes:
    """Return, of all tags of a TIFF, those that describe it, and not how its file is laid out, in EXIF form."""
    kept = Image.Exif()
    for tag in _DESCRIPTIVE:
        if tag in source:
            kept[tag] = source[tag]
    for group in _GROUPS:
        if entries := source.get_ifd(group):
            kept[group] = dict(entries)
    return kept.tobytes() if kept else b""


def is_sound(exif: bytes) -> bool:
    """Say whether EXIF can be taken apart and put together again, which TIFF and AVIF need.

    >>> is_sound(b""), is_sound(b"no EXIF")
    (True, False)
    """
    tags = Image.Exif()
    try:
        tags.load(exif)
        for group in _GROUPS:
            tags.get_ifd(group)
        tags.tobytes()
    except (OSError, SyntaxError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError, struct.error):
        return False
    return True


def plain_tags(exif: Image.Exif, metadata: Metadata) -> Image.Exif:
    """Make of EXIF tags those of a TIFF's first directory; the groups come later, by :func:`attach_groups`."""
    for group in _GROUPS:
        exif.pop(group, None)
    if metadata.xmp:
        exif[XMP] = metadata.xmp
    if metadata.photoshop:
        exif[PHOTOSHOP] = metadata.photoshop
    return exif


def tiff_options(metadata: Metadata, mode: str) -> dict[str, Any]:
    """Return Pillow's ``save`` options for a TIFF; a compression that cannot hold ``mode`` becomes LZW."""
    tags = Image.Exif()
    tags.load(metadata.exif)
    tags = plain_tags(tags, metadata)
    compression = RENAMED.get(metadata.compression, metadata.compression)
    bilevel = mode == "1" and compression in _BILEVEL
    no_jpeg = compression == "jpeg" and mode not in ("L", "RGB")
    if not bilevel and (no_jpeg or compression not in _COMPRESSIONS):
        compression = LZW
    if compression in PREDICTED and mode not in ("1", "P") and metadata.predictor != PREDICTOR_NONE:
        tags[PREDICTOR] = 2
    return {"exif": tags, "compression": compression}


def attach_groups(file: BinaryIO, start: int, exif: bytes) -> None:
    """Add the EXIF and GPS directories to a TIFF file, which Pillow cannot do to a compressed one.

    They go to the end, with a new copy of the first directory that points to them.

    Args:
        file: Holds a TIFF of one picture, open for reading too.
        start: Where the TIFF starts in it; it goes on to the end.
        exif: EXIF whose directories are wanted.
    """
    tags = Image.Exif()
    tags.load(exif)
    groups = {group: tags.get_ifd(group) for group in _GROUPS}
    if not any(groups.values()):
        return
    file.seek(start)
    head = file.read(8)
    order = "<" if head.startswith(b"II") else ">"
    (place,) = struct.unpack(order + "L", head[4:])
    file.seek(start + place)
    (count,) = struct.unpack(order + "H", file.read(2))
    directory = file.read(12 * count)
    entries = [directory[at : at + 12] for at in range(0, len(directory), 12)]
    end = file.seek(0, 2) - start
    for group, values in groups.items():
        if values:
            end += file.write(b"\0" * (end % 2))
            entries.append(struct.pack(order + "HHLL", group, _LONG, 1, end))
            made = ImageFileDirectory_v2(prefix=head[:2], group=group)
            made.update(values)
            end += file.write(made.tobytes(end))
    end += file.write(b"\0" * (end % 2))
    entries.sort(key=lambda entry: struct.unpack_from(order + "H", entry))
    file.write(struct.pack(order + "H", len(entries)) + b"".join(entries) + b"\0" * 4)
    file.seek(start + 4)
    file.write(struct.pack(order + "L", end))
    file.seek(0, 2)
