"""Depth proxies: how far away every pixel might be, guessed at random, since no depth sensor was there."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from pielight.core.color_torch import luma
from pielight.training.data.regions import region_means
from pielight.training.degradations.random import chance, uniform

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
        generator: The source of all randomness.

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
