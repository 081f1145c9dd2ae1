"""Exposures of tensors: canonical ones, and maps laid over pictures; differentiable, for whole batches."""

from __future__ import annotations

import torch
from torch import Tensor

from pielight.core.color_torch import linear_to_srgb, srgb_to_linear
from pielight.ops.exposure import BRIGHTNESS, LEAST_EV, MOST_EV, exposure_curve
from pielight.ops.interpolation_torch import resample_lattice

_HALVINGS = 24  # of the bisection: 20 EV / 2^24
_STEP = 0.01  # EV, of the difference quotient
_LEAST_SLOPE = 1e-3  # of a mean that hardly rises: pictures that are black and white


def apply_exposure(pictures: Tensor, ev: Tensor) -> Tensor:
    """Expose pictures by maps: ``G(E_k(G^-1(x)))``, ``k = 2^EV``, with gradients to pictures and maps.

    :func:`pielight.ops.exposure_map.apply_exposure` for tensors; the nodes are blended by the same quadratic B-splines.
    The curve is :func:`pielight.ops.exposure.exposure_curve`, and G sRGB's encoding.

    Args:
        pictures: x, ``(N, 3, H, W)`` sRGB in [0, 1].
        ev: Exposures in stops, ``(N, 1, h, w)``.

    Returns:
        ``(N, 3, H, W)`` in [0, 1].

    >>> bright = apply_exposure(torch.full((1, 3, 4, 4), 0.2), torch.full((1, 1, 2, 2), 2.0))
    >>> bright.unique().round(decimals=3)
    tensor([0.3820])
    """
    of_pixels = resample_lattice(ev, *pictures.shape[-2:])
    return linear_to_srgb(exposure_curve(srgb_to_linear(pictures), of_pixels)).clamp(0, 1)


def canonical_exposure(thumbnails: Tensor, brightness: float = BRIGHTNESS) -> Tensor:
    """Return the exposures that bring pictures to a mean: :func:`pielight.ops.exposure.canonical_exposure` for tensors.

    Bisection, and behind it one step of Newton's, ``EV - (m(EV, x) - b) / m'(EV)`` with m' held constant, whose
    gradient to the picture x is that of the implicit function ``m(EV, x) = b``.

    Args:
        thumbnails: ``(N, 3, S, S)`` sRGB in [0, 1].
        brightness: b, the mean of the result in sRGB.

    Returns:
        EV, ``(N, 1, 1, 1)``, from -6 to 14.

    >>> canonical_exposure(torch.full((1, 3, 2, 2), 0.2)).flatten().round(decimals=2)
    tensor([2.3400])
    """
    light = srgb_to_linear(thumbnails)
    with torch.no_grad():
        low = torch.full_like(light[:, :1, :1, :1], LEAST_EV)
        high = torch.full_like(low, MOST_EV)
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            is_dark = _mean(light, middle) < brightness
            low, high = torch.where(is_dark, middle, low), torch.where(is_dark, high, middle)
        ev = (low + high) / 2
        slope = (_mean(light, ev + _STEP) - _mean(light, ev - _STEP)) / (2 * _STEP)
        is_inside = ((ev - LEAST_EV) > _STEP) & ((MOST_EV - ev) > _STEP)
    error = _mean(light, ev) - brightness
    return torch.where(is_inside, ev - error / slope.clamp_min(_LEAST_SLOPE), ev)


def _mean(light: Tensor, ev: Tensor) -> Tensor:
    return linear_to_srgb(exposure_curve(light, ev)).mean((1, 2, 3), keepdim=True)
