"""Seeded draws, sensor noise, 8 bits and JPEG: what comes with a low exposure when a picture is taken and stored."""

from __future__ import annotations

import io
import math

import numpy as np
import torch
from PIL import Image
from torch import Generator, Tensor

from pielight.core.color_torch import linear_to_srgb, srgb_to_linear

_NOISY, _COMPRESSED = 0.3, 0.3  # shares of the negatives
_SHOT_NOISE, _READ_NOISE = (1e-5, 1e-3), (1e-8, 1e-5)  # their variances: per unit of linear light, and in the dark
_QUALITY = (60, 95)  # of their JPEG (uniform)


def uniform(shape: tuple[int, ...], low: float, high: float, generator: Generator) -> Tensor:
    """Draw uniformly from [low, high).

    >>> uniform((2,), 3.0, 3.0, torch.Generator().manual_seed(0))
    tensor([3., 3.])
    """
    return low + (high - low) * torch.rand(shape, generator=generator)


def draw(low: float, high: float, generator: Generator) -> float:
    """Draw one number uniformly from [low, high).

    >>> draw(3, 3, torch.Generator().manual_seed(0))
    3.0
    """
    return float(uniform((1,), low, high, generator))


def log_uniform(shape: tuple[int, ...], low: float, high: float, generator: Generator) -> Tensor:
    """Draw so that the logarithm is uniform in [log low, log high); both bounds > 0.

    >>> bool((log_uniform((9,), 1e-4, 1e-2, torch.Generator().manual_seed(0)) >= 1e-4).all())
    True
    """
    return torch.exp(uniform(shape, math.log(low), math.log(high), generator))


def chance(shape: tuple[int, ...], share: float, generator: Generator) -> Tensor:
    """Draw True with the probability ``share``.

    >>> chance((2,), 1.0, torch.Generator().manual_seed(0))
    tensor([True, True])
    """
    return torch.rand(shape, generator=generator) < share


def sensor_noise(linear: Tensor, shot: tuple[float, float], read: tuple[float, float], generator: Generator) -> Tensor:
    """Add shot and read noise to linear light.

    ``y = x + n,  n ~ N(0, a * x + b)`` (the Poisson-Gaussian model of Foi et al., 2008), a and b drawn
    log-uniformly for each picture.

    Args:
        linear: ``(N, C, H, W)``, >= 0.
        shot: Bounds of a.
        read: Bounds of b.

    Returns:
        ``(N, C, H, W)``, not clipped.

    >>> flat = torch.full((1, 3, 64, 64), 0.5)
    >>> noisy = sensor_noise(flat, (0.02, 0.02), (1e-9, 1e-9), torch.Generator().manual_seed(0))
    >>> 0.09 < noisy.std().item() < 0.11
    True
    """
    n = len(linear)
    a = log_uniform((n, 1, 1, 1), *shot, generator)
    b = log_uniform((n, 1, 1, 1), *read, generator)
    return linear + torch.randn(linear.shape, generator=generator) * (a * linear + b).sqrt()


def quantize(pictures: Tensor, levels: int = 255) -> Tensor:
    """Round values in [0, 1] to the nearest of ``levels + 1`` steps.

    >>> quantize(torch.tensor([0.5]), levels=1) in (0.0, 1.0)
    True
    """
    return torch.round(pictures * levels) / levels


def capture(pictures: Tensor, generator: Generator) -> Tensor:
    """Keep pictures as a camera would: some with noise in linear light, all in 8 bits, some as JPEG.

    ``y = JPEG(Q8(sRGB(lin(x) + n)))``, ``n ~ N(0, a lin(x) + b)``: against the signal, noise is the stronger the
    darker a picture is, so that it comes with a low exposure by itself.

    Returns:
        ``(N, 3, H, W)`` in [0, 1], multiples of 1/255.

    >>> flat = torch.full((1, 3, 8, 8), 0.5)
    >>> abs(capture(flat, torch.Generator().manual_seed(0)).mean().item() - 0.5) < 0.01
    True
    """
    n = len(pictures)
    noisy = chance((n, 1, 1, 1), _NOISY, generator)
    compressed = chance((n,), _COMPRESSED, generator)
    quality = torch.randint(_QUALITY[0], _QUALITY[1] + 1, (n,), generator=generator)
    grain = linear_to_srgb(sensor_noise(srgb_to_linear(pictures), _SHOT_NOISE, _READ_NOISE, generator).clamp(0, 1))
    kept = quantize(torch.where(noisy, grain, pictures).clamp(0, 1))
    for i in compressed.nonzero().flatten().tolist():
        kept[i] = jpeg(kept[i], int(quality[i]))
    return kept


def jpeg(picture: Tensor, quality: int, subsampling: str = "4:2:0") -> Tensor:
    """Return a picture as it comes back from JPEG, by default with color at half the resolution (Pillow, in memory).

    Args:
        picture: ``(3, H, W)`` in [0, 1].
        quality: From 1 to 100, on libjpeg's scale.
        subsampling: ``4:4:4`` for color at full resolution.

    Returns:
        ``(3, H, W)`` in [0, 1].

    >>> jpeg(torch.full((3, 16, 16), 0.2), 75).mul(255).unique()
    tensor([51.])
    """
    pixels = (picture * 255).round().to(torch.uint8).permute(1, 2, 0).contiguous().numpy()
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality, subsampling=subsampling)
    back = np.array(Image.open(file))
    return torch.from_numpy(back).permute(2, 0, 1).to(picture.dtype) / 255
