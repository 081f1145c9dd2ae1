"""Pictures as every method and metric gets them: upright, 8 bits, three channels."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pielight.core.messages import shown
from pielight.errors import PictureError
from pielight.evaluation.datasets.file_cache import FILE_CACHE
from pielight.io.load_rgb import Pixels, header_size, load_rgb8

__all__ = ["Pixels", "load", "sha256", "size"]

load = load_rgb8


def size(path: Path) -> tuple[int, int] | None:
    """Return width and height of a picture after it is turned upright, from its header; None if that is damaged."""
    sides = FILE_CACHE.get("size", path, header_size)
    return None if sides is None else (int(sides[0]), int(sides[1]))


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
