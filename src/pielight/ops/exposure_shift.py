"""By how many stops a frame became brighter or darker as a whole since the one before, from small thumbnails."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pielight.ops.exposure import canonical_exposure, log_odds

_DARKEST, _BRIGHTEST = 1.5 / 255, 250 / 255  # cells beyond say little: quantized to nothing, or clipped
_LEAST = 0.1  # share of cells that must be left
_AGREES, _OF_SPREAD = 0.02, 0.2  # EV, and share of the spread of changes, by which two estimates may differ
_STILL, _MOTION = 0.004, 0.1  # EV that are told in a still picture, and share of the spread that motion may cause
_TO_SIGMA = 1.4826


class ExposureShift(NamedTuple):
    """How the brightness of two frames differs.

    Attributes:
        ev: EV by which the later one is brighter everywhere.
        rest: Mean change of a cell beyond that, in EV: motion, and lamps that reach a part.
    """

    ev: float
    rest: float


def exposure_shift(before: NDArray[np.floating], after: NDArray[np.floating]) -> ExposureShift:
    """Return the shift of log-odds of linear light that two thumbnails have in common.

    It is the difference of their canonical exposures (:func:`pielight.ops.exposure.canonical_exposure`), which is what
    keeps the result's mean, but near the median change of a cell, which a lamp that reaches less than half of the
    picture does not move. What motion alone may cause is taken out softly: ``d^3 / (d^2 + s^2)``, s = 0.004 EV and a
    tenth of the spread of the changes.

    Args:
        before: Brightness of cells, sRGB in [0, 1], (h, w).
        after: The same of a later frame.

    >>> scene = np.linspace(0.1, 0.4, 1024).reshape(32, 32)
    >>> exposure_shift(scene, scene)
    ExposureShift(ev=0.0, rest=0.0)
    >>> round(exposure_shift(scene, scene * 1.2).ev, 1)
    0.6
    """
    is_told = (np.minimum(before, after) > _DARKEST) & (np.maximum(before, after) < _BRIGHTEST)
    if is_told.mean() < _LEAST:
        return ExposureShift(0.0, 0.0)
    changes = log_odds(after[is_told]) - log_odds(before[is_told])
    median = float(np.median(changes))
    spread = _TO_SIGMA * float(np.median(np.abs(changes - median)))
    room = _AGREES + _OF_SPREAD * spread
    shift = canonical_exposure(before) - canonical_exposure(after)
    shift = min(max(shift, median - room), median + room)
    doubt = _STILL + _MOTION * spread
    ev = shift**3 / (shift**2 + doubt**2)
    return ExposureShift(ev, float(np.abs(changes - shift).mean()))
