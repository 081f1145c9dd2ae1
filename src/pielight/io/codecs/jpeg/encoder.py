"""JPEG files encoded by Pillow, and errors of the disk that it does not notice."""

from __future__ import annotations

import errno
import os
from typing import Any, BinaryIO

from PIL import Image

from pielight.io.codecs.jpeg.segments import END_OF_IMAGE
from pielight.io.codecs.jpeg.subsampling import save_scans


def save_image(image: Image.Image, file: BinaryIO, options: dict[str, Any]) -> None:
    """Save an image with Pillow, which writes to the file descriptor and does not notice a full disk.

    Args:
        file: Open for writing and reading, at its end.
        options: Of Pillow's ``save``; ``subsampling`` may also be sampling factors that Pillow does not know.

    Raises:
        OSError: The file cannot be written to, or the image not be encoded.
    """
    start = file.tell()
    try:
        _encode(image, file, options)
    except OSError:
        _check_space(file)
        if not options.get("progressive"):
            raise
        # Pillow's buffer for a progressive JPEG has two bytes a pixel, too few for noise at the finest quality.
        file.seek(start)
        file.truncate()
        _encode(image, file, options | {"progressive": False})
    file.seek(max(start, file.seek(0, os.SEEK_END) - 2))
    if file.read(2) != bytes((0xFF, END_OF_IMAGE)):
        _check_space(file)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _encode(image: Image.Image, file: BinaryIO, options: dict[str, Any]) -> None:
    if isinstance(options.get("subsampling"), tuple):
        save_scans(image, file, options)
    else:
        image.save(file, "JPEG", **options)


def _check_space(file: BinaryIO) -> None:
    """Raise the system's own error if the file cannot grow by a byte."""
    end = file.seek(0, os.SEEK_END)
    file.write(b"\0")
    file.flush()
    file.seek(end)
    file.truncate()
