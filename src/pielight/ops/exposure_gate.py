"""How much light a picture lacks, so that well-exposed ones are left alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pielight.core.color import smooth_step

BLOCKS = 32  # blocks along each side
DARK, LIT = 0.05, 0.25  # brightness at which a block counts as dark, and as lit
ENOUGH = 0.2  # share of dark blocks that calls for the whole enhancement


def exposure_gate(thumbnail: NDArray[Any]) -> float:
    """Return what share of its enhancement a picture needs.

    With b the mean brightness of each of 32 x 32 blocks, ``d = mean(clip((0.25 - b) / 0.2, 0, 1))`` and
    ``t = min(1, d / 0.2)``: ``3 t^2 - 2 t^3``. Beyond the paper, where every picture is enhanced.

    Args:
        thumbnail: (3, S, S) in [0, 1].

    Returns:
        0 (well exposed everywhere) to 1 (a fifth of it dark, or more).

    >>> exposure_gate(np.full((3, 64, 64), 0.05)), exposure_gate(np.full((3, 64, 64), 0.5))
    (1.0, 0.0)
    """
    side = thumbnail.shape[1]
    edges = np.arange(0, side, max(1, side // BLOCKS))
    gray = thumbnail.mean(axis=0, dtype=np.float64)
    counts = np.diff([*edges, side])
    blocks = np.add.reduceat(np.add.reduceat(gray, edges, axis=0), edges, axis=1) / np.outer(counts, counts)
    dark = float(np.clip((LIT - blocks) / (LIT - DARK), 0, 1).mean())
    return float(smooth_step(dark, 0, ENOUGH))
