"""Conversion of a picture to what a format can hold: modes, depth, opacity, color space and metadata."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PIL import Image

from pielight.core.strips import strips, to_8_bits
from pielight.errors import PictureError
from pielight.io.codecs.heif.coding import is_wide_gamut
from pielight.io.codecs.jpeg.segments import EXIF
from pielight.io.codecs.jpeg.trailer_update import with_updated_trailer
from pielight.io.codecs.tiff.tags import essential_exif, is_sound
from pielight.io.color.cmyk import CmykPixels
from pielight.io.color.icc import to_srgb
from pielight.io.color.palette import Palette
from pielight.io.conversion_losses import without_losses
from pielight.io.formats import FORMATS, HEIF
from pielight.io.image import Picture, to_image
from pielight.io.metadata.embedded_thumbnails import with_new_thumbnails
from pielight.io.metadata.ifd_entries import TIFF_MAGIC

_MAX_EXIF, _MAX_XMP = 65_527, 65_504  # of a JPEG's segment
_OPAQUE, _VISIBLE = 255, 128


def fit(picture: Picture, file_format: str) -> Picture:
    """Make a picture fit a format; one that fits already is returned as it is.

    Opacity is composited over white where the format has none, 16 bits are rounded to 8, CMYK becomes sRGB, and GIF
    gets 256 colors; the note of the result names what was done.

    Raises:
        PictureError: The format is not one that can be written.

    >>> fit(Picture(np.zeros((2, 3, 3), np.uint8), "RGBA", np.zeros((2, 3), np.uint8)), "JPEG").note
    'transparency composited over white'
    """
    if file_format not in FORMATS or not FORMATS[file_format].modes:
        raise PictureError(f"{file_format} cannot be written; name the result .tif or .jpg")
    notes = [picture.note] if picture.note else []
    if picture.is_one_of_several:
        notes.append("several pictures in the file: only the first is kept")
        picture = replace(picture, is_one_of_several=False)
    picture = _with_supported_depth(picture, file_format, notes)
    picture = _with_supported_colors(picture, file_format, notes)
    picture = _with_supported_mode(picture, file_format, notes)
    picture = _with_sound_exif(picture, file_format, notes)
    if file_format == "JPEG":
        picture = _with_short_segments(picture, notes)
    picture = with_updated_trailer(picture, file_format, notes)
    picture = replace(picture, metadata=without_losses(picture.metadata, file_format, notes))
    if picture.changed:
        picture = replace(with_new_thumbnails(picture, file_format, notes), changed=False)
    return replace(picture, note="; ".join(notes))


def _with_supported_depth(picture: Picture, file_format: str, notes: list[str]) -> Picture:
    """Resolve palettes and CMYK, drop an unnamed channel, and round to 8 bits, where the mode is not supported."""
    modes = FORMATS[file_format].modes
    if picture.mode not in modes:
        picture = _as_shown(picture, notes)
    if "X" in picture.mode and picture.mode not in modes:
        notes.append("unnamed channel left out")
        picture = replace(picture, mode={"LX;16": "I;16"}.get(picture.mode, picture.mode.replace("X", "")), alpha=None)
    if picture.mode not in modes and picture.pixels.dtype == np.uint16:
        picture = _rounded(picture)
        notes.append("16 bits rounded to 8")
    return picture


def _with_supported_colors(picture: Picture, file_format: str, notes: list[str]) -> Picture:
    """Drop what the format cannot hold of color space and coding; convert to sRGB where it holds no profile."""
    metadata, coding, held = picture.metadata, picture.metadata.coding, FORMATS[file_format].metadata
    if is_wide_gamut(metadata.cicp) and not metadata.icc_profile and "cicp" not in held:
        notes.append(f"wide-gamut colors treated as sRGB: {file_format} stores no CICP code points")
        metadata = replace(metadata, cicp=None)
    if coding and coding.has_rgb and "cicp" in held:
        notes.append(f"the source is lossless, but {file_format} is written lossily; use --format png to avoid it")
    if coding and coding.thumbnails and file_format == "AVIF":
        notes.append("preview left out: AVIF is written without previews")
        metadata = replace(metadata, coding=replace(coding, thumbnails=()))
    if metadata.color_space and file_format != "BMP":
        notes.append("colors treated as sRGB: other formats cannot store a BMP's linked profile or calibration")
        metadata = replace(metadata, color_space=b"")
    picture = replace(picture, metadata=metadata)
    if "icc" not in held and picture.format != file_format:
        picture, changed = to_srgb(picture)
        notes += [f"colors converted to sRGB: {file_format} stores no ICC profile"] if changed else []
    return picture


def _with_supported_mode(picture: Picture, file_format: str, notes: list[str]) -> Picture:
    """Convert to a mode of the format: bilevel to gray, gray with opacity to RGBA, 256 colors, or no opacity."""
    modes = FORMATS[file_format].modes
    if picture.mode == "1" and "1" not in modes:
        picture = replace(picture, mode="L")
    if picture.mode == "LA" and "RGBA" in modes and "LA" not in modes:
        picture = replace(picture, mode="RGBA", pixels=np.repeat(picture.pixels, 3, axis=2))
    if file_format == "GIF" and picture.mode not in modes:
        picture = _few_colors(picture)
        notes.append("reduced to 256 colors, the limit of GIF")
    if picture.alpha is not None and picture.mode not in modes:
        picture = _on_white(picture)
        notes.append("transparency composited over white")
    return picture


def _with_sound_exif(picture: Picture, file_format: str, notes: list[str]) -> Picture:
    """Drop EXIF that the format's library would reject."""
    exif = picture.metadata.exif
    # libheif looks for the header of a TIFF.
    rejected = file_format == HEIF and exif and not exif.removeprefix(EXIF).startswith(TIFF_MAGIC)
    if rejected or (file_format in ("TIFF", "AVIF") and not is_sound(exif)):
        notes.append("EXIF left out: it is damaged")
        return replace(picture, metadata=replace(picture.metadata, exif=b""))
    return picture


