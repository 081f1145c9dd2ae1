"""Pictures from files."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from PIL import Image

from pielight.core.atomic_file import read_file
from pielight.core.messages import shown
from pielight.errors import PictureError
from pielight.io import preflight
from pielight.io.codec_errors import DAMAGED, errors_named
from pielight.io.codecs import pillow
from pielight.io.codecs.bmp import reader as bmp
from pielight.io.codecs.gif import still as gif
from pielight.io.codecs.heif import container as heif
from pielight.io.codecs.heif import still as heif_still
from pielight.io.codecs.heif.coding import hdr_curve
from pielight.io.codecs.high_bit_depth import decode_high_bit_depth, extra_samples_note
from pielight.io.codecs.isobmff import walk
from pielight.io.codecs.jpeg import reader as jpeg
from pielight.io.codecs.jpeg.segments import JpegLayout, is_jpeg
from pielight.io.codecs.png import chunks as png
from pielight.io.codecs.png import still as png_still
from pielight.io.codecs.raw import develop as raw
from pielight.io.codecs.tiff import writer as tiff
from pielight.io.codecs.tiff.sample_format import SampleFormat, read_sample_format, with_readable_tags
from pielight.io.codecs.tiff.tags import notes_on, silence
from pielight.io.codecs.webp import still as webp
from pielight.io.formats import HEIF, READABLE
from pielight.io.image import Picture, from_image
from pielight.io.metadata.google_xmp import without_gain_map
from pielight.io.metadata.metadata import Metadata
from pielight.io.metadata.tiff_tags import Tag
from pielight.io.orientation import as_stored
from pielight.io.size_limits import check_size

_TRACKS = b"moov"  # a sequence of pictures after the first
_BYTES_PER_PIXEL = {"P": 5, "CMYK": 14}  # of modes whose decoded pixels differ from Pillow's
_ICONS = (b"\0\0\1\0", b"\0\0\2\0")
_METADATA_READERS: dict[str, Callable[[Image.Image, bytes], Metadata]] = {  # a JPEG's also takes its layout
    "PNG": png_still.read_metadata,
    "WEBP": webp.read_metadata,
    "TIFF": tiff.read_metadata,
    "BMP": pillow.read_metadata,
    "GIF": gif.read_metadata,
    "AVIF": heif_still.read_metadata,
    HEIF: heif_still.read_metadata,
}


def read(path: Path) -> Picture:
    """Read a picture's file.

    Raises:
        PictureError: The file is missing, damaged, too large, or of a kind that is not supported.
    """
    return decode(read_file(path), shown(path))


def decode(data: bytes, name: str = "picture") -> Picture:
    """Decode a picture's file.

    Args:
        data: JPEG, PNG, WebP, TIFF, BMP, GIF, AVIF, HEIC or camera RAW.
        name: What errors call it; its extension distinguishes some kinds of RAW from TIFF.

    Raises:
        PictureError: The file is damaged, too large, of a kind that is not supported, or needs an extra.
    """
    with errors_named(name):
        layout = _checked(data)
        if raw.is_raw(data, name):
            return raw.develop(data)
        if bmp.is_bmp(data):
            return _decoded_bmp(data)
        with _opened(data) as image:
            return _decoded(image, data, layout)


def decode_reduced(data: bytes, at_least: int, name: str = "picture") -> NDArray[Any]:
    """Decode a picture's pixels for prediction only; a JPEG is decoded at a multiple of 1/8 of its size.

    Args:
        at_least: Neither side becomes smaller than this, if it was not before.
    """
    if is_jpeg(data):
        with errors_named(name):
            _checked(data)
        with errors_named(name), _opened(data) as image:
            reduced = jpeg.decode_pixels(data, image.mode == "L", at_least) if image.mode in ("L", "RGB") else None
        if reduced is not None:
            return reduced
    return decode(data, name).pixels


def open_image(image: Image.Image) -> Picture:
    """Return a Pillow image, which may not be loaded yet, as a picture.

    Raises:
        PictureError: It is damaged, or its mode is not supported.
    """
    try:
        return from_image(image)
    except PictureError:
        raise
    except DAMAGED as error:
        raise PictureError(f"damaged picture ({shown(str(error)) or type(error).__name__})") from error


def _checked(data: bytes) -> JpegLayout | None:
    layout = preflight.check(data)
    if layout:
        jpeg.check_kind(layout)
    return layout


def _opened(data: bytes) -> Image.Image:
    """Open a picture with Pillow, which does not decode its pixels yet."""
    formats: tuple[str, ...] = READABLE
    file_bytes = len(data)
    if (file_format := heif.container(data)) is not None:
        if file_format == HEIF:
            heif.enable()
        data, formats = heif.readable(data, file_format), (file_format,)
    else:
        heif.check_kind(data)
    if data.startswith(_ICONS):
        raise PictureError("icons (ICO, CUR) are not supported; convert it to PNG first")
    if sample_format := read_sample_format(data):
        sample_format.check()
        if not sample_format.opens_in_pillow:
            data = with_readable_tags(data, sample_format)
    image = Image.open(io.BytesIO(data), formats=formats)
    check_size(image.width, image.height, _bytes_per_pixel(image), file_bytes)
    return image


def _decoded(image: Image.Image, data: bytes, layout: JpegLayout | None) -> Picture:
    file_format = "JPEG" if image.format == "MPO" else str(image.format)
    sample_format = read_sample_format(data)
    is_high_bit_depth = sample_format.needs_tifffile if sample_format else png.is_high_bit_depth(image, data)
    several = _holds_several(image, data, sample_format)
    metadata = jpeg.read_metadata(image, data, layout) if layout else _METADATA_READERS[file_format](image, data)
    if layout:
        several = any(part.kind == "view" for part in metadata.appended)
    notes = _notes_on(file_format, metadata, data, layout)
    if metadata.coding and metadata.coding.planes and metadata.xmp:
        metadata = replace(metadata, xmp=without_gain_map(metadata.xmp))
    if file_format == "TIFF":
        silence()
    orientation = image.getexif().get(Tag.ORIENTATION, 1) if file_format == "TIFF" else 1
    picture = None
    if is_high_bit_depth:
        picture = decode_high_bit_depth(data, sample_format)
        notes += [picture.note] if picture.note else []
    elif sample_format is not None and (extras := len(sample_format.bits) - len(image.getbands())) > 0:
        notes.append(extra_samples_note(extras))
    elif layout and image.mode in ("L", "RGB"):
        pixels = jpeg.decode_pixels(data, image.mode == "L")
        picture = None if pixels is None else Picture(pixels, image.mode)
    if picture is None:
        image.load()
        picture = from_image(as_stored(image, orientation))  # Pillow turns a TIFF upright while it loads it
    return replace(picture, format=file_format, metadata=metadata, note="; ".join(notes), is_one_of_several=several)


def _holds_several(image: Image.Image, data: bytes, sample_format: SampleFormat | None) -> bool:
    """Return whether a file, which is no JPEG, holds more pictures than the one that is decoded."""
    if sample_format is not None and sample_format.is_followed:
        return True
    if bool(getattr(image, "is_animated", False)) or getattr(image, "n_frames", 1) > 1:
        return True
    return image.format == HEIF and any(box.kind == _TRACKS for box in walk(data))


def _notes_on(file_format: str, metadata: Metadata, data: bytes, layout: JpegLayout | None) -> list[str]:
    """Return what the user should know of how a picture is coded, and of what is left out of it."""
    notes, coding = [], metadata.coding
    if layout and len(metadata.segments or ()) < len(layout.descriptive()):
        notes.append("index of further pictures left out: it is damaged")
    if coding and coding.bits > 8:
        notes.append(f"{coding.bits} bits per channel reduced to 8")
    if curve := hdr_curve(metadata.cicp):
        notes.append(f"HDR transfer curve {curve} is kept, and processed as if it were sRGB's")
    if coding and coding.planes:
        notes.append(f"left out: {', '.join(coding.planes)}")
    if file_format == "PNG" and (stale := png.stale_chunks(data)):
        notes.append(f"left out, as they describe the original colors: {', '.join(stale)}")
    return notes + notes_on(data) if file_format == "TIFF" else notes


def _decoded_bmp(data: bytes) -> Picture:
    readable, note = bmp.readable(data)
    with _opened(readable) as image:
        picture = _decoded(image, readable, None)
    unnamed = bmp.unnamed_channel(readable)
    if unnamed is not None:
        picture = replace(picture, mode="RGBX", alpha=unnamed)
    metadata = replace(picture.metadata, headless=bmp.is_headless(data), **bmp.color_metadata(readable))
    return replace(picture, metadata=metadata, note=note)


def _bytes_per_pixel(image: Image.Image) -> int:
    return _BYTES_PER_PIXEL.get(image.mode, 2 * len(image.getbands()))  # Pillow's own copy, and ours
