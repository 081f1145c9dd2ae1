"""Color: difference from a reference, shift of neutral patches, and how far the hues of skin and sky turn.

Shifts are of means of patches in linear light, so that noise and the few levels of dark pictures average out.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from skimage.color import deltaE_ciede2000, rgb2lab, xyz2lab
from skimage.color.colorconv import xyz_from_rgb

from pielight.core.color import srgb_to_linear
from pielight.evaluation.metric_spec import INPUT, REFERENCE, Floats, PictureMetric, Pixels

_PATCH = 8
_MIDDLE = 0.1842  # luminance of L* = 50
_LEAST_LIGHT = 0.001
_LINEAR = srgb_to_linear(np.arange(256) / 255)  # of the 8-bit levels
_NEUTRAL = 8.0
_SKIN = (25.0, 75.0)
_SKY = (230.0, 290.0)
_CHROMA = (10.0, 50.0)  # weaker colors have no reliable hue, stronger ones are neither skin nor sky


def ciede2000(pixels: Pixels, reference: Pixels) -> float:
    """Return the mean CIEDE2000 color difference; 1 is just noticeable, 0 is equal, lower is better.

    ``sqrt((dL'/SL)^2 + (dC'/SC)^2 + (dH'/SH)^2 + RT dC' dH' / (SC SH))`` of CIELAB under D65 (Sharma, Wu and Dalal,
    CR&A 2005), averaged over pixels.

    >>> black, white = np.zeros((2, 2, 3), np.uint8), np.full((2, 2, 3), 255, np.uint8)
    >>> round(ciede2000(black, white), 2)
    100.0
    """
    first, second = (rgb2lab(p.astype(np.float32) / 255) for p in (reference, pixels))
    return float(deltaE_ciede2000(first, second).mean(dtype=np.float64))


def neutral_shift(pixels: Pixels, source: Pixels, reference: Pixels | None = None) -> float:
    """Return how far near-neutral patches moved in the a*b* plane of CIELAB, in dE; 0 is best.

    The mean of ``sqrt((a - a')^2 + (b - b')^2)`` over patches of 8 x 8 pixels, averaged in linear light, which are
    neutral in the reference (in the input where there is none): of chroma <= 8 once scaled to L* = 50. ``a', b'`` are
    that patch's scaled to the luminance of the result, so that brightening as such, which scales linear light, moves
    nothing. Averaging first keeps noise and the few levels of dark pictures out. nan without a neutral patch.

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


def hue_shift(pixels: Pixels, source: Pixels, reference: Pixels | None, hues: tuple[float, float]) -> float:
    """Return by how many degrees patches of some hues turned in the a*b* plane of CIELAB; 0 is best.

    The mean of ``|h - h'|``, ``h = atan2(b*, a*)`` at L* = 50, on the shorter way round, over patches of 8 x 8 pixels,
    averaged in linear light, whose hue lies in ``hues``, from and to in degrees, and whose chroma at L* = 50 lies in
    10 to 50 in the reference (in the input where there is none). Brightening as such, which scales linear light, turns
    nothing. nan without such a patch.

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


def _hue_metric(name: str, title: str, hues: tuple[float, float], function: Callable[..., float]) -> PictureMetric:
    return PictureMetric(
        name, title,
        f"mean |h - h'| over patches with {hues[0]:g} <= h' <= {hues[1]:g} degrees and 10 <= chroma at L* = 50 "
        "<= 50; h = atan2(b*, a*), h' of the reference, else the input",
        "pielight; CIELAB by scikit-image", function, needs=INPUT, uses=REFERENCE,
        higher_is_better=False, unit="degrees", high=180.0,
        note="Detects no faces or skies, only their colors: wood and sand count as skin, blue walls as sky.",
    )  # fmt: skip


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


CIEDE2000 = PictureMetric(
    "ciede2000", "Color difference CIEDE2000",
    "mean of sqrt((dL'/SL)^2 + (dC'/SC)^2 + (dH'/SH)^2 + RT dC' dH' / (SC SH))",
    "Sharma, Wu and Dalal, CR&A 2005; scikit-image", ciede2000, needs=REFERENCE, higher_is_better=False, unit="dE00",
)  # fmt: skip
NEUTRAL_SHIFT = PictureMetric(
    "neutral-shift", "Color shift of neutral patches",
    "mean over neutral patches of |ab(result) - ab(reference, else input, at the result's luminance)|",
    "pielight; CIELAB by scikit-image", neutral_shift, needs=INPUT, uses=REFERENCE, higher_is_better=False, unit="dE",
    note="Compares with the reference where there is one, else with the input, at equal luminance.",
)  # fmt: skip
SKIN_HUE = _hue_metric("skin-hue", "Turn of skin's hues", _SKIN, skin_hue)
SKY_HUE = _hue_metric("sky-hue", "Turn of the sky's hues", _SKY, sky_hue)
