"""TIFF of one page: its metadata, and how it is written."""

from __future__ import annotations

from dataclasses import replace
from typing import BinaryIO

from PIL import Image, TiffImagePlugin

from pielight.io.codecs import pillow
from pielight.io.codecs.tiff.tags import PREDICTOR_NONE, attach_tags, descriptive_exif, leading_block, tiff_options
from pielight.io.image import Picture
from pielight.io.metadata.metadata import Metadata
from pielight.io.metadata.tiff_tags import PHOTOSHOP, PREDICTOR


def read_metadata(image: Image.Image, data: bytes) -> Metadata:
    """Return the metadata of an opened TIFF."""
    assert isinstance(image, TiffImagePlugin.TiffImageFile)
    photoshop = image.tag_v2.get(PHOTOSHOP)
    return replace(
        pillow.read_metadata(image),
        exif=descriptive_exif(data),
        photoshop=photoshop if isinstance(photoshop, bytes) else b"",
        compression=image.info.get("compression", "raw"),
        predictor=image.tag_v2.get(PREDICTOR, PREDICTOR_NONE),
    )


def write(picture: Picture, file: BinaryIO, _quality: int | None) -> None:
    """Write a TIFF of at most 8 bits, or of 16-bit gray."""
    start = file.tell()
    leading = leading_block(picture.metadata)
    if picture.mode == "I;16" and leading.startswith(b"MM"):
        # Pillow writes the machine's byte order only, in which predictors count, too.
        metadata = replace(picture.metadata, predictor=PREDICTOR_NONE)
        picture = replace(picture, pixels=picture.pixels.byteswap(), metadata=metadata)
    file.write(leading)
    pillow.encodable(picture).save(pillow.checked(file), "TIFF", **tiff_options(picture.metadata, picture.mode))
    attach_tags(file, start, picture.metadata)
