"""TIFF keeps its metadata among the tags that lay the file out; here the two are told apart."""

from __future__ import annotations

import ctypes
import struct
from functools import cache
from typing import TYPE_CHECKING, Any, BinaryIO

from PIL import Image, _imaging

from pielight.media.directories import Directory, Entry, read_directory

if TYPE_CHECKING:
    from pielight.media.metadata import Metadata

ORIENTATION = 274
PREDICTOR, PREDICTOR_NONE = 317, 1
LZW = "tiff_lzw"
PREDICTED = (LZW, "tiff_adobe_deflate", "zstd", "lzma")
RENAMED = {"tiff_deflate": "tiff_adobe_deflate", "tiff_jpeg": "jpeg"}  # older codes of the same
XMP, PHOTOSHOP = 700, 34377
_RESOLUTION = (282, 283, 296)
_DESCRIPTIVE = (270, 271, 272, ORIENTATION, 285, 305, 306, 315, 316, 33432, 33723)
_LAYOUT = (
    *range(254, 260), *range(262, 267), 273, *range(277, 282), 284, *range(288, 294), PREDICTOR, *range(320, 329), 330,
    332, 333, 334, 336, *range(338, 342), 347, *range(512, 533), *range(32995, 32999), 33421, 33422, 34675,
    37724,  # layers of Photoshop, which would show the old picture
    50706,  # version of DNG: with it a file is taken for camera RAW
)  # fmt: skip
_GROUPS = (34665, 34853)  # the EXIF and GPS directories
_BILEVEL = ("group3", "group4", "tiff_ccitt")
_COMPRESSIONS = ("raw", "packbits", "jpeg", *PREDICTED)
_BYTE = 1


@cache
def silence() -> None:
    """Keep libtiff, as Pillow uses it, from printing what is wrong with a file to the user's screen."""
    try:
        set_handler = ctypes.CDLL(_imaging.__file__).TIFFSetErrorHandler
    except (OSError, AttributeError):  # built in another way: its lines are untidy, no more
        return
    set_handler.argtypes, set_handler.restype = [ctypes.c_void_p], ctypes.c_void_p
    set_handler(None)


def descriptive_exif(data: bytes) -> bytes:
    """Return, of all tags of a TIFF, those that describe it, and not how its file is laid out, in EXIF form."""
    tags = read_directory(data)
    return tags.without((*_LAYOUT, XMP, PHOTOSHOP)).block() if tags else b""


def essential_exif(exif: bytes) -> bytes:
    """Return the tags that most programs know, and the EXIF and GPS directories."""
    tags = read_directory(exif)
    return tags.only(_DESCRIPTIVE).block() if tags else b""


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


def attach_tags(file: BinaryIO, start: int, metadata: Metadata) -> None:
    """Add what describes the picture to a TIFF file, byte for byte, which its encoders cannot do.

    It goes to the end, with a new copy of the first directory.

    Args:
        file: Holds a TIFF of one picture, open for reading too.
        start: Where the TIFF starts in it; it goes on to the end.
        metadata: Of the picture; its profile, and its resolution if known as such, are in the file already.
    """
    tags = read_directory(metadata.exif) or Directory("<")
    tags = tags.without((*_LAYOUT, *(_RESOLUTION if metadata.dpi else ())))
    for tag, content in ((XMP, metadata.xmp), (PHOTOSHOP, metadata.photoshop)):
        if content:
            tags.entries[tag] = Entry(_BYTE, content)
    if not tags.entries and not tags.groups:
        return
    file.seek(start)
    head = file.read(8)
    order = "<" if head.startswith(b"II") else ">"
    (place,) = struct.unpack(order + "L", head[4:])
    file.seek(start + place)
    (count,) = struct.unpack(order + "H", file.read(2))
    rows = [file.read(12) for _ in range(count)]
    end = file.seek(0, 2) - start
    end += file.write(b"\0" * (end % 2))
    by_tag = {struct.unpack_from(order + "H", row)[0]: row for row in rows}
    file.write(tags.ordered(order).laid_out(end, by_tag))
    file.seek(start + 4)
    file.write(struct.pack(order + "L", end))
    file.seek(0, 2)
