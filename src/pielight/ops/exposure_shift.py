"""By how many stops a frame became brighter or darker as a whole since the one before, from small thumbnails."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pielight.ops.exposure import log_odds

_DARKEST, _BRIGHTEST = 1.5 / 255, 250 / 255  # cells beyond say little: quantized to nothing, or clipped
_LEAST = 0.1  # share of cells that must be left
_SPREAD = 0.1  # of the spread of the cells' changes: how far motion alone moves the middle one
_FINEST = 0.004  # EV that are told even in a still picture
_MIDDLE = (0.2, 0.8)  # quantiles between which histograms are compared


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

    Two estimates, of which the smaller counts, or none if their signs differ: the median change of a cell, and the
    median distance of the sorted cells, which do not move when the camera does. What motion alone may cause is taken
    out softly, ``m^3 / (m^2 + s^2)``, s a tenth of the spread of the changes.

    Args:
        before: Brightness of cells, sRGB in [0, 1], (h, w).
        after: The same of a later frame.

    >>> scene = np.linspace(0.1, 0.4, 1024).reshape(32, 32)
    >>> exposure_shift(scene, scene)
    ExposureShift(ev=0.0, rest=0.0)
    >>> round(exposure_shift(scene, np.sort(scene * 1.2)).ev, 1)
    0.6
    """
    old, new = (values.clip(_DARKEST, _BRIGHTEST).reshape(-1) for values in (before, after))
    is_told = (old > _DARKEST) & (new > _DARKEST) & (old < _BRIGHTEST) & (new < _BRIGHTEST)
    if is_told.mean() < _LEAST:
        return ExposureShift(0.0, 0.0)
    was, now = log_odds(old), log_odds(new)
    changes = (now - was)[is_told]
    of_cells = float(np.median(changes))
    low, high = (round(share * len(was)) for share in _MIDDLE)
    ranked_was, ranked_now = np.sort(was)[low:high], np.sort(now)[low:high]
    inner = (np.sort(old)[low:high] > _DARKEST) & (np.sort(new)[low:high] > _DARKEST)
    of_ranks = float(np.median((ranked_now - ranked_was)[inner])) if inner.any() else of_cells
    middle = min(of_cells, of_ranks, key=abs) if of_cells * of_ranks > 0 else 0.0
    doubt = _FINEST + _SPREAD * 1.4826 * float(np.median(np.abs(changes - of_cells)))
    ev = middle**3 / (middle**2 + doubt**2)
    return ExposureShift(ev, float(np.abs(changes - middle).mean()))
