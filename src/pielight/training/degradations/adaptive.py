"""Adaptive Bag of Curves: parameters solved for each picture, so that its brightness lands where it was drawn."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from pielight.core.color_torch import luma
from pielight.training.data.regions import region_means
from pielight.training.degradations.curve_families import FAMILIES, Family, Side
from pielight.training.degradations.exposure import blur
from pielight.training.degradations.noise import capture, chance, uniform

_DISTANCE = (0.2, 0.9)  # share of the way from a picture's own brightness to black or white (uniform)
_LOCAL = 0.4  # share of the negatives whose light changes in a part of the picture only


def light_patterns(pictures: Tensor, labels: Tensor, side: Side, local: float, generator: Generator) -> Tensor:
    """Draw for each picture where its light changes: everywhere, or backlit, around lamps, or under a brush.

    Args:
        side: Whether light is taken (``"under"``) or added (``"over"``).
        local: Share of the pictures with a local pattern, each kind as likely as the others.

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

    The parts are those of :func:`dark_part`, their edges softened by a random width.

    Args:
        gray: ``(1, 1, H, W)`` in [0, 1].
        labels: Regions ``(1, H, W)``.
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


def dark_part(gray: Tensor, labels: Tensor, night: bool, generator: Generator) -> Tensor:
    """Draw which part of one picture is dark, as a mask ``(1, 1, h, w)`` in [0, 1].

    ``sigmoid(4 (c - rank) / s)``, rank that of the pixel in a field: the gray level at night; else the means of regions
    (half of the time), a random value per region or smooth noise; c and s, the share and the softness, are drawn.

    >>> dark_part(torch.rand(1, 1, 8, 8), torch.zeros(1, 8, 8).int(), True, Generator().manual_seed(0)).shape
    torch.Size([1, 1, 8, 8])
    """
    kind = float(uniform((1,), 0.0, 1.0, generator))
    height, width = gray.shape[-2:]
    means = region_means(gray, labels)
    if night:
        field = gray
    elif kind < 0.5:
        field = means
    elif kind < 0.75:
        keys, index = means.flatten().unique(return_inverse=True)  # regions that share a mean share a draw
        field = uniform((len(keys),), 0.0, 1.0, generator)[index].view_as(means)
    else:
        coarse = uniform((1, 1, 4, 4), 0.0, 1.0, generator)
        field = F.interpolate(coarse, (height, width), mode="bicubic", align_corners=False)
    rank = field.flatten().argsort().argsort().view_as(field).to(gray.dtype) / field.numel()
    middle = uniform((1,), 0.92, 0.998, generator) if night else uniform((1,), 0.2, 0.98, generator)
    softness = uniform((1,), 0.02, 0.1 if night else 0.5, generator)
    return torch.sigmoid((middle - rank) / (softness / 4))


_KINDS = (backlight, lamps, brush)


LIMIT = 8.0
"""Largest amount of a curve, in either direction."""
_HALVINGS = 14


def brightness(pictures: Tensor, where: Tensor) -> Tensor:
    """Return the mean gray level of the part of pictures in which the light changes: ``sum m Y / sum m``.

    Args:
        where: m, ``(N, 1, H, W)`` in [0, 1].

    Returns:
        ``(N, 1, 1, 1)``.

    >>> picture = torch.tensor([0.2, 0.8]).expand(1, 3, 1, 2)
    >>> brightness(picture, torch.tensor([0.5, 0.0]).view(1, 1, 1, 2)).flatten()
    tensor([0.2000])
    """
    total = where.sum((1, 2, 3), keepdim=True).clamp_min(1e-6)
    return (where * luma(pictures)).sum((1, 2, 3), keepdim=True) / total


