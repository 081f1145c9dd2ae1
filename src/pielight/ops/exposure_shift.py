"""By how many stops a frame became brighter or darker as a whole since the one before, from small thumbnails."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pielight.core.color import srgb_to_linear

_DARKEST, _BRIGHTEST = 1.5 / 255, 250 / 255  # cells beyond say little: quantized to nothing, or clipped
_LEAST = 0.1  # share of cells that must be left
_DIM = 0.3  # share of cells that must be above the darkest for a picture that is worth a look
_MIDDLE = (0.35, 0.65)  # quantiles between which changes are averaged
_STILL, _MOTION = 0.004, 0.1  # EV that are told in a still picture, and share of the spread that motion may cause


def is_nearly_black(thumbnail: NDArray[np.floating]) -> bool:
    """Return whether hardly a cell of a frame is bright enough to tell its exposure, as near the end of a fade.

    >>> is_nearly_black(np.full((32, 32), 1 / 255)), is_nearly_black(np.full((32, 32), 4 / 255))
    (True, False)
    """
    return bool((thumbnail > _DARKEST).mean() < _DIM)


class ExposureShift(NamedTuple):
    """How the brightness of two frames differs.

    Attributes:
        ev: EV by which the later one is brighter everywhere.
        rest: Mean change of a cell beyond that, in EV: motion, and lamps that reach a part.
    """

    ev: float
    rest: float


def exposure_shift(before: NDArray[np.floating], after: NDArray[np.floating]) -> ExposureShift:
    """Return the change of exposure that two thumbnails of a scene have in common.

    It is the mean d of the middle three tenths of the cells' changes ``log2(l' / l)`` of linear light, each cell by the
    weight ``(l l')^(1/4)``, since dark cells are the noisy ones; neither a lamp that reaches a part of the picture nor
    what moves there counts. What motion alone may cause is taken out softly: ``d^3 / (d^2 + s^2)``, s = 0.004 EV and
    a tenth of the spread of the changes.

    Args:
        before: Brightness of cells, sRGB in [0, 1], (h, w).
        after: The same of a later frame.

    >>> scene = np.linspace(0.1, 0.4, 1024).reshape(32, 32)
    >>> exposure_shift(scene, scene)
    ExposureShift(ev=0.0, rest=0.0)
    >>> round(exposure_shift(scene, scene * 1.2).ev, 1)
    0.5
    """
    is_told = (np.minimum(before, after) > _DARKEST) & (np.maximum(before, after) < _BRIGHTEST)
    if is_told.mean() < _LEAST:
        return ExposureShift(0.0, 0.0)
    old, new = (srgb_to_linear(values[is_told].astype(np.float64)) for values in (before, after))
    changes = np.log2(new / old)
    order = changes.argsort()
    ordered, weights = changes[order], ((old * new) ** 0.25)[order]
    places = (np.cumsum(weights) - weights / 2) / weights.sum()
    is_middle = (places > _MIDDLE[0]) & (places < _MIDDLE[1])
    if not is_middle.any():  # a few cells hold all the weight
        return ExposureShift(0.0, float(np.abs(changes).mean()))
    shift = float(np.average(ordered[is_middle], weights=weights[is_middle]))
    spread = float(np.median(np.abs(ordered - shift)))
    doubt = _STILL + _MOTION * spread
    return ExposureShift(shift**3 / (shift**2 + doubt**2), float(np.abs(changes - shift).mean()))
