"""Rain: streaks near and far, a veil, and drops on the lens, laid over a dry picture."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from pielight.training.degradations.exposure import blur
from pielight.training.degradations.noise import chance, log_uniform, quantize, uniform
from pielight.training.schema import RainConfig

_THINNEST = 0.5  # pixels: of a thinner streak a pixel is only partly covered


def streak(length: float, angle: float, width: float) -> Tensor:
    """Return one streak ``(K, K)``, about 1 along its middle: a line with a Gaussian profile and ends as soft.

    ``exp(-v^2 / 2 w^2) / (1 + exp(1.7 (|u| - L / 2) / w))``, u along and v across the line.

    Args:
        length: L in pixels.
        angle: Against the vertical in degrees; positive ones lean to the right at the bottom.
        width: w in pixels.

    >>> streak(9.0, 0.0, 0.5).sum(1).argmax().item(), streak(9.0, 0.0, 0.5).shape[-1]
    (6, 13)
    """
    radius = math.ceil(length / 2 + 3 * width)
    y, x = torch.meshgrid(*(torch.arange(-radius, radius + 1, dtype=torch.float32),) * 2, indexing="ij")
    turn = math.radians(angle)
    along, across = y * math.cos(turn) + x * math.sin(turn), x * math.cos(turn) - y * math.sin(turn)
    return torch.exp(-across.square() / (2 * width * width)) / (1 + torch.exp(1.7 * (along.abs() - length / 2) / width))


def layer(shape: tuple[int, int], line: Tensor, cover: float, generator: Generator) -> Tensor:
    """Draw the streaks of one distance: ``min(1.5, s * l)``, l the line, ``*`` convolution, s specks.

    Few specks are bright and many faint, ``0.1 + 0.9 u^2`` with u from 0 to 1. One is drawn with the probability
    ``-ln(1 - c) / sum(l)``, so that lines, wherever they fall, lie over a share c of the picture.

    Args:
        line: l, ``(K, K)``.
        cover: c, from 0 to below 1.

    Returns:
        ``(H, W)``, from 0 to 1.5.

    >>> drawn = layer((64, 64), streak(9.0, 0.0, 0.5), 0.3, Generator().manual_seed(0))
    >>> bool((drawn > 0.05).float().mean() > 0.1)
    True
    """
    margin = len(line) - 1  # lines that begin outside
    size = (shape[0] + margin, shape[1] + margin)
    share = -math.log1p(-cover) / float(line.sum())
    specks = chance(size, share, generator) * (0.1 + 0.9 * torch.rand(size, generator=generator).square())
    whole = (size[0] + margin, size[1] + margin)
    drawn: Tensor = torch.fft.irfft2(torch.fft.rfft2(specks, whole) * torch.fft.rfft2(line, whole), whole)
    return drawn[margin : size[0], margin : size[1]].clamp(0, 1.5)


def fallen(shape: tuple[int, int], config: RainConfig, generator: Generator) -> Tensor:
    """Draw the light of all streaks of one picture: layers at several distances, thinned where gusts take the rain.

    A layer at a distance z has streaks of length ``L / z`` and width ``w' = sqrt(w^2 + b^2) / z``, b its blur where it
    is out of focus; their brightness is ``a w / (z w')``, since blur spreads their light (Garg and Nayar, IJCV 2007).
    Drops get more with z^2, and what one covers gets less, so that a layer's cover does not depend on z. w' is at least
    half a pixel.

    Returns:
        ``(H, W)``, >= 0.
    """
    angle, peak = (float(uniform((1,), *ends, generator)) for ends in (config.angle, config.brightness))
    length, width = (float(log_uniform((1,), *ends, generator)) for ends in (config.length, config.width))
    light = torch.zeros(shape)
    for _ in range(int(torch.randint(1, config.layers + 1, (), generator=generator))):
        distance = float(log_uniform((1,), 1.0, config.farthest, generator))
        cover = float(log_uniform((1,), *config.cover, generator))
        lean = angle + float(uniform((1,), -4.0, 4.0, generator))
        sharp, blurred = width / distance, float(uniform((1,), *config.defocus, generator)) / distance
        wide = max(_THINNEST, math.hypot(sharp, blurred))
        line = streak(length / distance, lean, wide)
        light += peak * min(1.0, sharp / wide) * layer(shape, line, cover, generator)
    gusts = F.interpolate(torch.rand((1, 1, 3, 3), generator=generator), shape, mode="bicubic", align_corners=True)
    return light * (1 - config.gusts * float(torch.rand((), generator=generator)) * gusts[0, 0].clamp(0, 1))


def lens_drops(picture: Tensor, generator: Generator) -> Tensor:
    """Lay drops on the lens over one picture: discs out of focus, through which a blurred, brighter scene is seen.

    ``I = (1 - m) J + m (0.75 b(J) + 0.25)``, b a blur by 8 pixels, m the largest of the discs at a place:
    ``(0.3 + 0.6 s) sigmoid((r - |p - q|) / 1.5)``, r from 4 to 18 pixels, s from 0 to 1 and the middle q drawn.

    Args:
        picture: J, ``(1, 3, H, W)`` in [0, 1].
    """
    height, width = picture.shape[-2:]
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    mask = torch.zeros(1, 1, height, width)
    for _ in range(int(torch.randint(2, 12, (), generator=generator))):
        row, column, radius, strength = torch.rand(4, generator=generator).tolist()
        far = ((y - row * height).square() + (x - column * width).square()).sqrt()
        mask = torch.maximum(mask, (0.3 + 0.6 * strength) * torch.sigmoid((4 + 14 * radius - far) / 1.5))
    blurred = torch.cat([blur(channel, 8.0) for channel in picture.split(1, 1)], 1)
    return picture * (1 - mask) + (0.75 * blurred + 0.25) * mask


def rain(pictures: Tensor, config: RainConfig, generator: Generator) -> Tensor:
    """Lay rain over dry pictures: ``I = min(1, J + (1 - k J) R + v)``, and drops on the lens of some.

    Streaks R (:func:`fallen`) add light to what lies behind them, the more the darker that is: k is drawn from 0, as in
    the pictures that methods are compared on, to 1, which never clips; v is the veil. In sRGB.

    Args:
        pictures: J, ``(N, 3, H, W)`` in [0, 1].

    Returns:
        I, ``(N, 3, H, W)`` in [0, 1], quantized to 8 bits where it rains.

    >>> dry = torch.full((2, 3, 48, 64), 0.3)
    >>> bool((rain(dry, RainConfig(untouched=0, drops=0), Generator().manual_seed(0)) >= quantize(dry)).all())
    True
    """
    rainy = []
    for picture in pictures.split(1):
        if bool(chance((), config.untouched, generator)):
            rainy.append(picture)
            continue
        light = fallen((picture.shape[-2], picture.shape[-1]), config, generator)
        spared = uniform((1,), 0.0, 1.0, generator)
        wet = picture + (1 - spared * picture) * light + uniform((1,), *config.veil, generator)
        if bool(chance((), config.drops, generator)):
            wet = lens_drops(wet, generator)
        rainy.append(quantize(wet.clamp(0, 1)))
    return torch.cat(rainy)
