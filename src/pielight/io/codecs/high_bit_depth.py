"""PNG and TIFF of more than 8 bits a channel, which Pillow would cut to 8 (extra ``deep``)."""

from __future__ import annotations

import io
import logging
from dataclasses import replace
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from pielight.core.extras import require
from pielight.core.strips import look_up, strips, to_8_bits
from pielight.errors import PictureError
from pielight.io.codecs.png.chunks import with_chunks
from pielight.io.codecs.png.still import metadata_chunks
from pielight.io.codecs.tiff.sample_format import CIELAB, CMYK, ICCLAB, WHITE_IS_ZERO, SampleFormat
from pielight.io.codecs.tiff.writer import LZW, PREDICTED, PREDICTOR_NONE, RENAMED, attach_tags, leading_block
from pielight.io.color.cmyk import CmykPixels
from pielight.io.color.lab import lab_to_srgb
from pielight.io.image import Picture, interleaved
from pielight.io.metadata.metadata import Metadata

_MODES = {1: "I;16", 2: "LA;16", 3: "RGB;16", 4: "RGBA;16"}
_TIFF_COMPRESSIONS = {"tiff_lzw": "lzw", "tiff_adobe_deflate": "adobe_deflate", "zstd": "zstd", "lzma": "lzma"}
_TIFF_MODELS = {1: "minisblack", 2: "minisblack", 3: "rgb", 4: "rgb"}
_PNG_LEVEL = 6
for _library in ("tifffile", "imagecodecs"):  # else their warnings, and those of libpng, reach the user's screen
    logging.getLogger(_library).addHandler(logging.NullHandler())


def decode_high_bit_depth(data: bytes, sample_format: SampleFormat | None = None) -> Picture:
    """Decode the pixels of a 16-bit PNG, or of a TIFF that Pillow cannot read whole.

    Depths other than 8 and 16 become 16 bits, and Lab becomes sRGB, as the note says. Format and metadata of the
    result are not set.

    Args:
        sample_format: Of a TIFF.

    Raises:
        MissingExtraError: The extra ``deep`` is not installed.
        PictureError: The TIFF is of a kind that is not supported.
    """
    require("deep")
    values = _png_values(data) if sample_format is None else _tiff_values(data)
    notes: list[str] = []
    if sample_format is not None:
        values = _converted(values, sample_format, notes)
        if sample_format.photometric == CMYK:
            if values.dtype == np.uint16:
                notes.append("16-bit CMYK rounded to 8 bits")
                values = to_8_bits(values)
            cmyk = CmykPixels(values)
            return Picture(cmyk.light(), "CMYK", source=cmyk, note="; ".join(notes))
    if values.dtype not in (np.uint8, np.uint16) or values.ndim != 3 or values.shape[2] not in _MODES:
        raise PictureError("16-bit picture of this kind is not supported; convert it to 16-bit RGB or gray first")
    mode = _MODES[values.shape[2]]
    has_extra = values.shape[2] in (2, 4)
    if has_extra and sample_format is not None and not sample_format.has_opacity:
        mode = mode.replace("A", "X")
    if values.dtype == np.uint8:
        mode = {"I;16": "L"}.get(mode, mode.removesuffix(";16"))
    picture = Picture(values[..., :-1] if has_extra else values, mode, values[..., -1] if has_extra else None)
    if mode == "LX":
        picture = replace(picture, mode="L", alpha=None)
        notes.append(extra_samples_note(1))
    return replace(picture, note="; ".join(notes))


def extra_samples_note(count: int) -> str:
    """Return the note that samples beyond the colors are left out."""
    return f"left out: {count} unnamed extra sample{'s' if count > 1 else ''}"


