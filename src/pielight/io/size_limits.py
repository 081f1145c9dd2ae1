"""Limits of the size of pictures and animations."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pielight.errors import PictureError

MAX_PIXELS = 256_000_000
MAX_SIDE = 1_000_000  # interpolation takes some 40 bytes per pixel of a side
MAX_FRAMES = 2000  # or pages; each takes milliseconds, however small it is
MAX_FRAMES_PIXELS = 1_000_000_000  # of all frames together
_SUSPECT_FRAMES = 5000  # pixels of an animation per byte of its file
_SUSPECT_BYTES, _SUSPECT_RATIO = 350_000_000, 500


class SizeError(PictureError):
    """A picture is too large, rather than damaged."""


def lower(pixels: int) -> None:
    """Lower the limit of pixels of a picture, and of all frames of a file, for the rest of this process.

    For processes that serve others.
    """
    global MAX_PIXELS, MAX_FRAMES_PIXELS
    MAX_PIXELS, MAX_FRAMES_PIXELS = min(pixels, MAX_PIXELS), min(pixels, MAX_FRAMES_PIXELS)


def check_size(width: int, height: int, bytes_per_pixel: int, file_bytes: int) -> None:
    """Refuse a picture that is too large, or compressed 500-fold, as no photo is.

    >>> check_size(10_000, 10_000, 3, 1000)
    >>> check_size(16_000, 16_000, 3, 1000)
    Traceback (most recent call last):
        ...
    pielight.io.size_limits.SizeError: 16000 x 16000 pixels in 1 kB: looks like a decompression bomb
    """
    if max(width, height) > MAX_SIDE:
        raise SizeError(f"{width} x {height} pixels; the limit is {MAX_SIDE:,} a side")
    pixels = width * height
    if pixels > MAX_PIXELS:
        raise SizeError(f"{width} x {height} pixels; the limit is {MAX_PIXELS / 1e6:g} megapixels")
    size = pixels * bytes_per_pixel
    if size > _SUSPECT_BYTES and size > _SUSPECT_RATIO * file_bytes:
        raise SizeError(f"{width} x {height} pixels in {-(-file_bytes // 1000)} kB: looks like a decompression bomb")


def check_frames(count: int, pixels: int, file_bytes: int | None = None) -> None:
    """Refuse an animation that would take minutes, or looks like a decompression bomb.

    Args:
        count: Frames, or pages.
        pixels: Of all of them together.
        file_bytes: Size of an animation's file; None for pages, which may be blank.

    >>> check_frames(300, 300_000_000, 1_000_000)
    >>> check_frames(300, 300_000_000, 1000)
    Traceback (most recent call last):
        ...
    pielight.io.size_limits.SizeError: 300 frames of 300 megapixels in 1 kB: looks like a decompression bomb
    """
    if count > MAX_FRAMES:
        raise SizeError(f"more than {MAX_FRAMES:,} frames; split it, or take the first with --format")
    size = f"{count:,} frames of {pixels / 1e6:,.0f} megapixels"
    if pixels > MAX_FRAMES_PIXELS:
        raise SizeError(f"{size}; the limit is {MAX_FRAMES_PIXELS / 1e6:,g} together")
    if file_bytes is not None and pixels > max(_SUSPECT_BYTES // 3, _SUSPECT_FRAMES * file_bytes):
        raise SizeError(f"{size} in {-(-file_bytes // 1000)} kB: looks like a decompression bomb")


@contextmanager
def memory_for(name: str) -> Iterator[None]:
    """Turn a MemoryError into an error that names the picture.

    Raises:
        PictureError: There was not enough memory.
    """
    try:
        yield
    except MemoryError as error:
        raise PictureError(f"{name}: not enough memory") from error
