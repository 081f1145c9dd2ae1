"""AVIF and HEIC of one picture: their metadata, and how they are written."""

from __future__ import annotations

import io
from bisect import bisect_right
from dataclasses import replace
from typing import Any, BinaryIO

from PIL import Image

from pielight.io.codecs import pillow
from pielight.io.codecs.heif.coding import read_cicp, read_coding, write_cicp
from pielight.io.codecs.heif.container import enable, encoding
from pielight.io.codecs.heif.items import exif_item, read_items
from pielight.io.codecs.isobmff import video_boxes
from pielight.io.codecs.jpeg.segments import EXIF
from pielight.io.formats import HEIF
from pielight.io.image import Picture
from pielight.io.metadata.exif import Untouched, with_orientation
from pielight.io.metadata.metadata import Metadata
from pielight.io.metadata.tiff_tags import Tag

AVIF_SPEED, HEIF_PRESET = 8, "ultrafast"  # see docs/guides/photos.md for what slower ones save
_QUALITY = 90
GROWTH = 1.2  # of a result over its source: brightening shows detail that takes bytes
QUALITIES = range(30, 91, 2)
_BLOCK, _BLOCKS = 96, 6  # pixels a side, and blocks a side of the sample


def read_metadata(image: Image.Image, data: bytes) -> Metadata:
    """Return the metadata of an opened AVIF or HEIC."""
    items, metadata = read_items(data), pillow.read_metadata(image)
    return replace(
        metadata,
        exif=(_avif_exif(image, data) if image.format == "AVIF" else b"") or metadata.exif,
        cicp=read_cicp(items),
        coding=read_coding(items),
        video=video_boxes(data),
    )


def _avif_exif(image: Image.Image, data: bytes) -> bytes:
    """Return the EXIF of an AVIF with the orientation that the file shows, without what Pillow makes of it."""
    exif = exif_item(data)
    return with_orientation(EXIF + exif.removeprefix(EXIF), image.getexif().get(Tag.ORIENTATION, 1)) if exif else b""


def write_avif(
    picture: Picture, file: BinaryIO, quality: int | None, animation: tuple[Image.Image, dict[str, Any]] | None = None
) -> None:
    """Write an AVIF; without a quality, at the source's bytes per pixel.

    Args:
        file: Open for reading and writing, at its end.
        quality: 1..100.
        animation: What Pillow's encoder is to write in place of the picture, which is its first frame, and how.
    """
    start, metadata = file.tell(), picture.metadata
    options = {"exif": Untouched(metadata.exif)} if metadata.exif else {}
    _write(picture, file, "AVIF", quality, options, animation)
    if metadata.cicp:
        write_cicp(file, start, metadata.cicp)
    file.write(metadata.video)


def write_heic(picture: Picture, file: BinaryIO, quality: int | None) -> None:
    """Write a HEIC; without a quality, at the source's bytes per pixel."""
    enable()
    metadata = picture.metadata
    sides = list(metadata.coding.thumbnails) if metadata.coding else []
    with encoding(picture.pixels[..., 0].size, coding_options(metadata, HEIF, picture.mode)["subsampling"]):
        _write(picture, file, HEIF, quality, {"thumbnails": sides} if sides else {})
    file.write(metadata.video)


def _write(
    picture: Picture,
    file: BinaryIO,
    file_format: str,
    quality: int | None,
    options: dict[str, Any],
    animation: tuple[Image.Image, dict[str, Any]] | None = None,
) -> None:
    image, coding = pillow.encodable(picture), coding_options(picture.metadata, file_format, picture.mode)
    if quality is None:
        rate = _rate(picture)
        quality = quality_at_rate(image, file_format, coding, rate) if rate else _QUALITY
    options = pillow.save_options(picture.metadata) | coding | {"quality": quality} | options
    sequence, more = animation or (image, {})
    sequence.save(pillow.checked(file), file_format, **options, **more)


def _rate(picture: Picture) -> float:
    """Return the bytes per pixel that a picture from an AVIF or HEIC may take again, 0 if that is not known."""
    coding, (height, width) = picture.metadata.coding, picture.pixels.shape[:2]
    return coding.length * GROWTH / (height * width) if coding else 0


def coding_options(metadata: Metadata, file_format: str, mode: str) -> dict[str, Any]:
    """Return the options of Pillow's ``save`` for an AVIF or HEIC that decide its size and speed beside its quality."""
    subsampling = metadata.coding.subsampling if metadata.coding else None
    if file_format == "AVIF":
        options: dict[str, Any] = {"speed": AVIF_SPEED}
        if mode != "L":
            options["subsampling"] = subsampling or "4:4:4"
        if metadata.cicp:  # of the stream; the box is written over later
            primaries, transfer = map(str, metadata.cicp)
            options["codec"] = "aom"
            options["advanced"] = {"color:color-primaries": primaries, "color:transfer-characteristics": transfer}
        return options
    code = dict(zip(("color_primaries", "transfer_characteristics"), metadata.cicp or (), strict=False))
    return {"enc_params": {"preset": HEIF_PRESET}, "subsampling": subsampling or "4:2:0"} | code


def quality_at_rate(image: Image.Image, file_format: str, options: dict[str, Any], bytes_per_pixel: float) -> int:
    """Return the quality at which an AVIF or HEIC has a rate.

    Args:
        options: Of Pillow's ``save``, without quality and metadata.
        bytes_per_pixel: The rate to match.
    """
    sample = _sample(image)
    room = bytes_per_pixel * sample.width * sample.height

    def length(quality: int) -> int:
        file = io.BytesIO()
        sample.save(file, file_format, quality=quality, **options)
        return read_coding(read_items(file.getvalue())).length

    return QUALITIES[max(0, bisect_right(QUALITIES, room, key=length) - 1)]


def _sample(image: Image.Image) -> Image.Image:
    """Return a mosaic of blocks from all over a picture, or the whole if it is no larger."""
    width, height = (min(_BLOCK, size) for size in image.size)
    if image.width * image.height <= width * height * _BLOCKS * _BLOCKS:
        return image
    sample = Image.new(image.mode, (width * _BLOCKS, height * _BLOCKS))
    for row in range(_BLOCKS):
        for column in range(_BLOCKS):
            left = round((image.width - width) * (column + 0.5) / _BLOCKS)
            top = round((image.height - height) * (row + 0.5) / _BLOCKS)
            sample.paste(image.crop((left, top, left + width, top + height)), (column * width, row * height))
    return sample
