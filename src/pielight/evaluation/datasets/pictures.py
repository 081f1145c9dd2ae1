"""Pictures as every method and metric gets them: upright, 8 bits, three channels."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pielight.core.atomic_file import read_file, shown
from pielight.errors import PictureError
from pielight.evaluation.datasets.file_cache import FILE_CACHE
from pielight.io.decode import decode
from pielight.io.metadata.exif import orientation_of
from pielight.io.metadata.tiff_tags import ORIENTATION
from pielight.io.orientation import swaps_sides, upright
from pielight.io.preflight import check_file

Pixels = NDArray[np.uint8]


def load(path: Path) -> Pixels:
    """Read a picture as ``(H, W, 3)`` uint8: turned upright, 16 bits rounded to 8, alpha and color profile ignored.

    This is how papers read pictures. Convert files of other color profiles to sRGB first.

    Raises:
        PictureError: It cannot be read.
    """
    picture = decode(read_file(path), shown(path))
    pixels = upright(picture.pixels, orientation_of(picture.metadata.exif))
    if pixels.dtype != np.uint8:
        pixels = np.rint(pixels / np.float32(257)).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(pixels, (*pixels.shape[:2], 3)))


def size(path: Path) -> tuple[int, int] | None:
    """Return width and height of a picture after it is turned upright, from its header; None if that is damaged."""
    sides = FILE_CACHE.get("size", path, _size)
    return None if sides is None else (int(sides[0]), int(sides[1]))


def _size(path: Path) -> tuple[int, int] | None:
    try:
        check_file(path)
        with Image.open(path) as image:
            width, height = image.size
            turned = image.format != "TIFF" and swaps_sides(image.getexif().get(ORIENTATION, 1))  # Pillow turns TIFFs
    except Exception:  # noqa: BLE001 - decoding reports what is wrong with a picture
        return None
    return (height, width) if turned else (width, height)


def sha256(*paths: Path) -> str:
    """Return the first 16 digits of the SHA-256 checksum of a file, or of those of several files.

    Raises:
        PictureError: One cannot be read.
    """
    digests = [str(FILE_CACHE.get("sha256", path, _sha256)) for path in paths]
    return (digests[0] if len(digests) == 1 else hashlib.sha256(" ".join(digests).encode()).hexdigest())[:16]


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise PictureError(f"{shown(path)}: cannot be read ({error.strerror})") from error
