"""The color cast of the light in a picture, estimated, or None where that is not sure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pielight.core.color import smooth_step, srgb_to_linear
from pielight.core.pixels import Pixels
from pielight.ops.thumbnail import thumbnail
from pielight.ops.white_balance import (
    D65_MIRED,
    RGB_TO_XYZ,
    TINT_DUV,
    WARMTH_MIRED,
    normal_at_d65,
    white_balance,
)

SIDE = 128  # of the thumbnail
_NORM = 6  # Minkowski norm: between the mean (1) and the brightest value (infinity)
_LIMIT = 0.95  # sRGB: channels above it may be clipped, which hides the color
_FLOOR = 0.05  # of the brightest luminance: below it there is mostly noise
_LEAST = 0.1  # share of the pixels that must be left
_MOST_ANGLE = 5.0  # degrees between the two estimates
_WARMEST, _COOLEST = 1e6 / 2500, 1e6 / 12000  # mired: bulbs of tungsten, and open shade
_SMALL, _PLAIN = 0.2, 0.5  # length of a cast up to which it is the content's, and from which on the light's
_MOST_TINT = 0.75  # 0.015 in u, v: no usual light lies farther from the locus


class Cast(NamedTuple):
    """The warmth and tint that neutral surfaces of a picture have."""

    warmth: float
    tint: float


class MeanThumbnail:
    """The mean thumbnail of frames that pass by, for one estimate that all of them share.

    >>> mean = MeanThumbnail(threads=1)
    >>> len(list(mean.passing([np.zeros((9, 7, 3), np.uint8), np.ones((9, 7, 3), np.float32)])))
    2
    >>> float(mean.thumbnail().mean())
    0.5
    """

    def __init__(self, threads: int | None = None) -> None:
        self._threads = threads
        self._total = np.zeros((3, SIDE, SIDE), np.float64)
        self._count = 0

    def passing(self, frames: Iterable[Pixels]) -> Iterator[Pixels]:
        """Yield the frames, and add their thumbnails to the mean."""
        for frame in frames:
            self._total += thumbnail(frame, SIDE, self._threads)
            self._count += 1
            yield frame

    def thumbnail(self) -> NDArray[np.float32]:
        """Return the mean so far, (3, S, S)."""
        return (self._total / max(1, self._count)).astype(np.float32)


def estimate_cast(thumbnail: NDArray[Any], result: NDArray[Any] | None = None) -> Cast | None:
    """Estimate the color of the light that a picture was taken in.

    Shades of gray (Finlayson and Trezzi, 2004), ``e_c = (mean x_c^6)^(1/6)`` of each channel c in linear light, and
    gray edge (van de Weijer et al., 2007), the same of the length of its gradient, each over pixels that are neither
    clipped nor next to black. The result is the mean of the two directions. A cast shorter than 0.2 in warmth and tint
    is taken for one of the content and left, from 0.5 on it is taken whole, with a smooth step in between.

    Differs from the papers: there is no result where the estimates lie more than 5 degrees apart, where the light would
    be none between tungsten (2500 K) and open shade (12,000 K), or would lie far from black bodies, or where less
    than a tenth of the pixels is left: a lawn is green in white light, too.

    Args:
        thumbnail: (3, S, S), sRGB in [0, 1].
        result: The same of what the picture became, if the cast is to be taken out of that: tone curves change how
            strong a cast is, and make it hard to recognize.

    Returns:
        The cast, or None if it is not sure.

    >>> gray = np.tile(np.linspace(0.1, 0.8, 32, dtype=np.float32), (3, 32, 1))
    >>> estimate_cast(gray)
    Cast(warmth=0.0, tint=0.0)
    """
    light = _light(thumbnail, _MOST_ANGLE)
    cast = None if light is None else _cast(light)
    if cast is None:
        return None
    share = float(smooth_step(np.hypot(*cast), _SMALL, _PLAIN))
    if result is not None:
        light = _light(result)
        cast = None if light is None else _cast(light)
    return None if cast is None else Cast(round(share * cast.warmth, 2) + 0.0, round(share * cast.tint, 2) + 0.0)


def _light(thumbnail: NDArray[Any], most_angle: float = 180.0) -> NDArray[Any] | None:
    """Return the direction of the light in linear red, green and blue; None where two estimates are farther apart."""
    linear = srgb_to_linear(thumbnail.astype(np.float64))
    luminance = np.tensordot(RGB_TO_XYZ[1], linear, 1)
    is_used = (thumbnail.max(axis=0) < _LIMIT) & (luminance > _FLOOR * luminance.max())
    if is_used.mean() < _LEAST:
        return None
    across, down = np.gradient(linear, axis=(2, 1))
    shades, edges = (_direction(values, is_used) for values in (linear, np.hypot(across, down)))
    if shades is None or edges is None or shades @ edges < np.cos(np.radians(most_angle)):
        return None
    light: NDArray[Any] = shades + edges
    return light


def _direction(values: NDArray[Any], is_used: NDArray[np.bool_]) -> NDArray[Any] | None:
    """Return the unit vector of the Minkowski norms of three channels."""
    norms = np.mean(values[:, is_used] ** _NORM, axis=1) ** (1 / _NORM)
    length = np.linalg.norm(norms)
    return None if norms.min() <= 0 else norms / length


def _cast(light: NDArray[Any]) -> Cast | None:
    """Return the cast of a light, linear red, green and blue: its nearest warmth, and the tint that is left."""
    u, v = _uv(RGB_TO_XYZ @ light)
    steps, points = _locus()
    apart = np.hypot(points[:, 0] - u, points[:, 1] - v)
    nearest = int(apart.argmin())
    across = normal_at_d65()
    tint = ((u - points[nearest, 0]) * across[0] + (v - points[nearest, 1]) * across[1]) / TINT_DUV
    if nearest in (0, len(steps) - 1) or abs(tint) > _MOST_TINT:
        return None
    return Cast(float(steps[nearest]), float(tint))


@cache
def _locus() -> tuple[NDArray[Any], NDArray[Any]]:
    """Return warmths, and u, v of white at each."""
    least, most = ((mired - D65_MIRED) / WARMTH_MIRED for mired in (_COOLEST, _WARMEST))
    steps = np.arange(round(least, 2), most, 0.01)
    return steps, np.array([_uv(RGB_TO_XYZ @ white_balance(step, 0) @ np.ones(3)) for step in steps])


def _uv(xyz: NDArray[Any]) -> tuple[float, float]:
    x, y, z = xyz
    scale = x + 15 * y + 3 * z
    return 4 * x / scale, 6 * y / scale
