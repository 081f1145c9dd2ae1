"""Memory colors: how far skin and sky turn from their hue."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pielight.evaluation.metric_spec import INPUT, REFERENCE, Floats, PictureMetric, Pixels
from pielight.evaluation.metrics.patches import chromatic_at_middle, lit, patches

_SKIN = (25.0, 75.0)
_SKY = (230.0, 290.0)
_CHROMA = (10.0, 50.0)  # weaker colors have no sure hue, stronger ones are neither skin nor sky


def hue_shift(pixels: Pixels, source: Pixels, reference: Pixels | None, hues: tuple[float, float]) -> float:
    """Return by how many degrees patches of some hues turned in the a*b* plane of CIELAB; 0 is best.

    The mean of ``|h - h'|``, ``h = atan2(b*, a*)`` at L* = 50, on the shorter way round, over patches of 8 x 8 pixels,
    averaged in linear light, whose hue lies in ``hues`` and whose chroma at L* = 50 lies in 10 to 50 in the reference
    (in the input where there is none). Brightening as such, which scales linear light, turns nothing. nan without
    such a patch.

    Args:
        pixels: ``(H, W, 3)`` uint8 in sRGB.
        source: The input, of the same shape.
        reference: What the result should be, where it is known.
        hues: From and to, in degrees.

    >>> skin, pale = np.full((8, 8, 3), (100, 75, 60), np.uint8), np.full((8, 8, 3), (100, 75, 75), np.uint8)
    >>> hue_shift(skin, skin, None, (25, 75)), round(hue_shift(pale, skin, None, (25, 75)))
    (0.0, 36)
    """
    after, before = patches(pixels), patches(source if reference is None else reference)
    usable = lit(before) & lit(after)
    after, before = chromatic_at_middle(after[usable]), chromatic_at_middle(before[usable])
    hue, chroma = _degrees(before), np.hypot(before[:, 0], before[:, 1])
    chosen = (hues[0] <= hue) & (hue <= hues[1]) & (_CHROMA[0] <= chroma) & (chroma <= _CHROMA[1])
    if not chosen.any():
        return float("nan")
    turned = np.abs(_degrees(after[chosen]) - hue[chosen])
    return float(np.minimum(turned, 360 - turned).mean())


def skin_hue(pixels: Pixels, source: Pixels, reference: Pixels | None = None) -> float:
    """Return by how many degrees patches of skin's colors turned; see :func:`hue_shift`."""
    return hue_shift(pixels, source, reference, _SKIN)


def sky_hue(pixels: Pixels, source: Pixels, reference: Pixels | None = None) -> float:
    """Return by how many degrees patches of a blue sky's colors turned; see :func:`hue_shift`."""
    return hue_shift(pixels, source, reference, _SKY)


def _degrees(ab: Floats) -> Floats:
    """Return hue angles ``(n,)`` in [0, 360)."""
    return np.degrees(np.arctan2(ab[:, 1], ab[:, 0])) % 360


def _metric(name: str, title: str, hues: tuple[float, float], function: Callable[..., float]) -> PictureMetric:
    """Return the description of one range of hues."""
    return PictureMetric(
        name, title,
        f"mean |h - h'| over patches with {hues[0]:g} <= h' <= {hues[1]:g} degrees and 10 <= chroma at L* = 50 "
        "<= 50; h = atan2(b*, a*), h' of the reference, else the input",
        "pielight; CIELAB by scikit-image", function, needs=INPUT, uses=REFERENCE, higher_is_better=False,
        unit="degrees", high=180.0,
        note="Knows no faces and no skies, only their colors: wood and sand count as skin, blue walls as sky.",
    )  # fmt: skip


SKIN_HUE = _metric("skin-hue", "Turn of skin's hues", _SKIN, skin_hue)
SKY_HUE = _metric("sky-hue", "Turn of the sky's hues", _SKY, sky_hue)
