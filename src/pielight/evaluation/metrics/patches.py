"""Colors of patches: means in linear light, so that noise and the few levels of dark pictures average out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from skimage.color import xyz2lab
from skimage.color.colorconv import xyz_from_rgb

from pielight.core.color import srgb_to_linear
from pielight.evaluation.metric_spec import Floats, Pixels

_PATCH = 8
_MIDDLE = 0.1842  # luminance of L* = 50
_LEAST_LIGHT = 0.001
_LINEAR = srgb_to_linear(np.arange(256) / 255)  # of the 8-bit levels


def patches(pixels: Pixels) -> Floats:
    """Return the mean CIE XYZ ``(patches, 3)`` of whole patches of 8 x 8 pixels, at least one in each direction."""
    linear = _LINEAR[pixels]
    height, width = (min(_PATCH, side) for side in linear.shape[:2])
    rows, columns = linear.shape[0] // height, linear.shape[1] // width
    whole = linear[: rows * height, : columns * width]
    return whole.reshape(rows, height, columns, width, 3).mean((1, 3)).reshape(-1, 3) @ xyz_from_rgb.T  # type: ignore[no-any-return]


def lit(xyz: Floats) -> npt.NDArray[np.bool_]:
    """Return which patches have light enough to have a color, ``(n,)``."""
    return xyz[:, 1] >= _LEAST_LIGHT


def chromatic(xyz: Floats) -> Floats:
    """Return a* and b* ``(n, 2)`` under D65."""
    return xyz2lab(xyz[None])[0, :, 1:]  # type: ignore[no-any-return]


def chromatic_at_middle(xyz: Floats) -> Floats:
    """Return a* and b* ``(n, 2)`` once every patch is scaled to L* = 50, so that dark and light ones compare."""
    return chromatic(xyz * (_MIDDLE / xyz[:, 1:2]))
