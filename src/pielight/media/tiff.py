"""TIFF keeps its metadata among the tags that lay the file out; here the two are told apart."""

from __future__ import annotations

import struct
from typing import Any

from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

ORIENTATION = 274
PREDICTOR = 317
_XMP = 700
_DESCRIPTIVE = (270, 271, 272, ORIENTATION, 285, 305, 306, 315, 316, 33432, 33723, 34377)
_GROUPS = (34665, 34853)  # the EXIF and GPS directories
_BILEVEL = ("group3", "group4", "tiff_ccitt")
_PREDICTED = ("tiff_lzw", "tiff_adobe_deflate", "zstd", "lzma")
_COMPRESSIONS = ("raw", "packbits", "jpeg", *_PREDICTED)
_RENAMED = {"tiff_deflate": "tiff_adobe_deflate", "tiff_jpeg": "jpeg"}  # older codes of the same
_LONG = 4


def descriptive_exif(image: Image.Image) -> bytes:
    """Return the tags that describe an opened TIFF, and not how its file is laid out, in EXIF form."""
    source, kept = image.getexif(), Image.Exif()
    for tag in _DESCRIPTIVE:
        if tag in source:
            kept[tag] = source[tag]
    for group in _GROUPS:
        if entries := source.get_ifd(group):
            kept[group] = dict(entries)
    return kept.tobytes() if kept else b""


def tiff_options(exif: bytes, xmp: bytes | None, compression: str, predictor: int, mode: str) -> dict[str, Any]:
    """Return Pillow's ``save`` options for a TIFF; a compression that cannot hold ``mode`` becomes LZW."""
    tags = Image.Exif()
    tags.load(exif)
    for group in _GROUPS:
        tags.pop(group, None)  # see attach_groups
    if xmp:
        tags[_XMP] = xmp
    compression = _RENAMED.get(compression, compression)
    bilevel = mode == "1" and compression in _BILEVEL
    no_jpeg = compression == "jpeg" and mode not in ("L", "RGB")
    if not bilevel and (no_jpeg or compression not in _COMPRESSIONS):
        compression = "tiff_lzw"
    if compression in _PREDICTED and mode != "1" and predictor == 2:
        tags[PREDICTOR] = 2
    return {"exif": tags, "compression": compression}


def attach_groups(data: bytes, exif: bytes) -> bytes:
    """Add the EXIF and GPS directories to a TIFF file, which Pillow cannot do to a compressed one.

    They go to the end, with a new copy of the first directory that points to them.

    Args:
        data: A file of one picture, as Pillow writes it.
        exif: EXIF whose directories are wanted.
    """
    tags = Image.Exif()
    tags.load(exif)
    groups = {group: tags.get_ifd(group) for group in _GROUPS}
    if not any(groups.values()):
        return data
    order = "<" if data.startswith(b"II") else ">"
    (place,) = struct.unpack_from(order + "L", data, 4)
    (count,) = struct.unpack_from(order + "H", data, place)
    entries = [data[at : at + 12] for at in range(place + 2, place + 2 + 12 * count, 12)]
    file = bytearray(data)
    for group, values in groups.items():
        if values:
            file += b"\0" * (len(file) % 2)
            entries.append(struct.pack(order + "HHLL", group, _LONG, 1, len(file)))
            directory = ImageFileDirectory_v2(prefix=data[:2], group=group)
            directory.update(values)
            file += directory.tobytes(len(file))
    file += b"\0" * (len(file) % 2)
    struct.pack_into(order + "L", file, 4, len(file))
    entries.sort(key=lambda entry: struct.unpack_from(order + "H", entry))
    file += struct.pack(order + "H", len(entries)) + b"".join(entries) + b"\0" * 4
    return bytes(file)
