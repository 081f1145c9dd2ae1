"""Curve families: the tone curves that an imaging pipeline could apply to a picture, each with one parameter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from pielight.core.color_torch import linear_to_srgb, srgb_to_linear
from pielight.ops.exposure import exposure_curve
from pielight.training.degradations.exposure import expose

Side = Literal["under", "over"]
Interval = tuple[float, float]
Family = Callable[[Tensor, Tensor], Tensor]
"""``y = f(x; t)`` of pictures ``(N, 3, H, W)`` and amounts that broadcast to ``(N, 1, H, W)``: no pixel falls when t
grows, ``f(x; 0) = x``."""


def gamma_curve(pictures: Tensor, gamma: Tensor) -> Tensor:
    """Apply ``y = x^g`` to every channel (PIE, Bag of Curves).

    Args:
        gamma: ``(N, 1, 1, 1)``, > 0; above 1 darkens.

    >>> gamma_curve(torch.tensor([0.5]), torch.tensor([2.0]))
    tensor([0.2500])
    """
    return pictures**gamma


def tone_curve(pictures: Tensor, exponent: Tensor) -> Tensor:
    """Apply ``v -> v^e`` to the HSV value; hue and saturation stay (PIE, Bag of Curves).

    Args:
        exponent: ``(N, 1, 1, 1)``, > 0; above 1 darkens.

    >>> tone_curve(torch.tensor([0.5, 0.25, 0.0]).view(1, 3, 1, 1), torch.tensor(2.0)).flatten()
    tensor([0.2500, 0.1250, 0.0000])
    """
    value = pictures.amax(1, keepdim=True)
    return _with_value(pictures, value, value**exponent)


def log_curve(pictures: Tensor, scale: Tensor) -> Tensor:
    """Apply ``v -> a * ln(1 + v)`` to the HSV value on the 8-bit scale; hue and saturation stay.

    Source: PIE, Bag of Curves. A scale above 255 / ln(256) = 45.99 clips.

    Args:
        scale: a, ``(N, 1, 1, 1)``; 10 is under-, 40 over-exposed in the paper.

    >>> log_curve(torch.ones(1, 3, 1, 1), torch.tensor(10.0)).mul(255).flatten()[0].round(decimals=2)
    tensor(55.4500)
    """
    value = pictures.amax(1, keepdim=True)
    return _with_value(pictures, value, (scale * torch.log1p(255 * value) / 255).clamp_max(1.0))


def anchored_log_curve(pictures: Tensor, amount: Tensor) -> Tensor:
    """Apply ``v -> ln(1 + k v) / ln(1 + k)``, ``k = e^t - 1``, to the HSV value; its inverse for t < 0.

    Differs from the paper: its ``a ln(1 + v)`` has the identity nowhere, so that no a makes a slightly wrong exposure;
    this one keeps black and white and passes the identity at t = 0.

    Args:
        amount: t, broadcast to ``(N, 1, H, W)``.

    >>> anchored_log_curve(torch.full((1, 3, 1, 1), 0.5), torch.tensor(2.0)).flatten()[0].round(decimals=4)
    tensor(0.7169)
    """
    value = pictures.amax(1, keepdim=True)
    size = amount.abs().clamp_min(1e-4)
    k = torch.expm1(size)
    new = torch.where(amount > 0, torch.log1p(k * value) / size, torch.expm1(size * value) / k)
    return _with_value(pictures, value, torch.where(amount == 0, value, new))


def filmic_curve(pictures: Tensor, stops: Tensor) -> Tensor:
    """Change the exposure by ``stops`` EV before a filmic S-curve instead of before clipping.

    ``y = sRGB(min(1, S(2^EV S^-1(lin(x)))))`` with Narkowicz's fit of the ACES tone mapping (2015),
    ``S(e) = e (2.51 e + 0.03) / (e (2.43 e + 0.59) + 0.14)``: its toe crushes shadows, its shoulder bleaches lights
    before they clip.

    Args:
        stops: EV, broadcast to ``(N, 1, H, W)``.

    >>> filmic_curve(torch.tensor([0.0, 0.5, 1.0]), torch.tensor(-1.0)).round(decimals=3)
    tensor([0.0000, 0.3170, 0.9850])
    """
    y = srgb_to_linear(pictures)
    b, c = 0.03 - 0.59 * y, 0.14 * y  # (2.51 - 2.43 y) e^2 + b e - c = 0
    light = 2 * c / (b + (b * b + 4 * (2.51 - 2.43 * y) * c).sqrt())
    e = light * torch.exp2(stops)
    mapped = e * (2.51 * e + 0.03) / (e * (2.43 * e + 0.59) + 0.14)
    return torch.where(stops == 0, pictures, linear_to_srgb(mapped.clamp(0, 1)))


def moebius_curve(pictures: Tensor, stops: Tensor) -> Tensor:
    """Change the exposure by ``stops`` EV without clipping: ``sRGB(E_k(lin(x)))``, ``k = 2^EV``.

    The curve of exposure maps (:func:`pielight.ops.exposure.exposure_curve`): what such a map does wrong looks like it.

    Args:
        stops: EV, broadcast to ``(N, 1, H, W)``.

    >>> moebius_curve(torch.tensor([0.0, 0.5, 1.0]), torch.tensor(-1.0)).round(decimals=3)
    tensor([0.0000, 0.3810, 1.0000])
    """
    exposed = linear_to_srgb(exposure_curve(srgb_to_linear(pictures), stops))
    return torch.where(stops == 0, pictures, exposed)


FAMILIES: dict[str, Family] = {
    "gamma": lambda pictures, amount: gamma_curve(pictures, torch.exp2(-amount)),
    "tone": lambda pictures, amount: tone_curve(pictures, torch.exp2(-amount)),
    "log": anchored_log_curve,
    "filmic": filmic_curve,
    "moebius": moebius_curve,
    "exposure": lambda pictures, amount: torch.where(amount == 0, pictures, expose(pictures, amount)),
}
"""Every family by its name. Exposures are in EV, exponents 2^-t; t > 0 brightens and t < 0 darkens all but black (and,
where a family keeps it, white)."""


def _with_value(pictures: Tensor, old: Tensor, new: Tensor) -> Tensor:
    """Scale RGB so that its HSV value changes from ``old`` to ``new``; black takes the new value as gray."""
    return torch.where(old > 0, pictures * (new / old.clamp_min(1e-6)), new)
