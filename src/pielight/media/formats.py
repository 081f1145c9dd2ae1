"""The picture formats that pielight reads and writes, and what Pillow does not tell about their files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from PIL import (
    BmpImagePlugin,
    Image,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from pielight.errors import PictureError

FORMATS = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".jpe": "JPEG",
    ".jfif": "JPEG",
    ".png": "PNG",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
    ".dib": "BMP",
}
WRITABLE = {  # what a user calls a format to write: Pillow's name of it, and the extension of its files
    "jpeg": ("JPEG", ".jpg"),
    "png": ("PNG", ".png"),
    "webp": ("WEBP", ".webp"),
    "tiff": ("TIFF", ".tif"),
    "bmp": ("BMP", ".bmp"),
}
# Named through their plugins, so that these are loaded, and none of Pillow's forty others.
READABLE = (
    JpegImagePlugin.JpegImageFile.format,
    PngImagePlugin.PngImageFile.format,
    WebPImagePlugin.WebPImageFile.format,
    TiffImagePlugin.TiffImageFile.format,
    BmpImagePlugin.BmpImageFile.format,
)
MODES = {  # what each format can hold of the modes that we make
    "JPEG": ("L", "RGB"),
    "PNG": ("1", "L", "LA", "RGB", "RGBA", "I;16"),
    "WEBP": ("L", "RGB", "RGBA"),
    "TIFF": ("1", "L", "LA", "RGB", "RGBA", "I;16"),
    "BMP": ("1", "L", "RGB", "RGBA"),
}
_BITS_PER_SAMPLE, _PHOTOMETRIC = 258, 262
_PNG_GREY = 0


def is_picture_name(path: Path) -> bool:
    """Say whether a file's extension is one that pielight handles.

    >>> is_picture_name(Path("night.JPG")), is_picture_name(Path("notes.txt"))
    (True, False)
    """
    return path.suffix.lower() in FORMATS


def format_of(path: Path, default: str) -> str:
    """Return the format that a file's extension asks for, else ``default``.

    >>> format_of(Path("night.tif"), "JPEG"), format_of(Path("night"), "JPEG")
    ('TIFF', 'JPEG')
    """
    return FORMATS.get(path.suffix.lower(), default)


def png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield type and content of each chunk of a PNG file, up to the first damaged one."""
    place = 8
    while place + 12 <= len(data):
        length = int.from_bytes(data[place : place + 4], "big")
        if place + 12 + length > len(data):
            return
        yield data[place + 4 : place + 8], data[place + 8 : place + 8 + length]
        place += 12 + length


def webp_is_lossless(data: bytes) -> bool:
    """Say whether the first picture of a WebP file is coded without loss."""
    place = 12
    while place + 8 <= len(data):
        kind = data[place : place + 4]
        if kind in (b"VP8L", b"VP8 "):
            return kind == b"VP8L"
        if kind == b"ANMF":  # a frame: 16 bytes of place and duration, then its chunks
            place += 24
            continue
        length = int.from_bytes(data[place + 4 : place + 8], "little")
        place += 8 + length + length % 2
    return False


def check_depth(image: Image.Image, data: bytes) -> None:
    """Refuse what Pillow would read with other values than the file's: it cuts 16-bit colour to 8 bits.

    Raises:
        PictureError: Its text has no file name yet.
    """
    if image.format == "PNG":
        depth, colour = data[24], data[25]
        if depth == 16 and (colour != _PNG_GREY or "transparency" in image.info):
            raise PictureError("16-bit colour or transparency is not supported; convert it to 8 bits first")
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        tags = image.tag_v2
        bits = tags.get(_BITS_PER_SAMPLE, (1,))
        plain_grey = image.mode.startswith("I;16") and bits == (16,) and tags.get(_PHOTOMETRIC) == 1
        if max(bits) > 8 and not plain_grey:
            raise PictureError(f"{max(bits)}-bit TIFF of this kind is not supported; convert it to 8 bits first")
