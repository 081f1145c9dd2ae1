"""Haze by the atmospheric scattering model, with a depth that is guessed at random in place of a depth sensor."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from pielight.core.color_torch import luma
from pielight.training.data.regions import region_means
from pielight.training.degradations.exposure import blur
from pielight.training.degradations.noise import chance, quantize, uniform
from pielight.training.schema import HazeConfig

_TINY = 1e-3


def room(pictures: Tensor, generator: Generator) -> Tensor:
    """Return the depth of an empty box room, seen from inside with a random turn of the head.

    ``z = min_i w_i / |r . n_i|`` over the walls i that the pixel's ray r meets: floor, ceiling, both sides, the back.
    """
    x, y = _places(pictures)
    turn = uniform((1,), -0.5, 0.5, generator)
    ray_x, ray_z = x * turn.cos() + turn.sin(), turn.cos() - x * turn.sin()
    left, right, floor, ceiling = uniform((4,), 0.3, 1.2, generator)
    back = uniform((1,), 0.5, 2.5, generator)
    walls = [
        back / ray_z.clamp_min(_TINY),
        torch.where(ray_x > 0, right, left) / ray_x.abs().clamp_min(_TINY),
        torch.where(y > 0, floor, ceiling) / y.abs().clamp_min(_TINY),
    ]
    return torch.stack(walls).amin(0)


def ground(pictures: Tensor, generator: Generator) -> Tensor:
    """Return the depth of open ground up to a horizon, ``1 / (y - y_h)``, and of what lies beyond it."""
    _, y = _places(pictures)
    horizon = uniform((1,), -0.9, 0.3, generator)
    height = uniform((1,), 0.1, 0.5, generator)
    return (height / (y - horizon).clamp_min(_TINY)).clamp_max(float(uniform((1,), 1.0, 4.0, generator)))


def slope(pictures: Tensor, generator: Generator) -> Tensor:
    """Return a plane that falls away upwards, more or less to a side."""
    x, y = _places(pictures)
    angle = uniform((1,), -1.2, 1.2, generator)
    return x * angle.sin() - y * angle.cos()


def clouds(pictures: Tensor, generator: Generator) -> Tensor:
    """Return smooth noise."""
    side = int(torch.randint(2, 7, (1,), generator=generator))
    coarse = uniform((1, 1, side, side), 0.0, 1.0, generator)
    return F.interpolate(coarse, pictures.shape[-2:], mode="bicubic", align_corners=False)[0, 0]


def objects(pictures: Tensor, generator: Generator) -> Tensor:
    """Return a background and up to eight discs and boxes before it, the nearer ones in front."""
    x, y = _places(pictures)
    depth = torch.ones_like(x) + 0.3 * slope(pictures, generator)
    count = int(torch.randint(2, 9, (1,), generator=generator))
    for distance in uniform((count,), 0.1, 0.9, generator).sort(descending=True).values:
        middle_x, middle_y, width, height = uniform((4,), 0.0, 1.0, generator).tolist()
        u = (x - 2 * middle_x + 1) / (0.1 + 0.5 * width)
        v = (y - 2 * middle_y + 1) / (0.1 + 0.5 * height)
        inside = u * u + v * v < 1 if bool(chance((1,), 0.5, generator)) else torch.maximum(u.abs(), v.abs()) < 1
        depth = torch.where(inside, distance, depth)
    return depth


def looks(pictures: Tensor, generator: Generator) -> Tensor:
    """Return a random mix of what often goes with distance: brightness, paleness, and the place in the picture.

    Either sign of the first two is drawn, since guesses that always agree with the picture would teach that bright
    means far.
    """
    x, y = _places(pictures)
    gray = luma(pictures)[0, 0]
    pale = 1 - (pictures.amax(1) - pictures.amin(1))[0] / pictures.amax(1)[0].clamp_min(0.05)
    a, b, c, d = uniform((4,), -1.0, 1.0, generator)
    mix: Tensor = a * gray + b * pale - c.abs() * y + 0.5 * d * x
    return mix


PROXIES: tuple[Callable[[Tensor, Generator], Tensor], ...] = (room, ground, slope, clouds, objects, looks)


def depth(picture: Tensor, labels: Tensor, edges: float, generator: Generator) -> Tensor:
    """Guess the depth of one picture: two proxies mixed, and regions that stand before or behind their surroundings.

    ``d = (1 - m) q + m (mean_r q + e_r)``, q the mix of two random proxies scaled to [0, 1] each, mean_r its mean in
    a pixel's region r, e_r an offset that every region draws for itself, m the share of the regions' part; so that
    depth has edges where the unsupervised segmentation sees some, and none elsewhere.

    Args:
        picture: ``(1, 3, h, w)`` in [0, 1].
        labels: Regions ``(1, h, w)``, whole numbers from 0.
        edges: Largest size of the offsets.

    Returns:
        ``(1, 1, h, w)``, from 0 (nearest) to 1 (farthest).

    >>> far = depth(torch.rand(1, 3, 16, 16), torch.zeros(1, 16, 16).int(), 0.3, Generator().manual_seed(0))
    >>> far.shape, far.min().item(), far.max().item()
    (torch.Size([1, 1, 16, 16]), 0.0, 1.0)
    """
    first, second = torch.randint(len(PROXIES), (2,), generator=generator).tolist()
    share = uniform((1,), 0.5, 1.0, generator)
    mix = share * _scaled(PROXIES[first](picture, generator))
    mix = (mix + (1 - share) * _scaled(PROXIES[second](picture, generator)))[None, None]
    offsets = uniform((int(labels.max()) + 1,), -edges, edges, generator)[labels.long()][:, None]
    part = uniform((1,), 0.0, 1.0, generator) * chance((1,), 0.7, generator)
    return _scaled((1 - part) * mix + part * (region_means(mix, labels) + offsets))


def _places(pictures: Tensor) -> tuple[Tensor, Tensor]:
    """Return x and y of every pixel, from -1 at the left and top to 1."""
    height, width = pictures.shape[-2:]
    y, x = torch.meshgrid(torch.linspace(-1, 1, height), torch.linspace(-1, 1, width), indexing="ij")
    return x, y


def _scaled(values: Tensor) -> Tensor:
    """Scale values to [0, 1]."""
    low, high = values.amin(), values.amax()
    return (values - low) / (high - low).clamp_min(_TINY)


def without_own_haze(pictures: Tensor, share: float) -> Tensor:
    """Stretch pictures so that a share of their pixels has a channel at black: ``max(0, (x - b) / (1 - b))``.

    b is the quantile of the darkest channel, up to 0.5: an even haze of white airlight is taken out. Many photographs
    have some haze of their own, and to bring that back would teach to leave it. Beyond the paper.

    Args:
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
    :func:`pielight.training.degradations.haze.depth`.

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
