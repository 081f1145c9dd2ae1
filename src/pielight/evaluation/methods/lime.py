"""LIME: brightening by an illumination map that keeps structure (Guo, Li and Ling, TIP 2017), with its fast solver."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.sparse import dia_array
from scipy.sparse.linalg import splu

from pielight.errors import DataError
from pielight.evaluation.methods.spec import without_settings
from pielight.evaluation.metric_spec import Floats, Pixels

ALPHA, GAMMA, SIGMA = 0.15, 0.8, 2.0  # as the authors set them
_TINY = 1e-3
_RADIUS = 2  # of the 5 x 5 window
_MOST = 6_000_000  # pixels: some seconds and gigabytes each million


def lime(pixels: Pixels, alpha: float = ALPHA, gamma: float = GAMMA) -> Pixels:
    """Divide a picture by its illumination, ``R = L / T^gamma`` (eq. 4, without the paper's optional denoising).

    ``alpha`` is how smooth the illumination is, ``gamma`` in [0, 1] how far it is undone.

    >>> lime(np.full((4, 4, 3), 64, np.uint8))[0, 0].tolist()
    [193, 193, 193]
    """
    light = pixels / 255.0
    illumination = np.clip(illumination_map(light.max(axis=2), alpha), _TINY, 1)
    bright = light / illumination[..., np.newaxis] ** gamma
    result: Pixels = np.rint(255 * bright.clip(0, 1)).astype(np.uint8)
    return result


def illumination_map(first: Floats, alpha: float = ALPHA) -> Floats:
    """Refine the largest of R, G and B into an illumination map T that is smooth but for the structure.

    The fast solver (eq. 18, 19): the minimum of ``sum (T - T0)^2 + alpha sum_d W_d (d_d T)^2 / (|d_d T0| + eps)`` over
    both directions d is the solution of ``(I + alpha sum_d D_d^T diag(W_d / (|d_d T0| + eps)) D_d) T = T0``, with the
    weights of :func:`structure_weights`; T0 is ``first``, ``(H, W)`` in [0, 1]. The matrix is factorized: its weights
    span six orders of magnitude, so iterative solvers take thousands of steps. DataError for a large picture.

    >>> edge = np.where(np.arange(40) < 20, 0.1, 0.9) * np.ones((40, 1))
    >>> bool(np.abs(illumination_map(edge) - edge).max() < 0.05)  # edges stay
    True
    """
    if first.size > _MOST:
        limit = f"it solves for {_MOST // 10**6} million at most, so measure on smaller pictures"
        raise DataError(f"LIME: {first.shape[1]} x {first.shape[0]} pixels; {limit}")
    factors = splu(_system(first, alpha), "MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
    return np.asarray(factors.solve(first.ravel())).reshape(first.shape)


def structure_weights(first: Floats, axis: int) -> Floats:
    """Return the weights of one direction, small where the gradients agree: ``1 / (|G * d T0| + eps)`` (eq. 15).

    G is a Gaussian of 2 pixels in a 5 x 5 window whose sum is 1, so the numerator is 1.
    """
    agreement = gaussian_filter(_difference(first, axis), SIGMA, radius=_RADIUS, mode="nearest")
    return np.asarray(1 / (np.abs(agreement) + _TINY))


def _difference(plane: Floats, axis: int) -> Floats:
    """Return forward differences, 0 at the far border."""
    last = plane[:, -1:] if axis == 1 else plane[-1:]
    return np.diff(plane, axis=axis, append=last)


def _system(first: Floats, alpha: float) -> Any:
    """Return the sparse, symmetric, positive definite matrix of the equation, row by row of the picture."""
    height, width = first.shape
    down, right = (
        alpha * structure_weights(first, axis) / (np.abs(_difference(first, axis)) + _TINY) for axis in (0, 1)
    )
    down[-1] = 0  # nothing lies beyond the border
    right[:, -1] = 0
    down, right = down.ravel(), right.ravel()
    up, left = np.roll(down, width), np.roll(right, 1)
    shape = (height * width, height * width)
    # dia_array keeps the value of column j at place j of each band; of a picture one pixel wide two bands coincide
    across = dia_array((np.array([np.roll(-right, 1), np.roll(-left, -1)]), [1, -1]), shape=shape)
    along = dia_array((np.array([np.roll(-down, width), np.roll(-up, -width)]), [width, -width]), shape=shape)
    center = dia_array(((1 + down + right + up + left)[np.newaxis], [0]), shape=shape)
    return (center + across + along).tocsc()


LIME = without_settings("lime", lime)
