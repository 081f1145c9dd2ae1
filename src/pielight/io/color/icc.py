"""ICC profiles: conversion to sRGB for formats that hold no profile."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pielight.core.strips import strips
from pielight.io.color.cmyk import CmykPixels
from pielight.io.image import Picture, to_image

_SRGB: Final = "sRGB"


def to_srgb(picture: Picture) -> tuple[Picture, bool]:
    """Convert a picture with a profile to sRGB, and drop the profile.

    Args:
        picture: Of mode CMYK or 8 bits a channel.

    Returns:
        The picture, of mode RGB if it was CMYK, and whether it was converted; not for a profile that is damaged, of
        another color model than the picture, or sRGB itself.
    """
    if not picture.metadata.icc_profile:
        return picture, False
    plain = replace(picture, metadata=replace(picture.metadata, icc_profile=None))
    converted = _converted(picture, picture.metadata.icc_profile)
    if converted is None:
        return plain, False
    if isinstance(picture.source, CmykPixels):
        return replace(plain, pixels=converted, mode="RGB", source=None), True
    return replace(plain, pixels=converted), True


def _converted(picture: Picture, profile: bytes) -> NDArray[Any] | None:
    from PIL import ImageCms

    is_cmyk = isinstance(picture.source, CmykPixels)
    gray = picture.pixels.shape[2] == 1
    mode: Literal["L", "RGB", "CMYK"] = "CMYK" if is_cmyk else "L" if gray else "RGB"
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if _SRGB in ImageCms.getProfileDescription(source):
            return None
        target = ImageCms.createProfile(_SRGB)
        turn = ImageCms.buildTransform(source, target, mode, "RGB", ImageCms.Intent.RELATIVE_COLORIMETRIC)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None
    whole = to_image(picture) if is_cmyk else None
    result = np.empty((*picture.pixels.shape[:2], 1 if gray else 3), np.uint8)
    for strip in strips(result.shape):
        if whole is not None:
            part = whole.crop((0, strip.start, whole.width, strip.stop))
        else:
            pixels = picture.pixels[strip]
            part = Image.fromarray(np.ascontiguousarray(pixels[..., 0] if gray else pixels))
        made = turn.apply(part)
        result[strip] = np.asarray(made)[..., :1] if gray else np.asarray(made)
    return result
