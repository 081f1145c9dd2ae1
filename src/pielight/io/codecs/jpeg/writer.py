"""How JPEG files are written."""

from __future__ import annotations

import errno
import os
from typing import Any, BinaryIO

from PIL import Image

from pielight.io.codecs.jpeg.segments import END_OF_IMAGE, EXIF, JFIF, JFIF_DENSITY, joined, photoshop_segments
from pielight.io.codecs.jpeg.subsampling import save_scans, subsampling
from pielight.io.codecs.jpeg.trailer import write_parts
from pielight.io.image import Picture, to_image
from pielight.io.metadata.metadata import Metadata

_QUALITY = 95
_FIRST_CONTENT = 6  # after the markers of the file and of the segment, and its length


def write(picture: Picture, file: BinaryIO, quality: int | None) -> None:
    """Write a JPEG with its trailer; without a quality, with the source's own quantization tables."""
    start, metadata = file.tell(), picture.metadata
    save_image(to_image(picture), file, save_options(metadata, picture.mode, quality))
    if metadata.density:
        write_density(file, start, metadata.density)
    write_parts(file, start, metadata.segments or (), metadata.appended)


def save_options(metadata: Metadata, mode: str, quality: int | None) -> dict[str, Any]:
    """Return the options of Pillow's ``save``, and of :func:`save_image`."""
    options: dict[str, Any] = {"progressive": metadata.progressive}
    if metadata.dpi:
        options["dpi"] = metadata.dpi
    if metadata.segments is not None:
        options["extra"] = joined(metadata.segments)
        options["comment"] = b""  # it is among the segments
    else:
        options["extra"] = joined(photoshop_segments(metadata.photoshop))
        exif = metadata.exif
        options |= {
            "exif": exif if not exif or exif.startswith(EXIF) else EXIF + exif,
            "icc_profile": metadata.icc_profile,
            "xmp": metadata.xmp,
            "comment": metadata.comment,
        }
    if mode != "L":
        options["subsampling"] = subsampling(metadata.sampling, len(mode))
    if quality is None and metadata.quantization:
        tables = [list(metadata.quantization[key]) for key in sorted(metadata.quantization)]
        options["qtables"] = tables[:1] if mode == "L" else tables
    else:
        options["quality"] = _QUALITY if quality is None else quality
    return options


def write_density(file: BinaryIO, start: int, value: bytes) -> None:
    """Write unit and density into the JFIF header that Pillow put at the start of a file; CMYK may have none."""
    end = file.tell()
    file.seek(start + _FIRST_CONTENT)
    if file.read(len(JFIF)) == JFIF:
        file.seek(start + _FIRST_CONTENT + JFIF_DENSITY.start)
        file.write(value)
    file.seek(end)


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
