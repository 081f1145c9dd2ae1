"""GIF of one frame: its metadata, and how it is written."""

from __future__ import annotations

from dataclasses import replace
from typing import BinaryIO

from PIL import Image

from pielight.io.codecs import pillow
from pielight.io.codecs.gif.blocks import gif_packet, write_gif_packet
from pielight.io.image import Picture
from pielight.io.metadata.metadata import Metadata

_TIMING = ("duration", "loop")


def read_metadata(image: Image.Image, data: bytes) -> Metadata:
    """Return the metadata of an opened GIF."""
    timing = {name: image.info[name] for name in _TIMING if name in image.info}
    return replace(pillow.read_metadata(image), xmp=gif_packet(data), timing=timing)


def write(picture: Picture, file: BinaryIO, _quality: int | None) -> None:
    """Write a GIF of one frame."""
    start, metadata = file.tell(), picture.metadata
    comment = {"comment": metadata.comment} if metadata.comment else {}
    # Not "optimize", which would put the palette in another order.
    pillow.encodable(picture).save(pillow.checked(file), "GIF", optimize=False, **comment, **metadata.timing)
    if metadata.xmp:
        write_gif_packet(file, start, metadata.xmp)
