"""Noise and quantization that come with a low exposure."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from pielight.training.degradations.random import log_uniform


def sensor_noise(linear: Tensor, shot: tuple[float, float], read: tuple[float, float], generator: Generator) -> Tensor:
    """Add shot and read noise to linear light.

    ``y = x + n,  n ~ N(0, a * x + b)`` (the Poisson-Gaussian model of Foi et al., 2008), a and b drawn
    log-uniformly for each picture.

    Args:
        linear: ``(N, C, H, W)``, >= 0.
        shot: Bounds of a.
        read: Bounds of b.
        generator: The source of all randomness.

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
