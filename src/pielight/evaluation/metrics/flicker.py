"""Flicker: changes of brightness from frame to frame that the input does not have."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from pielight.evaluation.metric_spec import INPUT, PictureMetric, Pixels
from pielight.evaluation.metrics.cell_means import cell_means
from pielight.evaluation.metrics.lightness import lightness, tone_curve

_CELLS = 8


def flicker(frames: Sequence[Pixels], source: Sequence[Pixels]) -> float:
    """Return the mean change of local brightness per frame that the input does not explain, in levels; 0 is best.

    ``mean |A(L'_t - L'_{t-1}) - A(f(L_t) - f(L_{t-1}))|`` over frames t and the cells of an 8 x 8 grid, with L and L'
    = max(R, G, B) of input and result, A the mean over a cell, and f the rising curve that comes nearest to what was
    done to frame t - 1: applying that curve again would give 0, whatever moves in the picture. There are two frames or
    more.

    >>> still = [np.full((8, 8, 3), 50, np.uint8)] * 3
    >>> flicker([still[0] * 2, still[0] * 2 + np.uint8(6), still[0] * 2], still)
    6.0
    """
    before, after = [lightness(frame) for frame in source], [lightness(frame) for frame in frames]
    changes = []
    for (old_in, new_in), (old_out, new_out) in zip(pairwise(before), pairwise(after), strict=True):
        curve = tone_curve(old_in, old_out)
        new, old = (
            cell_means(out - curve[given], _CELLS, _CELLS) for out, given in ((new_out, new_in), (old_out, old_in))
        )
        changes.append(np.abs(new - old).mean())
    return float(np.mean(changes))


FLICKER = PictureMetric(
    "flicker", "Change of brightness between frames that the input does not explain",
    "mean |A(L'_t - L'_{t-1}) - A(f(L_t) - f(L_{t-1}))| over 8 x 8 cells; f the nearest rising curve at t - 1",
    "pielight", flicker, needs=INPUT | {"sequence"}, higher_is_better=False, unit="levels",
    note="Measures consecutive frames, each with the one before: `--data NAME:film=PATH`.",
)  # fmt: skip