def wanted_brightness(curve: Family, pictures: Tensor, where: Tensor, distance: Tensor, side: Side) -> Tensor:
    """Return the brightness at a share d of the way to the darkest or brightest that a curve can make of a picture.

    ``b + d (e - b)``, b the picture's own brightness and e that after the curve's largest amount, 8 or -8. That is
    next to 1 or 0, but for black pixels, which stay black under every curve, and saturated colors, which curves of
    the HSV value keep from white. Whatever d in [0, 1], the curve gets there.

    Args:
        curve: One of :data:`pielight.training.degradations.curve_families.FAMILIES`.
        where: ``(N, 1, H, W)`` in [0, 1].
        distance: d, ``(N, 1, 1, 1)``.

    Returns:
        ``(N, 1, 1, 1)``.

    >>> gray, where = torch.full((1, 3, 2, 2), 0.4), torch.ones(1, 1, 2, 2)
    >>> wanted_brightness(FAMILIES["exposure"], gray, where, torch.tensor(0.5), "over").flatten()
    tensor([0.7000])
    """
    now = brightness(pictures, where)
    end = brightness(curve(pictures, (-LIMIT if side == "under" else LIMIT) * where), where)
    return now + distance * (end - now)


def solve(curve: Family, pictures: Tensor, where: Tensor, wanted: Tensor, side: Side) -> Tensor:
    """Find the amount of a curve that gives pictures a wanted brightness, by bisection, for all of them at once.

    ``mean_m Y(f(x; t m)) = wanted``, whose left side grows with t, in [-8, 0] (under) or [0, 8] (over). For what no t
    there makes, which :func:`wanted_brightness` never asks for, the interval's end is returned: it comes nearest.

    Args:
        curve: f, one of :data:`pielight.training.degradations.curve_families.FAMILIES`.
        where: m, ``(N, 1, H, W)`` in [0, 1].
        wanted: ``(N, 1, 1, 1)``; brightness as :func:`brightness` measures it.

    Returns:
        t, ``(N, 1, 1, 1)``, exact to 8 / 2^15.

    >>> gray = torch.full((1, 3, 2, 2), 0.5)
    >>> solve(FAMILIES["gamma"], gray, torch.ones(1, 1, 2, 2), torch.full((1, 1, 1, 1), 0.25), "under").round().item()
    -1.0
    """
    low = torch.full_like(wanted, -LIMIT if side == "under" else 0.0)
    high = low + LIMIT
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        above = brightness(curve(pictures, middle * where), where) > wanted
        low, high = torch.where(above, low, middle), torch.where(above, middle, high)
    return (low + high) / 2


def adaptive_negatives(pictures: Tensor, labels: Tensor, side: Side, generator: Generator) -> Tensor:
    """Make pictures badly exposed by a drawn distance, with a drawn curve, everywhere or in a drawn part.

    ``y = capture(f(x; t m))``: the family f, the pattern m of :func:`light_patterns` and the distance d are drawn, and
    t solves for the brightness of :func:`wanted_brightness`.

    Beyond the paper: its parameters are fixed, so that a dark picture turns black where a bright one is merely dim;
    here every picture is as wrong as was drawn, from barely to badly.

    Returns:
        Badly exposed ``(N, 3, H, W)`` in [0, 1], in 8 bits.

    >>> gray, one = torch.full((2, 3, 8, 8), 0.5), torch.zeros(2, 8, 8).int()
    >>> bool((adaptive_negatives(gray, one, "under", Generator().manual_seed(0)).mean() < 0.5))
    True
    """
    n = len(pictures)
    where = light_patterns(pictures, labels, side, _LOCAL, generator)
    distance = uniform((n, 1, 1, 1), *_DISTANCE, generator)
    family = torch.randint(len(FAMILIES), (n,), generator=generator)
    made = torch.empty_like(pictures)
    for index, curve in enumerate(FAMILIES.values()):
        mine = family == index
        if mine.any():
            part, mask = pictures[mine], where[mine]
            wanted = wanted_brightness(curve, part, mask, distance[mine], side)
            made[mine] = curve(part, solve(curve, part, mask, wanted, side) * mask)
    return capture(made, generator)
