"""Haze: what a veil of lit air does to a clear picture, without a sensor of depth."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from pielight.train.physics.exposure import blur, luminance
from pielight.train.physics.noise import quantise
from pielight.train.physics.random import chance, uniform


@dataclass(frozen=True)
class Haze:
    """How clear pictures become hazy (intervals are uniform draws, each for a picture)."""

    untouched: float = 0.15
    """Share of pictures that stay clear, so that clear pictures are left alone."""
    density: tuple[float, float] = (0.4, 3.0)
    """Scattering coefficient beta; depth goes from 0 to 1."""
    nearest: tuple[float, float] = (0.1, 0.6)
    """Depth of the nearest point, that of the farthest being 1."""
    airlight: tuple[float, float] = (0.7, 1.0)
    """Brightness of the airlight in sRGB."""
    colour: float = 0.06
    """Largest difference of a channel's airlight."""
    uneven: float = 0.3
    """Largest relative change of the density from place to place, as in drifting fog."""


def depth_proxy(pictures: Tensor, labels: Tensor, generator: Generator) -> Tensor:
    """Draw a depth for every pixel of pictures of which none is known.

    A mixture with random weights of what makes depth in photographs: a floor or street, which is a plane that falls
    towards the bottom, tilted at random; a smooth field; regions at random depths, with edges; and brightness, which
    is far where it is like sky, or near where it is like a lit thing. Beyond the paper.

    Args:
        pictures: ``(N, 3, H, W)`` in [0, 1].
        labels: Regions ``(N, h, w)``, whole numbers from 0.
        generator: The source of all randomness.

    Returns:
        ``(N, 1, h, w)``, from 0 for the nearest to 1 for the farthest point of each picture.
    """
    n, height, width = labels.shape
    grey = F.interpolate(luminance(pictures), (height, width), mode="area")
    rows = torch.linspace(1, 0, height).view(1, 1, -1, 1)
    columns = torch.linspace(-1, 1, width).view(1, 1, 1, -1)
    plane = rows ** uniform((n, 1, 1, 1), 0.5, 2.5, generator) + columns * uniform((n, 1, 1, 1), -0.6, 0.6, generator)
    field = F.interpolate(torch.rand((n, 1, 4, 4), generator=generator), (height, width), mode="bicubic")
    random = torch.rand((n, int(labels.max()) + 1), generator=generator)
    places = random.gather(1, labels.flatten(1).long()).view(n, 1, height, width)
    places = blur(places, 0.7 + 0.01 * min(height, width))
    sign = torch.where(chance((n, 1, 1, 1), 0.5, generator), 1.0, -1.0)
    parts = torch.cat([_unit(part) for part in (plane, field, places, sign * grey)], 1)
    shares = torch.rand((n, 4, 1, 1), generator=generator) ** 2 + 1e-3
    return _unit((parts * shares).sum(1, keepdim=True))


def transmission(depth: Tensor, how: Haze, generator: Generator) -> Tensor:
    """Return how much light passes the haze: ``t = exp(-beta d)``, d from the nearest depth to 1, beta uneven.

    Args:
        depth: ``(N, 1, h, w)`` in [0, 1].
        how: The intervals to draw from.
        generator: The source of all randomness.

    Returns:
        ``(N, 1, h, w)`` in (0, 1]; 1 for the pictures that stay clear.
    """
    n, _, height, width = depth.shape
    shape = (n, 1, 1, 1)
    nearest = uniform(shape, *how.nearest, generator)
    drift = F.interpolate(torch.rand((n, 1, 3, 3), generator=generator), (height, width), mode="bicubic")
    uneven = 1 + how.uneven * uniform(shape, 0, 1, generator) * (2 * drift - 1)
    density = uniform(shape, *how.density, generator) * uneven.clamp_min(0)
    light = torch.exp(-density * (nearest + (1 - nearest) * depth))
    return torch.where(chance(shape, how.untouched, generator), torch.ones(()), light)


def haze(pictures: Tensor, labels: Tensor, how: Haze, generator: Generator) -> Tensor:
    """Lay haze over clear pictures: atmospheric scattering, ``I = J t + A (1 - t)``.

    Koschmieder, 1924; Narasimhan and Nayar, IJCV 2002. In sRGB, as the pictures are that methods are compared on
    (RESIDE, TIP 2019). A is the airlight, a little coloured.

    Args:
        pictures: J, ``(N, 3, H, W)`` in [0, 1].
        labels: Regions ``(N, h, w)``.
        how: The intervals to draw from.
        generator: The source of all randomness.

    Returns:
        I, ``(N, 3, H, W)`` in [0, 1], quantised to 8 bits where there is haze.

    >>> clear = torch.zeros(1, 3, 32, 32)
    >>> dense = Haze(untouched=0, density=(50, 50), nearest=(1, 1), airlight=(0.8, 0.8), colour=0, uneven=0)
    >>> haze(clear, torch.zeros(1, 32, 32).int(), dense, Generator().manual_seed(0)).mean().round(decimals=2)
    tensor(0.8000)
    """
    n = len(pictures)
    light = transmission(depth_proxy(pictures, labels, generator), how, generator)
    light = F.interpolate(light, pictures.shape[-2:], mode="bilinear", align_corners=False)
    air = uniform((n, 1, 1, 1), *how.airlight, generator)
    air = (air + uniform((n, 3, 1, 1), -how.colour, how.colour, generator)).clamp(0, 1)
    return torch.where(light < 1, quantise(pictures * light + air * (1 - light)), pictures)


def _unit(values: Tensor) -> Tensor:
    """Stretch each map ``(N, 1, h, w)`` to [0, 1]."""
    low, high = values.amin((2, 3), keepdim=True), values.amax((2, 3), keepdim=True)
    return (values - low) / (high - low).clamp_min(1e-6)
