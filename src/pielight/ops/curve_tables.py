"""Tables of the light-enhancement curves of a lattice."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pielight.ops.compiled import loop as _loop
from pielight.ops.light_curve import inverse_light_curve, light_curve
from pielight.ops.lut import levels
from pielight.ops.tone import SHOULDER, apply_tone, protection
from pielight.options import EnhanceOptions

_DARKENING = np.float32(-0.1)


def curve_tables(
    alphas: NDArray[np.float32], options: EnhanceOptions, at: NDArray[np.float32] | None = None
) -> NDArray[np.float32]:
    """Evaluate the curve of every node: :func:`~pielight.ops.tone.apply_tone`.

    Values that a curve would darken stay as they are. At negative strengths the inverse of the curve darkens, with
    every parameter at most -0.1, so that a picture which the model hardly brightens becomes darker, too.

    Args:
        alphas: Parameters of :func:`~pielight.ops.light_curve.light_curve`, (N, 3, h, w) in [-1, 1].
        options: Strength, of which 0 is the identity, and protection of highlights.
        at: Brightness at which to evaluate, float32 of shape (n,); by default the 256 levels of 8 bits.

    Returns:
        float32 of shape (h, w, 3, n) in [0, 1].

    >>> flat = np.full((1, 3, 1, 1), -1, np.float32)
    >>> [round(float(curve_tables(flat, EnhanceOptions(s, 0))[0, 0, 0, 51]), 4) for s in (-1, 0, 0.5, 1, 1.5)]
    [0.1056, 0.2, 0.28, 0.36, 0.4752]
    """
    x = levels() if at is None else np.ascontiguousarray(at, np.float32)
    tables = np.empty((*alphas.shape[2:], 3, len(x)), dtype=np.float32)
    for row in range(len(tables)):  # one row of nodes at a time stays in the CPU's cache
        of_row = np.ascontiguousarray(alphas[:, :, row].transpose(0, 2, 1)).reshape(len(alphas), -1)
        _tabulate(x, of_row, tables[row].reshape(-1, len(x)), options)
    return tables


def _tabulate(
    x: NDArray[np.float32], alphas: NDArray[np.float32], result: NDArray[np.float32], options: EnhanceOptions
) -> None:
    """Evaluate curves with parameters (N, curves) at x (n,) into (curves, n)."""
    if _loop is not None and options.strength > 0:
        _loop.tabulate(x, alphas, result, options.strength, protection(options) * SHOULDER)
        return
    parameters = alphas[..., np.newaxis]
    if options.strength >= 0:
        curve: Callable[[Any], Any] = partial(light_curve, alphas=parameters)
    else:
        curve = partial(inverse_light_curve, alphas=np.minimum(parameters, _DARKENING))
    result[...] = apply_tone(np.broadcast_to(x, result.shape), curve, options)
