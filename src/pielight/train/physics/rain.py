"""Rain: streaks, a veil, and drops on the lens, laid over a dry picture."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from pielight.train.physics.exposure import blur
from pielight.train.physics.noise import quantise
from pielight.train.physics.random import chance, log_uniform, uniform


@dataclass(frozen=True)
class Rain:
    """How dry pictures become rainy (intervals are uniform draws, each for a picture, or for each of its layers)."""

    untouched: float = 0.3
    """Share of pictures that stay dry, so that dry pictures are left alone."""
    layers: int = 3
    """Layers of streaks at most, one for each distance."""
    length: tuple[float, float] = (5.0, 45.0)
    """Of a streak in pixels: how far a drop falls while the shutter is open."""
    width: tuple[float, float] = (0.4, 1.6)
    """Standard deviation of a streak's profile in pixels; near drops are wider."""
    angle: tuple[float, float] = (-35.0, 35.0)
    """Of all streaks against the vertical in degrees; layers differ by a few degrees."""
    density: tuple[float, float] = (0.002, 0.3)
    """Share of the pixels in which a streak begins (log-uniform)."""
    brightness: tuple[float, float] = (0.06, 0.4)
    """Of the brightest streaks of a layer in sRGB."""
    veil: tuple[float, float] = (0.0, 0.01)
    """Light that drops too far away to be seen one by one add everywhere."""
    drops: float = 0.1
    """Share of pictures with drops on the lens, out of focus."""


def streaks(shape: tuple[int, int], how: Rain, angle: float, generator: Generator) -> Tensor:
    """Draw one layer: specks of random brightness, drawn out along the way that drops fall while the shutter is open.

    ``R = a (s * l) / q``: s the specks, l a line of the drawn length, angle and width, ``*`` convolution, q the 0.995
    quantile, so that a is the brightness of the brightest streaks.

    Args:
        shape: Height and width.
        how: The intervals to draw from.
        angle: Against the vertical in degrees.
        generator: The source of all randomness.

    Returns:
        ``(1, 1, H, W)``, >= 0.
    """
    share, length, width, peak = (
        float(draw) for draw in (
            log_uniform((1,), *how.density, generator), uniform((1,), *how.length, generator),
            uniform((1,), *how.width, generator), uniform((1,), *how.brightness, generator),
        )
    )  # fmt: skip
    line = streak(length, angle, width)
    margin = line.shape[-1] // 2
    size = (1, 1, shape[0] + 2 * margin, shape[1] + 2 * margin)
    specks = chance(size, share, generator) * torch.rand(size, generator=generator)
    layer = F.conv2d(specks, line)
    brightest = torch.quantile(layer.flatten()[:: max(1, layer.numel() // 20000)], 0.995).clamp_min(0.05)
    return (peak * layer / brightest).clamp_max(1.5 * peak)


def streak(length: float, angle: float, width: float) -> Tensor:
    """Return one streak as a kernel ``(1, 1, K, K)`` with a sum of 1: a line with a Gaussian profile.

    ``exp(-v^2 / 2 w^2) / (1 + exp(2 (|u| - L / 2)))``, u along and v across the line.

    Args:
        length: L in pixels.
        angle: Against the vertical in degrees; positive ones lean to the right at the bottom.
        width: w in pixels.

    >>> streak(9.0, 0.0, 0.5)[0, 0].sum(1).argmax().item(), streak(9.0, 0.0, 0.5).shape[-1]
    (7, 15)
    """
    radius = math.ceil(length / 2 + 2.5)
    y, x = torch.meshgrid(*(torch.arange(-radius, radius + 1, dtype=torch.float32),) * 2, indexing="ij")
    turn = math.radians(angle)
    along, across = y * math.cos(turn) + x * math.sin(turn), x * math.cos(turn) - y * math.sin(turn)
    kernel = torch.exp(-across.square() / (2 * width * width)) / (1 + torch.exp(2 * (along.abs() - length / 2)))
    return (kernel / kernel.sum()).view(1, 1, *kernel.shape)


def lens_drops(picture: Tensor, generator: Generator) -> Tensor:
    """Lay drops on the lens over one picture: discs out of focus, through which a blurred, brighter scene is seen.

    Args:
        picture: ``(1, 3, H, W)`` in [0, 1].
        generator: The source of all randomness.
    """
    height, width = picture.shape[-2:]
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    mask = torch.zeros(1, 1, height, width)
    for _ in range(int(torch.randint(2, 12, (), generator=generator))):
        row, column, radius, strength = torch.rand(4, generator=generator).tolist()
        far = ((y - row * height).square() + (x - column * width).square()).sqrt()
        mask = torch.maximum(mask, (0.2 + 0.5 * strength) * torch.sigmoid((4 + 12 * radius - far) / 1.5))
    blurred = torch.cat([blur(channel, 4.0) for channel in picture.split(1, 1)], 1)
    return picture * (1 - mask) + (0.8 * blurred + 0.2) * mask


def rain(pictures: Tensor, how: Rain, generator: Generator) -> Tensor:
    """Lay rain over dry pictures: ``I = min(1, J + (1 - k J) (R_1 + .. + R_n) + v)``, and drops on the lens.

    Streaks add light to what lies behind them (Garg and Nayar, IJCV 2007), the more the darker that is: k is drawn from
    0, as in the pictures that methods are compared on, to 1, which never clips. In sRGB.

    Args:
        pictures: J, ``(N, 3, H, W)`` in [0, 1].
        how: The intervals to draw from.
        generator: The source of all randomness.

    Returns:
        I, ``(N, 3, H, W)`` in [0, 1], quantised to 8 bits where it rains.

    >>> dry = torch.full((2, 3, 48, 64), 0.3)
    >>> bool((rain(dry, Rain(untouched=0, drops=0), Generator().manual_seed(0)) >= quantise(dry)).all())
    True
    """
    found = []
    for picture in pictures.split(1):
        if bool(chance((), how.untouched, generator)):
            found.append(picture)
            continue
        angle = float(uniform((1,), *how.angle, generator))
        shape = (picture.shape[-2], picture.shape[-1])
        layers = [
            streaks(shape, how, angle + float(uniform((1,), -4.0, 4.0, generator)), generator)
            for _ in range(int(torch.randint(1, how.layers + 1, (), generator=generator)))
        ]
        fallen = torch.stack(layers).sum(0)
        spared = uniform((1,), 0.0, 1.0, generator)
        wet = picture + (1 - spared * picture) * fallen + uniform((1,), *how.veil, generator)
        if bool(chance((), how.drops, generator)):
            wet = lens_drops(wet, generator)
        found.append(quantise(wet.clamp(0, 1)))
    return torch.cat(found)
