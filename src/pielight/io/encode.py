"""Pictures to files."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import BinaryIO

from pielight.core.threads import check_threads
from pielight.io.codec_errors import errors_named
from pielight.io.codecs.bmp import writer as bmp
from pielight.io.codecs.gif import still as gif
from pielight.io.codecs.heif import still as heif
from pielight.io.codecs.high_bit_depth import save_high_bit_depth
from pielight.io.codecs.jpeg import writer as jpeg
from pielight.io.codecs.png import still as png
from pielight.io.codecs.tiff import writer as tiff
from pielight.io.codecs.webp import still as webp
from pielight.io.convert import fit
from pielight.io.formats import HEIF, HIGH_BIT_DEPTH_MODES, written_format
from pielight.io.image import Picture

_WRITERS: dict[str, Callable[[Picture, BinaryIO, int | None], None]] = {  # but for JPEG, which threads share
    "PNG": png.write,
    "WEBP": webp.write,
    "TIFF": tiff.write,
    "BMP": bmp.write,
    "GIF": gif.write,
    "AVIF": heif.write_avif,
    HEIF: heif.write_heic,
}


def fitted(picture: Picture, file_format: str, name: str = "picture") -> Picture:
    """Make a picture fit a format; see :func:`pielight.io.convert.fit`.

    Raises:
        PictureError: The format is not one that can be written.
    """
    with errors_named(name, f"cannot be encoded as {file_format}"):
        return fit(picture, file_format)


def save(
    picture: Picture,
    file: BinaryIO,
    file_format: str | None = None,
    quality: int | None = None,
    name: str = "picture",
    threads: int | None = 1,
) -> None:
    """Write a picture into an open file as ``file_format``, or as the format that it came in.

    Args:
        picture: To write; it is converted by :func:`pielight.io.convert.fit`.
        file: Open for writing and reading, at its end. A file on disk is faster than one in memory.
        quality: 1..100 for lossy formats; None keeps the source's own.
        threads: Threads that share the work, of JPEG only; None takes every core that the process may use.

    Raises:
        PictureError: The format cannot hold the picture or its metadata, or needs an extra.
        OSError: The file cannot be written to.
    """
    file_format = file_format or written_format(picture.format)
    with errors_named(name, f"cannot be encoded as {file_format}", writing=True):
        picture = fit(picture, file_format)
        if picture.mode in HIGH_BIT_DEPTH_MODES:
            save_high_bit_depth(picture, file, file_format)
        elif file_format == "JPEG":
            jpeg.write(picture, file, quality, check_threads(threads))
        else:
            _WRITERS[file_format](picture, file, quality)


def encode(
    picture: Picture, file_format: str | None = None, quality: int | None = None, name: str = "picture"
) -> bytes:
    """Encode a picture as the bytes of a file; see :func:`save`.

    Raises:
        PictureError: The format cannot hold the picture or its metadata, or needs an extra.
    """
    file = io.BytesIO()
    save(picture, file, file_format, quality, name)
    return file.getvalue()
