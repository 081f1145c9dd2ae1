"""Neutrals: how far gray things are from staying gray."""

from __future__ import annotations

import numpy as np

from pielight.evaluation.metric_spec import INPUT, REFERENCE, PictureMetric, Pixels
from pielight.evaluation.metrics.patches import chromatic, chromatic_at_middle, lit, patches

_NEUTRAL = 8.0


def neutral_shift(pixels: Pixels, source: Pixels, reference: Pixels | None = None) -> float:
    """Return how far near-neutral patches moved in the a*b* plane of CIELAB, in dE; 0 is best.

    The mean of ``sqrt((a - a')^2 + (b - b')^2)`` over patches of 8 x 8 pixels, averaged in linear light, which are
    neutral in the reference (in the input where there is none): of chroma <= 8 once scaled to L* = 50. ``a', b'`` are
    that patch's scaled to the luminance of the result, so that brightening as such, which scales linear light, moves
    nothing. Averaging first keeps noise and the few levels of dark pictures out. nan without a neutral patch.

    Args:
        pixels: ``(H, W, 3)`` uint8 in sRGB.
        source: The input, of the same shape.
        reference: What the result should be, where it is known.

    >>> gray, tinted = np.full((8, 8, 3), 60, np.uint8), np.full((8, 8, 3), (66, 60, 60), np.uint8)
    >>> neutral_shift(gray * 2, gray) < 0.01, neutral_shift(tinted * 2, gray) > 3
    (True, True)
    """
    after, before = patches(pixels), patches(source if reference is None else reference)
    usable = lit(before)
    after, before = after[usable], before[usable]
    middle = chromatic_at_middle(before)
    neutral = np.hypot(middle[:, 0], middle[:, 1]) <= _NEUTRAL
    if not neutral.any():
        return float("nan")
    after, before = after[neutral], before[neutral]
    moved = chromatic(after) - chromatic(before * (after[:, 1:2] / before[:, 1:2]))
    return float(np.hypot(moved[:, 0], moved[:, 1]).mean())


NEUTRAL_SHIFT = PictureMetric(
    "neutral-shift", "Color shift of neutral patches",
    "mean over neutral patches of |ab(result) - ab(reference, else input, at the result's luminance)|",
    "pielight; CIELAB by scikit-image", neutral_shift, needs=INPUT, uses=REFERENCE, higher_is_better=False, unit="dE",
    note="Compares with the reference where there is one, else with the input, at equal luminance.",
)  # fmt: skip
