"""Pictures from files and to files."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, cast

from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from pielight.errors import MissingExtraError, PictureError
from pielight.media import bmp, bmp_file, heif, jpeg, preflight, raw
from pielight.media.appended import write_parts
from pielight.media.boxes import walk
from pielight.media.coding import hdr_curve, write_colour_code
from pielight.media.convert import fit
from pielight.media.deep import decode_deep, save_deep
from pielight.media.exif import ORIENTATION
from pielight.media.files import Checked, read_whole, shown, whole_file
from pielight.media.formats import CODED, DEEP_MODES, HEIF, KNOWN, READABLE, format_of, is_deep_png, written_format
from pielight.media.google_xmp import without_gain_map
from pielight.media.guard import own_limits
from pielight.media.image import Picture, from_image, to_image
from pielight.media.jpeg_segments import Layout, is_jpeg
from pielight.media.metadata import coding_options, gather, save_options
from pielight.media.png import WithChunks, described_by
from pielight.media.rate import GROWTH, quality_at_rate
from pielight.media.sizes import check_size
from pielight.media.tiff import PREDICTOR_NONE, attach_tags, leading_block, notes_on, silence
from pielight.media.tiff_kinds import kind_of, stand_in
from pielight.media.xmp import write_gif_packet

__all__ = [
    "Picture", "decode", "decode_reduced", "encode", "errors_named", "fitted", "open_image", "read", "save", "to_image",
    "write",
]  # fmt: skip

# What Pillow's decoders and the other libraries are known to raise on damaged files.
_DAMAGED = (
    OSError, SyntaxError, ValueError, EOFError, TypeError, LookupError, AttributeError, ArithmeticError,
    AssertionError, RuntimeError, MemoryError, struct.error, zlib.error, Image.DecompressionBombError,
)  # fmt: skip
_TRACKS = b"moov"  # of a sequence of pictures, beside the first
_BYTES_PER_PIXEL = {"P": 5, "CMYK": 14}  # of modes that have other pixels than Pillow's too
_ICONS = (b"\0\0\1\0", b"\0\0\2\0")
# Pillow turns a TIFF upright while it loads it; these turn it back.
_UNTURN = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def read(path: Path) -> Picture:
    """Read a picture's file.

    Raises:
        PictureError: The file is missing, damaged, too large, or of a kind that is not supported.
    """
    return decode(read_whole(path), shown(path))


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


def decode(data: bytes, name: str = "picture") -> Picture:
    """Decode a picture's file.

    Args:
        data: JPEG, PNG, WebP, TIFF, BMP, GIF, AVIF, HEIC or camera RAW.
        name: What errors call it; its extension tells some kinds of RAW from TIFF.

    Raises:
        PictureError: The file is damaged, too large, of a kind that is not supported, or needs an extra.
    """
    with errors_named(name):
        layout = preflight.check(data)
        if raw.is_raw(data, name):
            return raw.develop(data)
        if bmp.is_bmp(data):
            return _decoded_bmp(data)
        with _opened(data) as image:
            return _decoded(image, data, layout)


def decode_reduced(data: bytes, at_least: int, name: str = "picture") -> NDArray[Any]:
    """Decode a picture's pixels for prediction only, a JPEG's at some eighths of its size.

    Args:
        data: The whole file.
        at_least: Neither side becomes smaller than this, if it was not before.
        name: What errors call it.

    Raises:
        PictureError: See :func:`decode`.
    """
    if is_jpeg(data):
        with errors_named(name):
            preflight.check(data)
        with errors_named(name), _opened(data) as image:
            reduced = jpeg.decode_pixels(data, image.mode == "L", at_least) if image.mode in ("L", "RGB") else None
        if reduced is not None:
            return reduced
    return decode(data, name).pixels


def open_image(image: Image.Image) -> Picture:
    """Take a Pillow image apart, which may not be loaded yet.

    Raises:
        PictureError: It is damaged, or its mode is not supported.
    """
    try:
        return from_image(image)
    except PictureError:
        raise
    except _DAMAGED as error:
        raise PictureError(f"damaged picture ({shown(str(error)) or type(error).__name__})") from error


def fitted(picture: Picture, file_format: str, name: str = "picture") -> Picture:
    """Make a picture fit a format; see :func:`pielight.media.convert.fit`.

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
        picture: What to write; see :func:`pielight.media.convert.fit` for what becomes of it.
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
        if file_format == "BMP":
            options = save_options(picture.metadata, file_format, picture.mode, quality)
            bmp_file.save_image(picture, cast(BinaryIO, Checked(file, start)), options)
            return
        if file_format == HEIF:
            heif.enable()
        leading = leading_block(picture.metadata) if file_format == "TIFF" else b""
        if picture.mode == "I;16" and leading.startswith(b"MM"):
            # Pillow writes the machine's order only; what predicts a value from the last one counts in it, too.
            metadata = replace(picture.metadata, predictor=PREDICTOR_NONE)
            picture = replace(picture, pixels=picture.pixels.byteswap(), metadata=metadata)
        image = to_image(picture)
        if image.mode == "RGBX" and file_format != "JPEG" and picture.mode != "RGBX":
            image = image.convert("RGB")
        options = save_options(picture.metadata, file_format, picture.mode, quality)
        if file_format in CODED and quality is None and (rate := _rate(picture)):
            coding = coding_options(picture.metadata, file_format, picture.mode)
            options["quality"] = quality_at_rate(image, file_format, coding, rate)
        if file_format == "JPEG":
            jpeg.save_image(image, file, options)
        else:
            checked = cast(BinaryIO, Checked(file, start + file.write(leading)))
            if file_format == "PNG":
                checked = cast(BinaryIO, WithChunks(checked, described_by(picture.metadata)))
            shown_image, more = animation or (image, {})
            shown_image.save(checked, file_format, **options, **more)
        if file_format == "GIF" and picture.metadata.xmp:
            write_gif_packet(file, start, picture.metadata.xmp)
        if file_format == "TIFF":
            attach_tags(file, start, picture.metadata)
        if file_format == "AVIF" and picture.metadata.colour_code:
            write_colour_code(file, start, picture.metadata.colour_code)
        if file_format in CODED:
            file.write(picture.metadata.video)
        if file_format == "JPEG" and picture.metadata.density:
            jpeg.write_density(file, start, picture.metadata.density)
        if file_format == "JPEG":
            write_parts(file, start, picture.metadata.segments or (), picture.metadata.appended)


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


