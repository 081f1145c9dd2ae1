"""Halos: glow and dark seams beside strong edges, which no curve of tones explains."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import distance_transform_edt, gaussian_filter, gaussian_gradient_magnitude, map_coordinates

from pielight.evaluation.metric_spec import INPUT, Floats, PictureMetric, Pixels
from pielight.evaluation.metrics.lightness import lightness, tone_curve

_EDGE = 10.0  # levels a pixel, of the smoothed picture: a step of 38 levels
_EDGE_SMOOTHING = 1.5
_LIGHT = 100.0  # mean brightness of the input when its edges are sought
_REACH = 1 / 16  # of the shorter side
_LEVELS = 16.0  # range of one bin of the bilateral grid
_NOISE_SMOOTHING = 1.0


def halo(pixels: Pixels, source: Pixels) -> float:
    """Return the mean height of halos beside strong edges, in levels; 0 is none, lower is better.

    With L = max(R, G, B), ``e = f(L_input)`` for the one rising curve f nearest to the result, and ``r = L_result - e``
    what the curve leaves over: the mean of ``|G_1 * (r - B r)|`` over pixels near strong edges of the input, nan where
    it has none. B averages r around a pixel over those of like e (the bilateral grid of Chen, Paris and Durand,
    SIGGRAPH 2007: Gaussian of 1/16 of the shorter side, bins of 16 levels), so a curve over the whole picture leaves 0
    and one that varies slowly little, while a glow that dies away from an edge on an even surface remains, in
    proportion to its height. Edges that were softened count a little. A strong edge rises by more than 10 levels a
    pixel in the input, scaled to a mean of 100 levels and smoothed by sigma 1.5, so that every method is measured at
    the same pixels; near is 1/16 of the shorter side.

    >>> step = np.full((64, 64, 3), 40, np.uint8)
    >>> step[:, 32:] = 100
    >>> glowing = step * 2
    >>> glowing[:, 29:32] += 20
    >>> halo(step * 2, step), halo(glowing, step) > 2
    (0.0, True)
    """
    before, after = lightness(source), lightness(pixels)
    expected = tone_curve(before, after)[before]
    reach = max(min(before.shape) * _REACH, 1.0)
    lit = np.minimum(before * (_LIGHT / max(before.mean(), 1.0)), 255.0)
    edges = gaussian_gradient_magnitude(lit, _EDGE_SMOOTHING, mode="nearest") > _EDGE
    if not edges.any():
        return float("nan")
    left = after - expected
    height = gaussian_filter(left - _of_like(left, expected, reach), _NOISE_SMOOTHING, mode="nearest")
    return float(np.abs(height[distance_transform_edt(~edges) <= reach]).mean())


def _of_like(values: Floats, guide: Floats, spread: float) -> Floats:
    """Return means around each pixel over those whose guide is alike, by a bilateral grid."""
    cell = max(spread / 2, 1.0)
    rows, columns = np.indices(guide.shape)
    coordinates = np.stack([rows / cell, columns / cell, guide / _LEVELS])
    shape = tuple(int(axis.max()) + 2 for axis in coordinates)
    nearest = np.ravel_multi_index(tuple(np.round(coordinates).astype(np.int64).reshape(3, -1)), shape)
    size = int(np.prod(shape))
    sums = np.bincount(nearest, values.ravel(), size).reshape(shape)
    counts = np.bincount(nearest, minlength=size).astype(np.float64).reshape(shape)
    blur = (spread / cell, spread / cell, 0.5)
    sums, counts = (gaussian_filter(grid, blur, mode="constant") for grid in (sums, counts))
    total, weight = (map_coordinates(grid, coordinates, order=1, mode="nearest") for grid in (sums, counts))
    return total / weight  # type: ignore[no-any-return]


HALO = PictureMetric(
    "halo", "Height of halos beside strong edges",
    "mean |G_1 * (r - B r)| near strong edges; r = L_result - f(L_input), f the nearest curve, B bilateral",
    "pielight; bilateral grid after Chen, Paris and Durand, SIGGRAPH 2007", halo, needs=INPUT, higher_is_better=False,
    unit="levels", high=255.0,
    note="Leaves out what one curve over the whole picture explains and, mostly, what changes slowly; edges that "
         "were softened count a little.",
)  # fmt: skip
