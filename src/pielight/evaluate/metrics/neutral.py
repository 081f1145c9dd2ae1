"""Neutrals: how far grey things are from staying grey."""

from __future__ import annotations

import numpy as np
from skimage.color import xyz2lab
from skimage.color.colorconv import xyz_from_rgb

from pielight.evaluate.metrics.metric import Floats, Metric, Pixels

_PATCH = 8
_NEUTRAL = 8.0
_MIDDLE = 0.1842  # luminance of L* = 50
_LEAST_LIGHT = 0.001


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

    >>> grey, tinted = np.full((8, 8, 3), 60, np.uint8), np.full((8, 8, 3), (66, 60, 60), np.uint8)
    >>> neutral_shift(grey * 2, grey) < 0.01, neutral_shift(tinted * 2, grey) > 3
    (True, True)
    """
    after, before = _patches(pixels), _patches(source if reference is None else reference)
    usable = before[:, 1] >= _LEAST_LIGHT
    after, before = after[usable], before[usable]
    middle = _chromatic(before * (_MIDDLE / before[:, 1:2]))
    neutral = np.hypot(middle[:, 0], middle[:, 1]) <= _NEUTRAL
    if not neutral.any():
        return float("nan")
    after, before = after[neutral], before[neutral]
    moved = _chromatic(after) - _chromatic(before * (after[:, 1:2] / before[:, 1:2]))
    return float(np.hypot(moved[:, 0], moved[:, 1]).mean())


def _patches(pixels: Pixels) -> Floats:
    """Return the mean CIE XYZ ``(patches, 3)`` of whole patches, at least one in each direction."""
    linear = _LINEAR[pixels]
    height, width = (min(_PATCH, side) for side in linear.shape[:2])
    rows, columns = linear.shape[0] // height, linear.shape[1] // width
    whole = linear[: rows * height, : columns * width]
    return whole.reshape(rows, height, columns, width, 3).mean((1, 3)).reshape(-1, 3) @ xyz_from_rgb.T  # type: ignore[no-any-return]


def _chromatic(xyz: Floats) -> Floats:
    """Return a* and b* ``(n, 2)`` under D65."""
    return xyz2lab(xyz[None])[0, :, 1:]  # type: ignore[no-any-return]


def _linear_levels() -> Floats:
    """Return linear light in [0, 1] of the 256 levels of sRGB (IEC 61966-2-1)."""
    levels = np.arange(256) / 255
    return np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)


_LINEAR = _linear_levels()

NEUTRAL_SHIFT = Metric(
    name="neutral-shift",
    title="Colour shift of neutral patches",
    formula="mean over neutral patches of |ab(result) - ab(reference, else input, at the result's luminance)|",
    source="pielight; CIELAB by scikit-image",
    unit="dE",
    higher_is_better=False,
    low=0.0,
    high=None,
    needs=frozenset({"input"}),
    uses=frozenset({"reference"}),
    function=neutral_shift,
)
