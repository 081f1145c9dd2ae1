"""Applying a lattice of curves to full-resolution pictures, differentiable in pictures and curves."""

from __future__ import annotations

from torch import Tensor

from pielight.ops.interpolation_torch import resample_lattice
from pielight.ops.light_curve import light_curve
from pielight.ops.tone import MAX_GAIN, SHOULDER
from pielight.options import HIGHLIGHTS

_TINY = 1e-6  # brightness below which the limit of the gain is that of 1e-6, so that gradients at black are finite


def apply_curves(pictures: Tensor, alphas: Tensor, strength: float = 1.0, highlights: float = HIGHLIGHTS) -> Tensor:
    """Enhance pictures by the curves of a lattice.

    ``out = x + max(0, c(x) - x) (1 - h k / (k + 1 - x))``, k = 0.05: g is the light-enhancement curve
    (:func:`pielight.ops.light_curve.light_curve`; Zero-DCE, CVPR 2020, eq. 2) with the parameters of
    :func:`~pielight.ops.interpolation_torch.resample_lattice`, taken at strength s, and
    ``c = g / (1 + (g / 40 x)^4)^(1/4)`` bounds its gain. This is :func:`pielight.ops.tone.apply_tone` for tensors.

    Differs from :func:`pielight.ops.apply.apply`: that one blends the results of the nine nearest curves, since they
    are look-up tables; this one blends their parameters, since that is one product of matrices. On photographs the
    two differ by about one level of 255.

    Args:
        pictures: x, ``(N, 3, H, W)`` in [0, 1].
        alphas: ``(N, 3 K, h, w)`` in [-1, 1], iteration by iteration, R, G, B in each.
        strength: s in [0, 1.5]; 0 is the identity, 1 the model's choice.
        highlights: h in [0, 1], how far bright pixels are protected.

    Returns:
        ``(N, 3, H, W)`` in [0, 1].

    >>> import torch
    >>> bright = apply_curves(torch.full((1, 3, 4, 4), 0.2), torch.full((1, 3, 2, 2), -1.0), highlights=0.0)
    >>> bright.unique().round(decimals=4)
    tensor([0.3600])
    """
    height, width = pictures.shape[-2:]
    curves: tuple[Tensor, ...] = resample_lattice(alphas, height, width).split(3, dim=1)
    enhanced = light_curve(pictures, curves)
    if strength < 1:
        enhanced = pictures + strength * (enhanced - pictures)
    elif strength > 1:
        enhanced = enhanced + (strength - 1) * (light_curve(enhanced, curves) - enhanced)
    gain = enhanced / (MAX_GAIN * pictures).clamp_min(MAX_GAIN * _TINY)
    enhanced = enhanced / (1 + gain**4) ** 0.25
    share = 1 - highlights * SHOULDER / (1 + SHOULDER - pictures)
    return (pictures + (enhanced - pictures).clamp_min(0) * share).clamp(0, 1)
