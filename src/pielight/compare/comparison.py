"""A photo as it is, and at several strengths, as a screen shows it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from pielight.curves.apply import apply
from pielight.curves.tone import HIGHLIGHTS
from pielight.enhancer import Enhancer
from pielight.media.files import shown
from pielight.media.metadata import Metadata
from pielight.media.picture import read

_ORIENTATION = 274  # in EXIF
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True)
class Comparison:
    """A photo before and after; all pictures are upright, RGB, in sRGB and of one size.

    Attributes:
        name: The photo's file name.
        before: The photo.
        after: What it becomes, by strength.
    """

    name: str
    before: Image.Image
    after: dict[float, Image.Image]


def compare(
    enhancer: Enhancer, path: Path, strengths: Sequence[float], highlights: float = HIGHLIGHTS, size: int = 1200
) -> Comparison:
    """Enhance a photo at several strengths; the network looks at it once.

    Args:
        enhancer: The model.
        path: The photo.
        strengths: -1.5 to 1.5 each.
        highlights: 0 to 1.
        size: Pixels that the longer side of each picture has at most.

    Raises:
        PielightError: The photo cannot be read, or a strength is out of range.
    """
    picture = read(path)
    curves = enhancer.curves(picture.pixels)
    after = {}
    for strength in strengths:  # one by one, so that only small ones are kept
        pixels = apply(picture.pixels, curves, strength, highlights, enhancer.threads)
        after[strength] = displayed(pixels, picture.alpha, picture.metadata, size)
    return Comparison(shown(path.name), displayed(picture.pixels, picture.alpha, picture.metadata, size), after)


def displayed(pixels: NDArray[Any], alpha: NDArray[Any] | None, metadata: Metadata, size: int) -> Image.Image:
    """Turn pixels into what a screen shows: 8-bit sRGB, upright, at most of a size, on white where transparent.

    >>> displayed(np.zeros((40, 60, 1), np.uint16), None, Metadata(), 30).size
    (30, 20)
    """
    image = Image.fromarray(np.ascontiguousarray(np.broadcast_to(_eight_bits(pixels), (*pixels.shape[:2], 3))))
    if alpha is not None:
        opacity = Image.fromarray(np.ascontiguousarray(_eight_bits(alpha)))
        image = Image.composite(image, Image.new("RGB", image.size, "white"), opacity)
    image.thumbnail((size, size), Image.Resampling.LANCZOS)
    exif = Image.Exif()
    exif.load(metadata.exif)
    turn = _UPRIGHT.get(exif.get(_ORIENTATION, 1))
    if turn is not None:
        image = image.transpose(turn)
    return _to_srgb(image, metadata.icc_profile)


def _eight_bits(values: NDArray[Any]) -> NDArray[np.uint8]:
    return values if values.dtype == np.uint8 else (values >> 8).astype(np.uint8)


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    if not profile:
        return image
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB")) or image
    except (ImageCms.PyCMSError, OSError):  # damaged, or of grey or inks: browsers take it for sRGB then, too
        return image