def _as_shown(picture: Picture, notes: list[str]) -> Picture:
    """Convert palettes and CMYK to the colors that they show."""
    if isinstance(picture.source, Palette):
        alpha = picture.source.opacity()
        return replace(picture, mode="RGB" if alpha is None else "RGBA", alpha=alpha, source=None)
    if isinstance(picture.source, CmykPixels):
        notes.append("CMYK converted to sRGB")
        turned, changed = to_srgb(picture)
        if changed:
            return turned
        return replace(turned, pixels=to_8_bits(turned.pixels), mode="RGB", source=None)
    return picture


def _rounded(picture: Picture) -> Picture:
    mode = "L" if picture.mode == "I;16" else picture.mode.removesuffix(";16")
    alpha = None if picture.alpha is None else to_8_bits(picture.alpha)
    return replace(picture, pixels=to_8_bits(picture.pixels), mode=mode, alpha=alpha)


def _on_white(picture: Picture) -> Picture:
    assert picture.alpha is not None
    result = np.empty(picture.pixels.shape, np.uint8)
    for strip in strips(result.shape):
        share = picture.alpha[strip].astype(np.uint16)[..., np.newaxis]
        shown = picture.pixels[strip] * share + _OPAQUE * (_OPAQUE - share)
        result[strip] = (shown + _OPAQUE // 2) // _OPAQUE
    return replace(picture, pixels=result, mode=picture.mode.removesuffix("A"), alpha=None)


def _few_colors(picture: Picture) -> Picture:
    """Reduce a picture to 256 colors, or to 255 and a transparent one."""
    clear = picture.alpha is not None and bool((picture.alpha < _VISIBLE).any())
    colors = to_image(replace(picture, mode=picture.mode.removesuffix("A"), alpha=None)).convert("RGB")
    chosen = Palette.of(colors.quantize(255 if clear else 256, dither=Image.Dither.FLOYDSTEINBERG))
    if clear and picture.alpha is not None:
        entries = np.vstack([chosen.entries, np.zeros((1, 4), np.uint8)])
        indices = np.where(picture.alpha < _VISIBLE, np.uint8(len(entries) - 1), chosen.indices)
        chosen = Palette(indices, entries, transparency=len(entries) - 1)
    return replace(picture, pixels=chosen.colors(), mode="P", alpha=None, source=chosen)


def _with_short_segments(picture: Picture, notes: list[str]) -> Picture:
    """Leave out what is too long for a JPEG's segment, unless it came from several segments of a JPEG."""
    metadata = picture.metadata
    if metadata.segments is None:
        if len(metadata.exif) > _MAX_EXIF:
            short, what = essential_exif(metadata.exif, _MAX_EXIF)
            notes.append(f"EXIF {what}: JPEG holds no more than 64 kB")
            metadata = replace(metadata, exif=short)
        if len(metadata.xmp or b"") > _MAX_XMP:
            notes.append("XMP left out: JPEG holds no more than 64 kB")
            metadata = replace(metadata, xmp=None)
    return replace(picture, metadata=metadata)
