"""Applying a map of exposures to full-resolution pictures, differentiable in pictures and maps."""

from __future__ import annotations

from torch import Tensor

from pielight.ops import exposure_torch


def apply_exposure(
    pictures: Tensor, ev: Tensor, strength: float = 1.0, highlights: float = 0.0, ceiling: Tensor | None = None
) -> Tensor:
    """Expose pictures by maps of exposures at a strength.

    ``G(E_k(G^-1(x)))``, ``k = 2^(s (EV - h max(0, EV - C)))``: what :class:`pielight.ExposureMap` does, for tensors;
    see :func:`pielight.ops.exposure_torch.apply_exposure`. On 8-bit pictures the two differ by half a level, by which
    the engine rounds.

    Args:
        pictures: x, ``(N, 3, H, W)`` sRGB in [0, 1].
        ev: EV, ``(N, 1, h, w)`` in stops.
        strength: s; 0 is the identity, and -s undoes s.
        highlights: h in [0, 1], how far the ceiling holds bright parts.
        ceiling: C, ``(N, 1, h, w)`` in stops (:func:`pielight.ops.highlight_ceiling.highlight_ceiling`); None holds
            nothing.

    Returns:
        ``(N, 3, H, W)`` in [0, 1].

    >>> import torch
    >>> dark, ev = torch.full((1, 3, 4, 4), 0.2), torch.full((1, 1, 2, 2), 2.0)
    >>> [round(apply_exposure(dark, ev, s).max().item(), 3) for s in (-1, 0, 1)]
    [0.09, 0.2, 0.382]
    """
    if ceiling is not None and highlights > 0:
        ev = ev - highlights * (ev - ceiling).clamp_min(0)
    return exposure_torch.apply_exposure(pictures, strength * ev)
