"""How large a picture may be."""

from __future__ import annotations

from pielight.errors import PictureError

MAX_PIXELS = 256_000_000
MAX_SIDE = 1_000_000  # work goes by strips of whole rows, so that long ones take memory many times their size
_SUSPECT_BYTES, _SUSPECT_RATIO = 350_000_000, 500


def check_size(width: int, height: int, bytes_per_pixel: int, file_bytes: int) -> None:
    """Refuse what is too large, or made to fill the memory: no photo shrinks to a 500th.

    Raises:
        PictureError: Its text has no file name yet.

    >>> check_size(10_000, 10_000, 3, 1000)
    >>> check_size(16_000, 16_000, 3, 1000)
    Traceback (most recent call last):
        ...
    pielight.errors.PictureError: 16000 x 16000 pixels in 1 kB: looks like a decompression bomb
    """
    if max(width, height) > MAX_SIDE:
        raise PictureError(f"{width} x {height} pixels; the limit is {MAX_SIDE:,} a side")
    pixels = width * height
    if pixels > MAX_PIXELS:
        raise PictureError(f"{width} x {height} pixels; the limit is {MAX_PIXELS // 1_000_000} megapixels")
    size = pixels * bytes_per_pixel
    if size > _SUSPECT_BYTES and size > _SUSPECT_RATIO * file_bytes:
        raise PictureError(f"{width} x {height} pixels in {-(-file_bytes // 1000)} kB: looks like a decompression bomb")
