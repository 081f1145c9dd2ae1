"""A picture as a screen shows it."""

from __future__ import annotations

from dataclasses import replace

from PIL import Image

from pielight.io.color.cicp import profile_of
from pielight.io.color.icc import to_srgb
from pielight.io.convert import fit
from pielight.io.image import Picture, from_image, to_image
from pielight.io.metadata.exif import orientation_of
from pielight.io.metadata.metadata import Metadata
from pielight.io.orientation import upright_image


def displayed(picture: Picture, size: int) -> Image.Image:
    """Convert a picture to 8-bit sRGB, upright, on white where transparent, its longer side at most ``size`` pixels.

    >>> import numpy as np
    >>> displayed(Picture(np.zeros((40, 60, 1), np.uint16), "I;16"), 30).size
    (30, 20)
    """
    opaque = fit(fit(picture, "PNG"), "JPEG")  # PNG holds no CMYK, JPEG neither palettes, opacity nor 16 bits
    metadata = picture.metadata
    image = to_image(opaque)
    image = image.convert("RGB") if image.mode != "L" else image
    image.thumbnail((size, size), Image.Resampling.LANCZOS)
    image = upright_image(image, orientation_of(metadata.exif))
    profile = opaque.metadata.icc_profile or profile_of(metadata.cicp)
    small = replace(from_image(image), metadata=Metadata(icc_profile=profile))
    return to_image(to_srgb(small)[0]).convert("RGB")
