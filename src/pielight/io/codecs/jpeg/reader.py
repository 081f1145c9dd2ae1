"""JPEG files: a faster decoder than Pillow's, and their metadata."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image, JpegImagePlugin

from pielight.errors import PictureError
from pielight.io.codecs import pillow
from pielight.io.codecs.jpeg.segments import APP0, FRAMES, JFIF, JFIF_DENSITY, JpegLayout, photoshop_block
from pielight.io.codecs.jpeg.trailer import segments_and_parts
from pielight.io.metadata.metadata import Metadata

_LOSSLESS, _HIERARCHICAL = (0xC3, 0xCB), (0xC5, 0xC6, 0xC7, 0xCD, 0xCE, 0xCF)
_DEPTHS = range(2, 17)  # bits that a JPEG may have


def check_kind(layout: JpegLayout) -> None:
    """Refuse lossless, hierarchical and high-bit-depth JPEG."""
    marker = next((marker for marker, content in layout.segments if content and content == layout.frame()), 0)
    bits = layout.frame()[0] if marker in FRAMES else 8
    kind = "lossless " if marker in _LOSSLESS else "hierarchical " if marker in _HIERARCHICAL else ""
    if marker in _HIERARCHICAL or marker == _LOSSLESS[1] or (bits != 8 and bits in _DEPTHS):
        raise PictureError(f"{bits}-bit {kind}JPEG is not supported; convert it to PNG or TIFF first")


def decode_pixels(data: bytes, gray: bool, at_least: int = 0) -> NDArray[Any] | None:
    """Decode the pixels.

    Args:
        gray: Whether the file holds one channel.
        at_least: If not 0, the picture is decoded at the smallest multiple of 1/8 whose sides are not below this.

    Returns:
        uint8 of shape (H, W, 1), or the first three channels of (H, W, 4), which Pillow can use without a copy;
        None for a file that the decoder rejects or warns about, which Pillow may still read.
    """
    try:
        pixels: NDArray[Any] = simplejpeg.decode_jpeg(
            data, "GRAY" if gray else "RGBX", min_height=at_least, min_width=at_least, strict=True
        )
    except (ValueError, RuntimeError):
        return None
    return pixels if gray else np.asarray(pixels)[..., :3]


def read_metadata(image: Image.Image, data: bytes, layout: JpegLayout) -> Metadata:
    """Return the metadata of an opened JPEG."""
    segments, appended = segments_and_parts(data, layout)
    tables = image.quantization if isinstance(image, JpegImagePlugin.JpegImageFile) else None
    return replace(
        pillow.read_metadata(image),
        photoshop=photoshop_block(layout.segments),
        segments=segments,
        appended=appended,
        density=density(layout),
        quantization=None if tables is None else dict(tables),
        sampling=layout.sampling(),
        progressive=bool(image.info.get("progressive")),
    )


def density(layout: JpegLayout) -> bytes:
    """Return the JFIF header's unit and density, which Pillow would round; empty without a JFIF header."""
    whole = (content for content in layout.contents(APP0, JFIF) if len(content) >= JFIF_DENSITY.stop)
    return next(whole, b"")[JFIF_DENSITY]