def _converted(values: NDArray[Any], sample_format: SampleFormat, notes: list[str]) -> NDArray[Any]:
    """Convert a TIFF's values to gray, RGB or CMYK of 8 or 16 bits."""
    (bits,) = set(sample_format.bits)
    if bits not in (8, 16):
        notes.append(f"{bits} bits per channel {'widened' if bits < 16 else 'rounded'} to 16")
        values = _of_16_bits(values, bits)
    if not values.flags.writeable:
        values = values.copy()
    if sample_format.photometric == WHITE_IS_ZERO:
        values[..., 0] = np.iinfo(values.dtype).max - values[..., 0]
    if sample_format.photometric in (CIELAB, ICCLAB):
        notes.append("Lab converted to sRGB")
        values[..., :3] = lab_to_srgb(np.ascontiguousarray(values[..., :3]), sample_format.photometric == ICCLAB)
    return values


def _of_16_bits(values: NDArray[Any], bits: int) -> NDArray[np.uint16]:
    most = (1 << bits) - 1
    if bits < 16:
        return look_up(((np.arange(most + 1) * 65535 + most // 2) // most).astype(np.uint16), values)
    result = np.empty(values.shape, np.uint16)
    for strip in strips(values.shape):
        result[strip] = np.rint(values[strip] * (65535 / most))
    return result


def save_high_bit_depth(picture: Picture, file: BinaryIO, file_format: str) -> None:
    """Write a 16-bit picture as PNG or TIFF.

    Raises:
        MissingExtraError: The extra ``deep`` is not installed.
    """
    require("deep")
    color = picture.pixels.shape[2]
    values = interleaved(picture)[..., : color + (picture.alpha is not None)]
    if file_format == "PNG":
        import imagecodecs

        coded = bytes(imagecodecs.png_encode(np.ascontiguousarray(values), level=_PNG_LEVEL))
        file.write(with_chunks(coded, metadata_chunks(picture.metadata)))
    else:
        more = [] if picture.alpha is None else ["unspecified" if "X" in picture.mode else "unassalpha"]
        _save_tiff(np.ascontiguousarray(values), picture.metadata, file, more)


def _png_values(data: bytes) -> NDArray[Any]:
    import imagecodecs

    values: NDArray[Any] = imagecodecs.png_decode(data)
    return values[..., np.newaxis] if values.ndim == 2 else values


def _tiff_values(data: bytes) -> NDArray[Any]:
    import tifffile

    with tifffile.TiffFile(io.BytesIO(data)) as file:
        page = file.pages.first
        values: NDArray[Any] = page.asarray()
        if page.planarconfig == tifffile.PLANARCONFIG.SEPARATE and values.ndim == 3:
            values = np.ascontiguousarray(values.transpose(1, 2, 0))
        premultiplied = tifffile.EXTRASAMPLE.ASSOCALPHA in page.extrasamples
    if premultiplied:
        raise PictureError("TIFF with premultiplied opacity is not supported; save it with plain opacity first")
    return values[..., np.newaxis] if values.ndim == 2 else values


def _save_tiff(values: NDArray[Any], metadata: Metadata, file: BinaryIO, more: list[str]) -> None:
    import tifffile

    named = RENAMED.get(metadata.compression, metadata.compression)
    compression = None if named == "raw" else _TIFF_COMPRESSIONS.get(named, _TIFF_COMPRESSIONS[LZW])
    predicted = compression is not None and metadata.predictor != PREDICTOR_NONE and named in PREDICTED
    start, leading = file.tell(), leading_block(metadata)
    picture_start = start + file.write(leading)
    tifffile.imwrite(
        tifffile.FileHandle(file, name="picture.tif", offset=picture_start),  # tifffile expects a name
        values if values.shape[2] > 1 else values[..., 0],
        photometric=_TIFF_MODELS[values.shape[2]],
        planarconfig="contig" if values.shape[2] > 1 else None,
        extrasamples=more or None,
        compression=compression,
        predictor=predicted,
        metadata=None,
        software=False,
        byteorder=">" if leading.startswith(b"MM") else "<",
    )
    attach_tags(file, start, metadata)
