"""One small file of every kind that pielight reads."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

from pielight.core.atomic_file import open_atomic
from pielight.io.encode import save
from pielight.io.formats import format_of, written_format
from pielight.io.image import Picture
from tests.io import bitmaps

WIDTH, HEIGHT = 48, 32
# For a process that a test starts: its own peak, where getrusage would count that of the process before it too.
PEAK_MEGABYTES = """
def peak_megabytes():
    import resource
    from pathlib import Path
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return int(status.read_text().partition("VmHWM:")[2].split()[0]) / 1024
"""
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>five stars</x:xmpmeta>"


def write(picture: Picture, path: Path) -> None:
    """Write a picture in the format of the extension, else in the one it came in."""
    with open_atomic(path) as file:
        save(picture, file, format_of(path, written_format(picture.format)), name=str(path))


def colors(width: int = WIDTH, height: int = HEIGHT) -> NDArray[np.uint8]:
    """A dark smooth picture with a little noise, so that lossy formats keep it."""
    down, across = np.mgrid[:height, :width]
    planes = [across * 90 / width, down * 80 / height, (across + down) * 70 / (width + height)]
    noise = np.random.default_rng(3).integers(0, 6, (height, width, 3))
    return (np.dstack(planes) + 10 + noise).astype(np.uint8)


def image(mode: str, width: int = WIDTH, height: int = HEIGHT) -> Image.Image:
    plain = Image.fromarray(colors(width, height))
    opacity = Image.linear_gradient("L").resize((width, height))
    if mode == "P":
        return plain.quantize(40)
    if mode == "I;16":
        return Image.fromarray(colors(width, height)[..., 0].astype(np.uint16) * 257)
    if mode in ("LA", "RGBA"):
        plain = plain.convert(mode)
        plain.putalpha(opacity)
        return plain
    return plain.convert(mode)


def saved(picture: Image.Image, file_format: str, **options: Any) -> bytes:
    if file_format == "HEIF":
        import pillow_heif

        pillow_heif.register_heif_opener()
    file = io.BytesIO()
    picture.save(file, file_format, **options)
    return file.getvalue()


def deep(channels: int, width: int = WIDTH, height: int = HEIGHT) -> NDArray[np.uint16]:
    """16-bit values that 8 bits cannot hold."""
    rng = np.random.default_rng(4)
    values = colors(width, height).astype(np.uint16) * 257 + rng.integers(0, 200, (height, width, 3), dtype=np.uint16)
    return np.ascontiguousarray(
        np.dstack([values, 65535 - values[..., :1]])[..., [0, 3] if channels == 2 else slice(channels)]
    )


def deep_tiff(channels: int, **options: Any) -> bytes:
    file = io.BytesIO()
    color = "rgb" if channels > 2 else "minisblack"
    extra = ["unassalpha"] if channels in (2, 4) else None
    tifffile.imwrite(file, deep(channels), photometric=color, extrasamples=extra, metadata=None, **options)
    return file.getvalue()


def directory(entries: list[tuple[int, int, int, bytes]], place: int) -> bytes:
    """Lay out a little-endian TIFF directory of (tag, type, count, content) and its contents at ``place``."""
    head = struct.pack("<H", len(entries))
    later = place + 2 + 12 * len(entries) + 4
    contents = b""
    for tag, kind, count, content in sorted(entries):
        head += struct.pack("<HHL", tag, kind, count)
        if len(content) <= 4:
            head += content.ljust(4, b"\0")
        else:
            head += struct.pack("<L", later + len(contents))
            contents += content + b"\0" * (len(content) % 2)
    return head + b"\0" * 4 + contents


def tiff_directories() -> bytes:
    """EXIF as no writer would lay it out again: odd order of contents, and a maker's note."""
    exif = directory([(33434, 5, 1, struct.pack("<2L", 1, 60)), (37500, 7, 12, b"maker's note")], 8)
    start = 8 + len(exif)
    tags = [(271, 2, 6, b"maker\0"), (34665, 4, 1, struct.pack("<L", 8)), (305, 2, 7, b"a tool\0")]
    return b"II*\0" + struct.pack("<L", start) + exif + directory(tags, start)


