"""Pictures to files."""

from __future__ import annotations

import io
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, cast

from PIL import Image

from pielight.core.atomic_file import Checked, shown, whole_file
from pielight.io.codec_errors import errors_named
from pielight.io.codecs.bmp import writer as bmp_writer
from pielight.io.codecs.gif.blocks import write_gif_packet
from pielight.io.codecs.heif import container as heif
from pielight.io.codecs.heif.coding import write_color_code
from pielight.io.codecs.high_bit_depth import save_deep
from pielight.io.codecs.jpeg import pixels as jpeg
from pielight.io.codecs.jpeg.trailer import write_parts
from pielight.io.codecs.png.chunks import WithChunks, described_by
from pielight.io.codecs.tiff.tags import PREDICTOR_NONE, attach_tags, leading_block
from pielight.io.convert import fit
from pielight.io.formats import CODED, DEEP_MODES, HEIF, format_of, written_format
from pielight.io.image import Picture, to_image
from pielight.io.matching_quality import GROWTH, quality_at_rate
from pielight.io.metadata.metadata import coding_options, save_options


def write(picture: Picture, path: Path, quality: int | None = None) -> None:
    """Write a picture in the format of the file's extension, else in the one it came in, at one stroke.

    Args:
        picture: What to write.
        path: Where to; missing folders are made.
        quality: 1..100 for lossy formats; None keeps the source's own.

    Raises:
        PictureError: The picture or its metadata cannot be encoded, or the file cannot be written.
    """
    with whole_file(path) as file:
        save(picture, file, format_of(path, written_format(picture.format)), quality, shown(path))


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
    animation: tuple[Image.Image, dict[str, Any]] | None = None,
) -> None:
    """Write a picture into an open file as ``file_format``, or as the format that it came in.

    Args:
        picture: What to write; see :func:`pielight.io.convert.fit` for what becomes of it.
        file: Open for writing and reading, at its end. A file of the system is faster than one in memory.
        file_format: Pillow's name of the format.
        quality: 1..100 for lossy formats; None keeps the source's own.
        name: What errors call it.
        animation: What Pillow's encoder is to write in place of the picture, which is its first frame, and how.

    Raises:
        PictureError: The format cannot hold the picture or its metadata, or needs an extra.
        OSError: The file cannot be written to.
    """
    file_format = file_format or written_format(picture.format)
    start = file.tell()
    with errors_named(name, f"cannot be encoded as {file_format}", writing=True):
        picture = fit(picture, file_format)
        if picture.mode in DEEP_MODES:
            save_deep(picture, file, file_format)
            return
        if file_format == "TIFF":
            picture = _in_its_byte_order(picture)
        if file_format == HEIF:
            heif.enable()
        options = save_options(picture.metadata, file_format, picture.mode, quality)
        if file_format == "BMP":
            bmp_writer.save_image(picture, cast(BinaryIO, Checked(file, start)), options)
        elif file_format == "JPEG":
            _save_jpeg(picture, file, start, options)
        else:
            pixels = picture.pixels[..., 0].size
            with heif.encoding(pixels, options["subsampling"]) if file_format == HEIF else nullcontext():
                _save_by_pillow(picture, file, start, file_format, options, quality is None, animation)


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


def _in_its_byte_order(picture: Picture) -> Picture:
    """Return 16-bit gray so that Pillow, which writes the machine's order only, writes that of the makers' notes."""
    if picture.mode != "I;16" or not leading_block(picture.metadata).startswith(b"MM"):
        return picture
    metadata = replace(picture.metadata, predictor=PREDICTOR_NONE)  # it counts in the machine's order, too
    return replace(picture, pixels=picture.pixels.byteswap(), metadata=metadata)


def _save_jpeg(picture: Picture, file: BinaryIO, start: int, options: dict[str, Any]) -> None:
    metadata = picture.metadata
    jpeg.save_image(to_image(picture), file, options)
    if metadata.density:
        jpeg.write_density(file, start, metadata.density)
    write_parts(file, start, metadata.segments or (), metadata.appended)


def _save_by_pillow(
    picture: Picture,
    file: BinaryIO,
    start: int,
    file_format: str,
    options: dict[str, Any],
    keeps_rate: bool,
    animation: tuple[Image.Image, dict[str, Any]] | None,
) -> None:
    """Write a picture, or an animation in its place, with what Pillow's encoders leave out."""
    metadata = picture.metadata
    image = to_image(picture)
    if image.mode == "RGBX" and picture.mode != "RGBX":
        image = image.convert("RGB")
    if file_format in CODED and keeps_rate and (rate := _rate(picture)):
        coding = coding_options(metadata, file_format, picture.mode)
        options["quality"] = quality_at_rate(image, file_format, coding, rate)
    leading = leading_block(metadata) if file_format == "TIFF" else b""
    checked = cast(BinaryIO, Checked(file, start + file.write(leading)))
    if file_format == "PNG":
        checked = cast(BinaryIO, WithChunks(checked, described_by(metadata)))
    shown_image, more = animation or (image, {})
    shown_image.save(checked, file_format, **options, **more)
    if file_format == "GIF" and metadata.xmp:
        write_gif_packet(file, start, metadata.xmp)
    if file_format == "TIFF":
        attach_tags(file, start, metadata)
    if file_format == "AVIF" and metadata.color_code:
        write_color_code(file, start, metadata.color_code)
    if file_format in CODED:
        file.write(metadata.video)


def _rate(picture: Picture) -> float:
    """Return the bytes per pixel that a picture from an AVIF or HEIC may take again, 0 if that is not known."""
    coding, (height, width) = picture.metadata.coding, picture.pixels.shape[:2]
    return coding.length * GROWTH / (height * width) if coding else 0
