"""Exposure in linear light: the Moebius curve, its slope, and the exposure that brings a picture to a mean.

``E_k(l) = k l / (1 + (k - 1) l)``, ``k = 2^EV``: k is the slope at black and 1/k that at white. In log-odds it is an
addition, ``log2(l' / (1 - l')) = log2(l / (1 - l)) + EV``, which :func:`log_odds_table` makes use of.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pielight.core.color import linear_to_srgb, srgb_to_linear, srgb_to_linear_slope

BRIGHTNESS = 0.42  # sRGB mean of the canonical exposure
LEAST_EV, MOST_EV = -6.0, 14.0  # limits of the canonical exposure
_LEVELS = 1 << 16  # of brightness, which the bisection tells apart
_STEPS = 128  # of log-odds, in an EV; as few as one thread of BLAS sums up
_REACH = 24  # EV: all 16-bit levels but black and white lie within that from middle gray
_VALUES = 128  # along each side of the thumbnail, whose mean is taken


def exposure_curve(linear: Any, ev: Any) -> Any:
    """Expose linear light longer or shorter, with a shoulder: ``E_k(l) = k l / (k l + 1 - l)``, ``k = 2^EV``.

    The Moebius map that fixes black and white. It is monotone and never clips; exposures add, ``E_a(E_b) = E_ab``, so
    that ``-ev`` undoes ``ev``. This form is exact at white for every k.

    Args:
        linear: l, linear light in [0, 1]: a float, or an array or a torch tensor of any shape.
        ev: Exposure in stops, which fits it.

    Returns:
        Linear light in [0, 1].

    >>> exposure_curve(np.array([0.0, 0.25, 1.0]), 1.0).tolist()
    [0.0, 0.4, 1.0]
    >>> float(exposure_curve(exposure_curve(0.25, 3.0), -3.0))
    0.25
    """
    brighter = 2.0**ev * linear
    return brighter / (brighter + (1 - linear))


def exposure_slope(srgb: NDArray[Any], ev: Any) -> NDArray[Any]:
    """Return ``d out / d in`` of an exposure, both in sRGB: how far it amplifies small differences, such as noise.

    ``S'(x) = G'(y) / G'(x) * k / (k l + 1 - l)^2`` with l = G^-1(x) linear light, y the result and G sRGB's encoding:
    about k at black, and 1/k at white.

    Args:
        srgb: x, sRGB values in [0, 1], of any shape.
        ev: Exposure in stops, which fits them.

    Returns:
        The slope, of their shape.

    >>> exposure_slope(np.array([0.0, 1.0]), 2.0).round(6).tolist()
    [4.0, 0.25]
    """
    linear = srgb_to_linear(srgb)
    k = 2.0**ev
    of_light = k / (k * linear + (1 - linear)) ** 2
    result = linear_to_srgb(exposure_curve(linear, ev))
    slope: NDArray[Any] = of_light * srgb_to_linear_slope(srgb) / srgb_to_linear_slope(result)
    return slope


def expose(srgb: NDArray[Any], ev: Any) -> NDArray[Any]:
    """Expose sRGB values in [0, 1]: :func:`exposure_curve` between decoding and encoding.

    >>> expose(np.array([0.0, 0.5, 1.0]), 1.0).round(4).tolist()
    [0.0, 0.6283, 1.0]
    """
    return linear_to_srgb(exposure_curve(srgb_to_linear(srgb), ev))


def canonical_exposure(thumbnail: NDArray[Any], brightness: float = BRIGHTNESS) -> float:
    """Return the exposure that brings a picture to a mean, in closed form: no network, by bisection.

    Solves ``mean(G(E_k(G^-1(x)))) = brightness`` for ``EV = log2 k``, which is unique, since the mean rises with k. x
    are the values of all channels in sRGB and G is its encoding. A picture of the same scene taken a stop darker has a
    canonical exposure one EV higher, so that what is seen after it does not depend on how dark the picture was taken.
    The values are sorted into steps of 1/128 EV of their log-odds first, along which an exposure only shifts them.

    Args:
        thumbnail: ``(3, S, S)`` sRGB in [0, 1], or of any other shape ``(..., h, w)``.
        brightness: The mean of the result, in sRGB, between 0 and 1.

    Returns:
        EV, positive for dark pictures and negative for bright ones, from -6 to 14: black itself can not be brought to
        any mean.

    >>> round(canonical_exposure(np.full((3, 8, 8), 0.1)), 1), round(canonical_exposure(np.full((3, 8, 8), 0.6)), 1)
    (4.1, -1.4)
    """
    down, across = (max(1, side // _VALUES) for side in thumbnail.shape[-2:])
    values = np.asarray(thumbnail[..., ::down, ::across], np.float32)
    places = _places()[(values * np.float32(_LEVELS - 1) + np.float32(0.5)).astype(np.int32)]
    counts = np.bincount(places.reshape(-1), minlength=2 * _REACH * _STEPS + 1)
    shares = counts / counts.sum()
    white, shares[0], shares[-1] = shares[-1], 0, 0  # black and white stay where they are
    encoded = log_odds_table(_STEPS, 2 * _REACH)
    first = _REACH * _STEPS  # of the table's entries, at no exposure

    def mean(steps: int) -> float:
        return float(white + shares @ encoded[first + steps : first + steps + len(shares)])

    low, high = round(LEAST_EV * _STEPS), round(MOST_EV * _STEPS)
    if mean(low) >= brightness:
        return LEAST_EV
    if mean(high) <= brightness:
        return MOST_EV
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if mean(middle) < brightness else (low, middle)
    below, above = mean(low), mean(high)
    return (low + (brightness - below) / (above - below)) / _STEPS


@cache
def log_odds_table(steps: int, reach: int) -> NDArray[np.float64]:
    """Return sRGB values by their log-odds: entry i is that of ``log2(l / (1 - l)) = i / steps - reach``.

    The ends are black and white themselves, since log-odds of these are infinite.

    >>> log_odds_table(4, 20)[[0, 80, 160]].round(4).tolist()
    [0.0, 0.7354, 1.0]
    """
    odds = np.exp2(np.arange(2 * reach * steps + 1) / steps - reach)
    table: NDArray[np.float64] = linear_to_srgb(odds / (1 + odds))
    table[0], table[-1] = 0.0, 1.0
    table.flags.writeable = False
    return table


def log_odds(srgb: NDArray[Any]) -> NDArray[np.float64]:
    """Return ``log2(l / (1 - l))`` of sRGB values in [0, 1]; that of black and white is infinite.

    >>> log_odds(np.array([0.0, 0.7353569831, 1.0])).round(4).tolist()
    [-inf, 0.0, inf]
    """
    linear = srgb_to_linear(np.asarray(srgb, np.float64))
    with np.errstate(divide="ignore"):
        result: NDArray[np.float64] = np.log2(linear) - np.log2(1 - linear)
    return result


@cache
def _places() -> NDArray[np.int32]:
    """Return the step of log-odds in which each of the 65,536 levels lies."""
    levels = log_odds(np.arange(_LEVELS) / (_LEVELS - 1)).clip(-_REACH, _REACH)
    places: NDArray[np.int32] = np.rint((levels + _REACH) * _STEPS).astype(np.int32)
    return places
