"""Haze by the atmospheric scattering model, with random depth in place of a depth sensor."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from pielight.training.degradations.depth import depth
from pielight.training.degradations.exposure import blur
from pielight.training.degradations.noise import quantize
from pielight.training.degradations.random import chance, uniform
from pielight.training.schema import HazeConfig


def without_own_haze(pictures: Tensor, share: float) -> Tensor:
    """Stretch pictures so that a share of their pixels has a channel at black: ``max(0, (x - b) / (1 - b))``.

    b is the quantile of the darkest channel, up to 0.5: an even haze of white airlight is taken out. Many photographs
    have some haze of their own, and to bring that back would teach to leave it. Beyond the paper.

    Args:
        pictures: ``(N, 3, H, W)`` in [0, 1].
        share: From 0 to 1.

    >>> without_own_haze(torch.full((1, 3, 2, 2), 0.2), 0.01).max()
    tensor(0.)
    """
    darkest = pictures.amin(1).flatten(1)
    count = darkest.shape[1]
    black = darkest.kthvalue(min(count, 1 + round(share * count))).values.clamp_max(0.5).view(-1, 1, 1, 1)
    return ((pictures - black) / (1 - black)).clamp_min(0)


def transmission(far: Tensor, config: HazeConfig, generator: Generator) -> Tensor:
    """Return how much light passes the haze: ``t = exp(-beta d)``, d from the nearest depth to 1, beta uneven.

    Args:
        far: d, ``(N, 1, h, w)`` in [0, 1].
        config: The intervals to draw from.
        generator: The source of all randomness.

    Returns:
        ``(N, 1, h, w)`` in (0, 1]; 1 everywhere for the pictures that stay clear.

    >>> even = HazeConfig(untouched=0, density=(1, 1), nearest=(1, 1), uneven=0)
    >>> transmission(torch.zeros(1, 1, 2, 2), even, Generator()).unique().round(decimals=4)
    tensor([0.3679])
    """
    n, _, height, width = far.shape
    shape = (n, 1, 1, 1)
    nearest = uniform(shape, *config.nearest, generator)
    drift = F.interpolate(torch.rand((n, 1, 3, 3), generator=generator), (height, width), mode="bicubic")
    uneven = 1 + config.uneven * uniform(shape, 0, 1, generator) * (2 * drift - 1)
    density = uniform(shape, *config.density, generator) * uneven.clamp_min(0)
    light = torch.exp(-density * (nearest + (1 - nearest) * far))
    return torch.where(chance(shape, config.untouched, generator), torch.ones(()), light)


def haze(pictures: Tensor, labels: Tensor, config: HazeConfig, generator: Generator) -> tuple[Tensor, Tensor]:
    """Lay haze over clear pictures: atmospheric scattering, ``I = J t + A (1 - t)``.

    Koschmieder, 1924; Narasimhan and Nayar, IJCV 2002. In sRGB, as the pictures are that methods are compared on
    (RESIDE, TIP 2019). A is the airlight, a little colored; depth is
    :func:`pielight.training.degradations.depth.depth`.

    Args:
        pictures: ``(N, 3, H, W)`` in [0, 1].
        labels: Regions ``(N, h, w)``.
        config: The intervals to draw from.
        generator: The source of all randomness.

    Returns:
        I, ``(N, 3, H, W)`` in [0, 1], quantized to 8 bits where there is haze, and J, the same size: the pictures
        :func:`without_own_haze`, those that stay clear, too, so that what is left alone is clear indeed.

    >>> black = torch.zeros(1, 3, 32, 32)
    >>> dense = HazeConfig(untouched=0, density=(50, 50), nearest=(1, 1), airlight=(0.8, 0.8), color=0, uneven=0)
    >>> haze(black, torch.zeros(1, 32, 32).int(), dense, Generator().manual_seed(0))[0].mean().round(decimals=2)
    tensor(0.8000)
    """
    n, shape = len(pictures), labels.shape[-2:]
    small = F.interpolate(pictures, shape, mode="area")
    far = torch.cat([depth(small[i : i + 1], labels[i : i + 1], config.edges, generator) for i in range(n)])
    far = blur(far, float(uniform((1,), 0.3, 1.0, generator)))
    light = transmission(far, config, generator)
    hazy = (light < 1).flatten(1).any(1).view(n, 1, 1, 1)
    light = F.interpolate(light, pictures.shape[-2:], mode="bilinear", align_corners=False)
    clear = without_own_haze(pictures, config.clearest)
    air = uniform((n, 1, 1, 1), *config.airlight, generator)
    air = (air + uniform((n, 3, 1, 1), -config.color, config.color, generator)).clamp(0, 1)
    return torch.where(hazy, quantize(clear * light + air * (1 - light)), clear), clear
