"""How JPEG files are written."""

from __future__ import annotations

from typing import Any, BinaryIO

from pielight.io.codecs.jpeg.encoder import save_image
from pielight.io.codecs.jpeg.segments import EXIF, JFIF, JFIF_DENSITY, joined, photoshop_segments
from pielight.io.codecs.jpeg.strips import is_one_scan, save_strips
from pielight.io.codecs.jpeg.subsampling import subsampling
from pielight.io.codecs.jpeg.trailer import write_parts
from pielight.io.image import Picture, interleaved, to_image
from pielight.io.metadata.metadata import Metadata

_QUALITY = 95
_FIRST_CONTENT = 6  # after the markers of the file and of the segment, and its length


def write(picture: Picture, file: BinaryIO, quality: int | None, threads: int = 1) -> None:
    """Write a JPEG with its trailer; without a quality, with the source's own quantization tables."""
    start, metadata = file.tell(), picture.metadata
    options = save_options(metadata, picture.mode, quality)
    if picture.source is None and is_one_scan(options):
        save_strips(interleaved(picture), file, options, threads)
    else:
        save_image(to_image(picture), file, options)
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