@contextmanager
def errors_named(name: str, what: str = "damaged picture", writing: bool = False) -> Iterator[None]:
    """Turn whatever goes wrong in decoders and encoders into one line that names the file."""
    try:
        with own_limits():
            yield
    except (PictureError, MissingExtraError) as error:
        raise PictureError(f"{name}: {error}") from error
    except UnidentifiedImageError as error:
        raise PictureError(f"{name}: not a {KNOWN} picture, or damaged") from error
    except MemoryError as error:
        raise PictureError(f"{name}: not enough memory") from error
    except _DAMAGED as error:
        if writing and isinstance(error, OSError) and error.errno:  # not the picture's fault but the disk's
            raise
        raise PictureError(f"{name}: {what} ({shown(str(error)) or type(error).__name__})") from error


def _opened(data: bytes) -> Image.Image:
    """Open a picture with Pillow, which does not decode its pixels yet."""
    formats: tuple[str, ...] = READABLE
    if (boxed := heif.container(data)) is not None:
        if boxed == HEIF:
            heif.enable()
        data, formats = heif.readable(data, boxed), (boxed,)
    else:
        heif.check_kind(data)
    if data.startswith(_ICONS):
        raise PictureError("icons (ICO, CUR) are not supported; convert it to PNG first")
    kind = kind_of(data)
    if kind is not None:
        kind.check()
    readable = data if kind is None or kind.opens_in_pillow else stand_in(data, kind)
    image = Image.open(io.BytesIO(readable), formats=formats)
    check_size(image.width, image.height, _bytes_per_pixel(image), len(data))
    return image


def _decoded(image: Image.Image, data: bytes, layout: Layout | None) -> Picture:
    file_format = "JPEG" if image.format == "MPO" else str(image.format)
    kind = kind_of(data)
    deep = kind.is_deep if kind else is_deep_png(image, data)
    notes = []
    several = (
        (kind is not None and kind.is_followed)
        or bool(getattr(image, "is_animated", False))
        or getattr(image, "n_frames", 1) > 1
    )
    metadata = gather(image, data, layout)
    if layout and len(metadata.segments or ()) < len(layout.descriptive()):
        notes.append("index of further pictures left out: it is damaged")
    if file_format == "JPEG":
        several = any(part.kind == "view" for part in metadata.appended)
    if metadata.coding and metadata.coding.bits > 8:
        notes.append(f"{metadata.coding.bits} bits a channel cut to 8")
    if curve := hdr_curve(metadata.colour_code):
        notes.append(f"HDR curve {curve} stays, and is changed as if it were sRGB's")
    if metadata.coding and metadata.coding.planes:
        notes.append(f"left out: {', '.join(metadata.coding.planes)}")
        metadata = replace(metadata, xmp=without_gain_map(metadata.xmp) if metadata.xmp else None)
    if file_format == HEIF:
        several = several or any(one.kind == _TRACKS for one in walk(data))
    orientation = None
    if file_format == "TIFF":
        silence()
        notes += notes_on(data)
        orientation = image.getexif().get(ORIENTATION)
    picture = decode_deep(data, kind) if deep else None
    if picture is not None and picture.note:
        notes.append(picture.note)
    if file_format == "JPEG" and image.mode in ("L", "RGB"):
        pixels = jpeg.decode_pixels(data, image.mode == "L")
        picture = None if pixels is None else Picture(pixels, image.mode)
    if picture is None:
        image.load()
        picture = from_image(image if orientation not in _UNTURN else image.transpose(_UNTURN[orientation]))
    return replace(picture, format=file_format, metadata=metadata, note="; ".join(notes), is_one_of_several=several)


def _decoded_bmp(data: bytes) -> Picture:
    readable, note = bmp.readable(data)
    with _opened(readable) as image:
        picture = _decoded(image, readable, None)
    fourth = bmp.unnamed_channel(readable)
    if fourth is not None:
        picture = replace(picture, mode="RGBX", alpha=fourth)
    metadata = replace(picture.metadata, headless=bmp.is_headless(data), **bmp.described(readable))
    return replace(picture, metadata=metadata, note=note)


def _rate(picture: Picture) -> float:
    """Return the bytes per pixel that a picture from an AVIF or HEIC may take again, 0 if that is not known."""
    coding, (height, width) = picture.metadata.coding, picture.pixels.shape[:2]
    return coding.length * GROWTH / (height * width) if coding else 0


def _bytes_per_pixel(image: Image.Image) -> int:
    return _BYTES_PER_PIXEL.get(image.mode, 2 * len(image.getbands()))  # Pillow's own copy, and ours
