"""WebP of one picture: its metadata, and how it is written."""

from __future__ import annotations

from dataclasses import replace
from typing import BinaryIO

from PIL import Image

from pielight.io.codecs import pillow
from pielight.io.codecs.webp.chunks import is_lossless
from pielight.io.image import Picture
from pielight.io.metadata.metadata import Metadata

_QUALITY = 90
_LOSSLESS_EFFORT = 50  # what "quality" means without loss; more takes far longer and saves a few per cent


def read_metadata(image: Image.Image, data: bytes) -> Metadata:
    """Return the metadata of an opened WebP."""
    return replace(pillow.read_metadata(image), lossless=is_lossless(data))


def write(picture: Picture, file: BinaryIO, quality: int | None) -> None:
    """Write a WebP; without a quality, one that came without loss is written without loss."""
    lossless = picture.metadata.lossless and quality is None
    pillow.encodable(picture).save(
        pillow.checked(file),
        "WEBP",
        lossless=lossless,
        exact=lossless,
        quality=quality or (_LOSSLESS_EFFORT if lossless else _QUALITY),
        **pillow.save_options(picture.metadata),
    )
