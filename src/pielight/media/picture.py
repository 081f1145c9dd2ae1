"""A picture: its pixels, and everything else that its file holds."""

from __future__ import annotations

import io
import struct
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from pielight.errors import PictureError
from pielight.media.files import read_whole, shown, write_whole
from pielight.media.formats import MODES, READABLE, check_depth, format_of
from pielight.media.metadata import Metadata, gather, save_options
from pielight.media.tiff import ORIENTATION, attach_groups

MAX_PIXELS = 256_000_000
# What Pillow's decoders are known to raise on damaged files.
_DAMAGED = (
    OSError, SyntaxError, ValueError, EOFError, TypeError, LookupError, AttributeError, ArithmeticError,
    AssertionError, RuntimeError, MemoryError, struct.error, zlib.error, Image.DecompressionBombError,
)  # fmt: skip
# Pillow turns a TIFF upright while it loads it; these turn it back.
_UNTURN = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@dataclass(frozen=True)
class Picture:
    """A decoded picture.

    Attributes:
        pixels: uint8 or uint16 of shape (H, W, 1) or (H, W, 3), as stored: not turned by EXIF orientation.
        mode: Pillow's name for what it holds: 1, L, LA, I;16, RGB or RGBA.
        alpha: Opacity, uint8 of shape (H, W), or None.
        format: Pillow's name of the file format it came in.
        metadata: EXIF, colour profile and the like.
        note: What the user should know of how it was read, or nothing.
    """

    pixels: NDArray[Any]
    mode: str
    alpha: NDArray[np.uint8] | None = None
    format: str = "PNG"
    metadata: Metadata = field(default_factory=Metadata)
    note: str = ""


def read(path: Path) -> Picture:
    """Read a picture's file.

    Raises:
        PictureError: The file is missing, damaged, too large, or of a kind that is not supported.
    """
    return decode(read_whole(path), shown(path))


def write(picture: Picture, path: Path, quality: int | None = None) -> None:
    """Write a picture in the format of the file's extension, else in the one it came in, at one stroke.

    Args:
        picture: What to write.
        path: Where to; missing folders are made.
        quality: 1..100 for JPEG and WebP; None keeps the source's own.

    Raises:
        PictureError: The format cannot hold the picture, or the file cannot be written.
    """
    write_whole(path, encode(picture, format_of(path, picture.format), quality, shown(path)))


def decode(data: bytes, name: str = "picture") -> Picture:
    """Decode a picture's file.

    Args:
        data: JPEG, PNG, WebP, TIFF or BMP.
        name: What errors call it.

    Raises:
        PictureError: The file is damaged, too large, or of a kind that is not supported.
    """
    try:
        with _own_pixel_limit(), Image.open(io.BytesIO(data), formats=READABLE) as image:
            if image.width * image.height > MAX_PIXELS:
                size = f"{image.width} x {image.height} pixels"
                raise PictureError(f"{size}; the limit is {MAX_PIXELS // 1_000_000} megapixels")
            check_depth(image, data)
            file_format = "JPEG" if image.format == "MPO" else str(image.format)
            note = "several pictures in the file: only the first is kept" if _has_more(image) else ""
            metadata = gather(image, data)
            orientation = image.getexif().get(ORIENTATION) if file_format == "TIFF" else None
            image.load()
            upright = image if orientation not in _UNTURN else image.transpose(_UNTURN[orientation])
            pixels, alpha, mode = split(upright)
    except PictureError as error:
        raise PictureError(f"{name}: {error}") from error
    except UnidentifiedImageError as error:
        raise PictureError(f"{name}: not a JPEG, PNG, WebP, TIFF or BMP picture, or damaged") from error
    except MemoryError as error:
        raise PictureError(f"{name}: not enough memory to decode it") from error
    except _DAMAGED as error:
        raise PictureError(f"{name}: damaged picture ({shown(str(error)) or type(error).__name__})") from error
    return Picture(pixels, mode, alpha, file_format, metadata, note)


def encode(
    picture: Picture, file_format: str | None = None, quality: int | None = None, name: str = "picture"
) -> bytes:
    """Encode a picture as a file of ``file_format``, or of the format that it came in.

    Raises:
        PictureError: The format cannot hold the picture or its metadata.
    """
    file_format = file_format or picture.format
    if picture.mode not in MODES[file_format]:
        raise PictureError(f"{name}: {file_format} cannot hold a picture of mode {picture.mode}; try .png")
    file = io.BytesIO()
    try:
        options = save_options(picture.metadata, file_format, picture.mode, quality)
        join(picture.pixels, picture.alpha, picture.mode).save(file, file_format, **options)
        data = file.getvalue()
        return attach_groups(data, picture.metadata.exif) if file_format == "TIFF" else data
    except _DAMAGED as error:
        raise PictureError(f"{name}: cannot be encoded as {file_format} ({shown(str(error))})") from error


def split(image: Image.Image) -> tuple[NDArray[Any], NDArray[np.uint8] | None, str]:
    """Take a loaded Pillow image apart into pixels, opacity and mode; palettes become RGB or RGBA.

    Raises:
        PictureError: Its mode is not supported, or it is damaged.

    >>> [None if part is None else part.shape for part in split(Image.new("LA", (3, 2)))[:2]]
    [(2, 3, 1), (2, 3)]
    """
    try:
        image.load()
    except _DAMAGED as error:
        raise PictureError(f"damaged picture ({shown(str(error)) or type(error).__name__})") from error
    if image.mode in ("P", "PA") or "transparency" in image.info:
        grey = image.mode in ("1", "L")
        clear = "transparency" in image.info or image.mode == "PA"
        image = image.convert({(True, True): "LA", (False, True): "RGBA", (False, False): "RGB"}[grey, clear])
    mode = "I;16" if image.mode.startswith("I;16") else image.mode
    if mode not in MODES["PNG"]:
        raise PictureError(f"pictures of mode {mode} are not supported; convert it to RGB first")
    values = np.asarray(image.convert("L") if mode == "1" else image)
    if mode == "I;16":
        values = values.astype(np.uint16)  # in the machine's byte order
    if values.ndim == 2:
        return values[..., np.newaxis], None, mode
    if mode in ("LA", "RGBA"):
        return values[..., :-1], values[..., -1], mode
    return values, None, mode


def join(pixels: NDArray[Any], alpha: NDArray[np.uint8] | None, mode: str) -> Image.Image:
    """Put together what :func:`split` took apart.

    >>> join(np.zeros((2, 3, 1), np.uint8), None, "L").size
    (3, 2)
    """
    values = pixels if alpha is None else np.dstack([pixels, alpha])
    image = Image.fromarray(np.ascontiguousarray(values[..., 0] if values.shape[2] == 1 else values))
    return image.convert("1", dither=Image.Dither.NONE) if mode == "1" else image


def _has_more(image: Image.Image) -> bool:
    return bool(getattr(image, "is_animated", False)) or getattr(image, "n_frames", 1) > 1


_limit_lock = threading.Lock()
_limit_users: list[int | None] = []


@contextmanager
def _own_pixel_limit() -> Iterator[None]:
    """Lift Pillow's own limit, a global below the largest phone pictures, while ours is in charge."""
    with _limit_lock:
        _limit_users.append(Image.MAX_IMAGE_PIXELS)
        Image.MAX_IMAGE_PIXELS = None
    try:
        yield
    finally:
        with _limit_lock:
            saved = _limit_users.pop()  # Pillow's own value lies at the bottom
            if not _limit_users:
                Image.MAX_IMAGE_PIXELS = saved