DNG_NOTE_PLACE = 46


def short(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}H", *values)


def long(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}L", *values)


def mosaic(width: int, height: int) -> NDArray[np.uint16]:
    """A sensor's values: white upper left, else gray."""
    values = np.full((height, width), 2000, np.uint16)
    values[: height // 2, : width // 2] = 12000
    return values


def dng(
    width: int = 96,
    height: int = 64,
    orientation: int = 1,
    parts: int = 1,
    coded: bool = False,
    note: bytes = b"maker's note",
) -> bytes:
    """A digital negative of one color per pixel, in red, green, green, blue squares; white upper left.

    Args:
        parts: Into which the rows are divided: strips, or tiles of lossless JPEG.
        coded: Lossless JPEG, in place of none.
        note: The maker's, at ``DNG_NOTE_PLACE``.
    """
    rows = height // parts
    divided = np.split(mosaic(width, height), parts)
    pieces = [bytes(imagecodecs.ljpeg_encode(part, bitspersample=14)) if coded else part.tobytes() for part in divided]
    lengths = [len(piece) for piece in pieces]
    places = [4096 + sum(lengths[:index]) for index in range(parts)]
    of_rows, of_places, of_lengths = (323, 324, 325) if coded else (278, 273, 279)
    exif = directory([(33434, 5, 1, long(1, 60)), (37500, 7, len(note), note)], 8)
    start = 8 + len(exif)
    matrix = (1, 0, 0, 0, 1, 0, 0, 0, 1)
    tags = [
        (700, 1, len(XMP), XMP),
        (254, 4, 1, long(0)), (256, 4, 1, long(width)), (257, 4, 1, long(height)), (258, 3, 1, short(16)),
        (259, 3, 1, short(7 if coded else 1)), (262, 3, 1, short(32803)), (271, 2, 6, b"Maker\0"),
        (272, 2, 6, b"Model\0"), (of_places, 4, parts, long(*places)), (274, 3, 1, short(orientation)),
        (277, 3, 1, short(1)), (of_rows, 4, 1, long(rows)), (of_lengths, 4, parts, long(*lengths)),
        *([(322, 4, 1, long(width))] if coded else []), (284, 3, 1, short(1)),
        (33421, 3, 2, short(2, 2)), (33422, 1, 4, bytes((0, 1, 1, 2))), (34665, 4, 1, long(8)),
        (50706, 1, 4, bytes((1, 4, 0, 0))), (50707, 1, 4, bytes((1, 1, 0, 0))), (50708, 2, 6, b"Model\0"),
        (50714, 3, 1, short(0)), (50717, 3, 1, short(16383)),
        (50721, 10, 9, b"".join(struct.pack("<ll", value, 1) for value in matrix)),
        (50728, 5, 3, long(1, 1, 1, 1, 1, 1)), (50778, 3, 1, short(21)),
    ]  # fmt: skip
    head = b"II*\0" + long(start) + exif + directory(tags, start)
    return head.ljust(4096, b"\0") + b"".join(pieces)


def rw2(width: int = 224, height: int = 160, coding: int = 4) -> bytes:
    """A Panasonic RAW file, 14 or 9 values in 16 bytes, all of them black."""
    tags = [
        (1, 7, 4, b"0310"), (2, 3, 1, short(width)), (3, 3, 1, short(height)), (4, 3, 1, short(0)),
        (5, 3, 1, short(0)), (6, 3, 1, short(height)), (7, 3, 1, short(width)), (8, 3, 1, short(1)),
        (9, 3, 1, short(4)), (10, 3, 1, short(12 if coding == 4 else 14)), (11, 3, 1, short(34316)),
        (36, 3, 1, short(500)), (37, 3, 1, short(256)), (38, 3, 1, short(500)), (45, 3, 1, short(coding)),
        (271, 2, 10, b"Panasonic\0"), (272, 2, 8, b"DMC-GH1\0"), (273, 4, 1, long(0xFFFFFFFF)),
        (274, 3, 1, short(1)), (278, 3, 1, short(height)), (279, 4, 1, long(0)), (280, 4, 1, long(4096)),
    ]  # fmt: skip
    head = b"IIU\0" + long(24) + bytes(16) + directory(tags, 24)
    return head.ljust(4096, b"\0") + bytes(-(-width * height // (14 if coding == 4 else 9) * 16 // 0x4000) * 0x4000)


def animation(file_format: str, **options: Any) -> bytes:
    frames = [image("RGB"), image("RGB").transpose(Image.Transpose.FLIP_LEFT_RIGHT)]
    return saved(frames[0], file_format, save_all=True, append_images=frames[1:], **options)


MAKERS: dict[str, Callable[[], bytes]] = {
    "rgb.jpg": lambda: saved(image("RGB"), "JPEG", quality=90),
    "progressive.jpg": lambda: saved(image("RGB"), "JPEG", quality=90, progressive=True),
    "gray.jpg": lambda: saved(image("L"), "JPEG"),
    "cmyk.jpg": lambda: saved(image("CMYK"), "JPEG"),
    "several.mpo": lambda: animation("MPO"),
    "bits.png": lambda: saved(image("1"), "PNG"),
    "gray.png": lambda: saved(image("L"), "PNG"),
    "gray_alpha.png": lambda: saved(image("LA"), "PNG"),
    "palette.png": lambda: saved(image("P"), "PNG", transparency=3),
    "rgb.png": lambda: saved(image("RGB"), "PNG"),
    "rgba.png": lambda: saved(image("RGBA"), "PNG"),
    "gray_16.png": lambda: saved(image("I;16"), "PNG"),
    "gray_alpha_16.png": lambda: bytes(imagecodecs.png_encode(deep(2))),
    "rgb_16.png": lambda: bytes(imagecodecs.png_encode(deep(3))),
    "rgba_16.png": lambda: bytes(imagecodecs.png_encode(deep(4))),
    "rgb.tif": lambda: saved(image("RGB"), "TIFF", compression="tiff_lzw"),
    "palette.tif": lambda: saved(image("P"), "TIFF"),
    "cmyk.tif": lambda: saved(image("CMYK"), "TIFF"),
    "rgb_16.tif": lambda: deep_tiff(3, compression="adobe_deflate", predictor=True),
    "rgba_16.tif": lambda: deep_tiff(4),
    "gray_alpha_16.tif": lambda: deep_tiff(2),
    "rgb.bmp": lambda: saved(image("RGB"), "BMP"),
    "rgb_565.bmp": lambda: bitmaps.bmp(bitmaps.of_colors(colors(), bitmaps.RGB565), 16, bitmaps.RGB565),
    "rgba.bmp": lambda: bitmaps.bmp(bitmaps.of_colors(np.asarray(image("RGBA")), bitmaps.BGRA), 32, bitmaps.BGRA, 124),
    "palette.bmp": lambda: saved(image("P"), "BMP"),
    "palette.gif": lambda: saved(image("P"), "GIF", transparency=2),
    "several.gif": lambda: animation("GIF"),
    "several.webp": lambda: animation("WEBP", lossless=True),
    "several.png": lambda: animation("PNG"),
    "several.tif": lambda: animation("TIFF", compression="tiff_lzw"),
    "lossy.webp": lambda: saved(image("RGB"), "WEBP", quality=90),
    "lossless.webp": lambda: saved(image("RGBA"), "WEBP", lossless=True),
    "rgb.avif": lambda: saved(image("RGB"), "AVIF", quality=90),
    "rgba.avif": lambda: saved(image("RGBA"), "AVIF"),
    "rgb.heic": lambda: saved(image("RGB"), "HEIF", quality=90),
    "camera.dng": dng,
    "coded.dng": lambda: dng(parts=2, coded=True),
    "camera.rw2": rw2,
}


@cache
def sample(name: str) -> bytes:
    """The bytes of one of ``MAKERS``, made once."""
    return MAKERS[name]()
