"""Seeded draws that every physical model here is made of."""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor


def uniform(shape: tuple[int, ...], low: float, high: float, generator: Generator) -> Tensor:
    """Draw uniformly from [low, high).

    >>> uniform((2,), 3.0, 3.0, torch.Generator().manual_seed(0))
    tensor([3., 3.])
    """
    return low + (high - low) * torch.rand(shape, generator=generator)


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
