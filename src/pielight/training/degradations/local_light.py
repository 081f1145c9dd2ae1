"""Local light: where in a picture the light changes, when it does not change everywhere."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from pielight.core.color_torch import luma
from pielight.training.degradations.curve_families import Side
from pielight.training.degradations.darkening import dark_part
from pielight.training.degradations.exposure import blur
from pielight.training.degradations.random import chance, uniform


def light_patterns(pictures: Tensor, labels: Tensor, side: Side, local: float, generator: Generator) -> Tensor:
    """Draw for each picture where its light changes: everywhere, or backlit, around lamps, or under a brush.

    Args:
        pictures: ``(N, 3, H, W)`` in [0, 1].
        labels: Regions ``(N, H, W)``, whole numbers from 0.
        side: Whether light is taken (``"under"``) or added (``"over"``).
        local: Share of the pictures with a local pattern, each kind as likely as the others.
        generator: The source of all randomness.

    Returns:
        ``(N, 1, H, W)`` in [0, 1], 1 where the light changes wholly.

    >>> light_patterns(torch.rand(1, 3, 8, 8), torch.zeros(1, 8, 8), "under", 0.0, torch.Generator()).unique()
    tensor([1.])
    """
    n = len(pictures)
    gray = luma(pictures)
    where = torch.ones_like(gray)
    kinds = torch.randint(len(_KINDS), (n,), generator=generator).tolist()
    chosen = chance((n,), local, generator).tolist()
    for i in range(n):
        if chosen[i]:
            where[i : i + 1] = _KINDS[kinds[i]](gray[i : i + 1], labels[i : i + 1], side, generator)
    return where


def backlight(gray: Tensor, labels: Tensor, side: Side, generator: Generator) -> Tensor:
    """Draw the part of one picture against the light: dark regions when light is taken, bright ones when it is added.

    The parts are those of
    :func:`pielight.training.degradations.darkening.dark_part`, their edges softened by a random width.

    Args:
        gray: ``(1, 1, H, W)`` in [0, 1].
        labels: Regions ``(1, H, W)``.
        side: ``"under"`` or ``"over"``.
        generator: The source of all randomness.
    """
    sigma = float(uniform((1,), 0.3, max(0.31, gray.shape[-2] / 16), generator))
    dark = blur(dark_part(gray, labels, False, generator), sigma).clamp(0, 1)
    return dark if side == "under" else 1 - dark


def lamps(gray: Tensor, labels: Tensor, side: Side, generator: Generator) -> Tensor:
    """Draw all but lamps when light is taken (night), and lamps with a glow of random width when it is added.

    ``max(l, blur(l) / max blur(l))``, l the brightest 0.2 to 8 % of the pixels; arguments as in :func:`backlight`.
    """
    dark = dark_part(gray, labels, True, generator)
    if side == "under":
        return dark
    lit = 1 - dark
    width = float(uniform((1,), 0.01, 0.08, generator)) * gray.shape[-1]
    glow = blur(lit, max(0.3, width))
    return torch.maximum(lit, glow / glow.amax().clamp_min(1e-6)).clamp_max(1.0)


def brush(gray: Tensor, labels: Tensor, side: Side, generator: Generator) -> Tensor:
    """Draw one to four soft discs, as somebody dodges or burns by hand.

    ``max_i sigmoid((1 - |p - c_i| / r_i) / s)``; arguments as in :func:`backlight`, of which only the size counts.
    """
    height, width = gray.shape[-2:]
    y = (torch.arange(height) + 0.5).view(1, -1, 1) / height
    x = (torch.arange(width) + 0.5).view(1, 1, -1) / width
    count = int(torch.randint(1, 5, (1,), generator=generator))
    center_y, center_x = uniform((2, count, 1, 1), 0.0, 1.0, generator)
    radius = uniform((count, 1, 1), 0.1, 0.4, generator)
    softness = uniform((count, 1, 1), 0.05, 0.4, generator)
    distance = torch.hypot(y - center_y, x - center_x) / radius
    return torch.sigmoid((1 - distance) / softness).amax(0)[None, None].to(gray.dtype)


_KINDS = (backlight, lamps, brush)
