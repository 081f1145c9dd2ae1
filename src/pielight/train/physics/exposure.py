"""Exposure: less light in linear light, for the whole picture and region by region."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from pielight.train.physics.noise import quantise, sensor_noise
from pielight.train.physics.random import chance, uniform
from pielight.train.regions import region_means

_LUMA = (0.299, 0.587, 0.114)


@dataclass(frozen=True)
class Darkening:
    """How well-exposed pictures are darkened for learning by inversion (intervals are uniform draws)."""

    untouched: float = 0.12
    """Share of pictures that stay as they are, so that good pictures are left alone."""
    regional: float = 0.5
    """Share of the others whose regions get exposures of their own."""
    stops: tuple[float, float] = (-6.5, -0.5)
    """Exposure of the whole picture in EV."""
    regional_base: tuple[float, float] = (-0.8, 0.0)
    """Exposure of the bright part of a regional sample in EV."""
    regional_stops: tuple[float, float] = (-5.5, -0.7)
    """Further exposure of the dark part of a regional sample in EV."""
    cast: float = 0.08
    """Largest relative error of the white balance per channel."""
    shot: tuple[float, float] = (1e-5, 1e-3)
    """Variance of the shot noise per unit of linear light (log-uniform)."""
    read: tuple[float, float] = (1e-8, 1e-5)
    """Variance of the read noise (log-uniform)."""


def to_linear(srgb: Tensor) -> Tensor:
    """Convert sRGB values in [0, 1] to linear light (IEC 61966-2-1).

    >>> to_linear(torch.tensor([0.0, 0.5, 1.0])).round(decimals=4)
    tensor([0.0000, 0.2140, 1.0000])
    """
    return torch.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055).clamp_min(0.0) ** 2.4)


def to_srgb(linear: Tensor) -> Tensor:
    """Convert linear light in [0, 1] to sRGB values (IEC 61966-2-1), the inverse of :func:`to_linear`.

    >>> to_srgb(torch.tensor([0.0, 0.214, 1.0])).round(decimals=3)
    tensor([0.0000, 0.5000, 1.0000])
    """
    return torch.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear.clamp_min(1e-8) ** (1 / 2.4) - 0.055)


def luminance(pictures: Tensor) -> Tensor:
    """Return the grey levels ``(N, 1, H, W)`` of pictures ``(N, 3, H, W)`` (BT.601 weights).

    >>> luminance(torch.ones(1, 3, 1, 1)).item()
    1.0
    """
    return (pictures * pictures.new_tensor(_LUMA).view(1, 3, 1, 1)).sum(1, keepdim=True)


def exposure_map(pictures: Tensor, labels: Tensor, how: Darkening, generator: Generator) -> Tensor:
    """Draw an exposure in EV for every pixel: one for the picture, or one for its dark and its bright part.

    A regional sample splits a picture by the rank of its regions' brightness (backlight: what is dark gets even
    less light), by random regions, or by a smooth random field (falling light), each as likely as the other two
    together for the first; the edge is softened by a random width.

    Args:
        pictures: ``(N, 3, H, W)`` in [0, 1].
        labels: Regions ``(N, h, w)``, whole numbers from 0.
        how: The intervals to draw from.
        generator: The source of all randomness.

    Returns:
        EV ``(N, 1, h, w)``, <= 0.
    """
    n, height, width = labels.shape
    means = region_means(F.interpolate(luminance(pictures), (height, width), mode="area"), labels)
    part = torch.cat([_dark_part(means[i : i + 1], generator) for i in range(n)])
    sigma = float(uniform((1,), 0.3, max(0.31, height / 16), generator))
    part = _blur(part, sigma)
    everywhere = uniform((n, 1, 1, 1), *how.stops, generator)
    base = uniform((n, 1, 1, 1), *how.regional_base, generator)
    deeper = uniform((n, 1, 1, 1), *how.regional_stops, generator)
    stops = torch.where(chance((n, 1, 1, 1), how.regional, generator), base + deeper * part, everywhere)
    return torch.where(chance((n, 1, 1, 1), how.untouched, generator), 0.0, stops).expand(n, 1, height, width)


def darken(pictures: Tensor, labels: Tensor, how: Darkening, generator: Generator) -> Tensor:
    """Darken well-exposed pictures as a camera with too little light would have taken them.

    ``y = Q8(sRGB(g * 2^EV * lin(x) + noise))`` with the exposure of :func:`exposure_map`, white-balance gains g,
    shot and read noise in linear light and 8-bit quantisation Q8.

    Args:
        pictures: ``(N, 3, H, W)`` in [0, 1].
        labels: Regions ``(N, h, w)``, of the same or a smaller size.
        how: The intervals to draw from.
        generator: The source of all randomness.

    Returns:
        ``(N, 3, H, W)`` in [0, 1], quantised to 8 bits; the untouched share comes back exactly.
    """
    n = len(pictures)
    stops = exposure_map(pictures, labels, how, generator)
    stops = F.interpolate(stops, pictures.shape[-2:], mode="bilinear", align_corners=False)
    cast = 1 + uniform((n, 3, 1, 1), -how.cast, how.cast, generator)
    linear = to_linear(pictures) * torch.exp2(stops) * cast
    linear = sensor_noise(linear, how.shot, how.read, generator)
    touched = (stops != 0).flatten(1).any(1).view(n, 1, 1, 1)
    return torch.where(touched, quantise(to_srgb(linear.clamp(0, 1))), pictures)


def _dark_part(means: Tensor, generator: Generator) -> Tensor:
    """Draw which part of one picture is dark, as a mask ``(1, 1, H, W)`` in [0, 1]."""
    kind = float(uniform((1,), 0.0, 1.0, generator))
    height, width = means.shape[-2:]
    if kind < 0.5:
        field = means
    elif kind < 0.75:
        values = means.flatten()
        keys, index = values.unique(return_inverse=True)  # regions that share a mean share a draw
        field = uniform((len(keys),), 0.0, 1.0, generator)[index].view_as(means)
    else:
        field = F.interpolate(
            uniform((1, 1, 4, 4), 0.0, 1.0, generator),
            size=(height, width),
            mode="bicubic",
            align_corners=False,
        )
    rank = field.flatten().argsort().argsort().view_as(field).to(means.dtype) / field.numel()
    middle = uniform((1,), 0.2, 0.98, generator)
    softness = uniform((1,), 0.02, 0.5, generator)
    return torch.sigmoid((middle - rank) / (softness / 4))


def _blur(mask: Tensor, sigma: float) -> Tensor:
    """Blur masks ``(N, 1, H, W)`` with a Gaussian of ``sigma`` pixels."""
    radius = max(1, int(2.5 * sigma))
    offsets = torch.arange(-radius, radius + 1, dtype=mask.dtype)
    kernel = torch.exp(-0.5 * (offsets / sigma) ** 2)
    kernel = kernel / kernel.sum()
    mask = F.pad(mask, (radius,) * 4, mode="replicate")
    mask = F.conv2d(mask, kernel.view(1, 1, 1, -1))
    return F.conv2d(mask, kernel.view(1, 1, -1, 1))
