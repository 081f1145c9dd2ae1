"""Bag of Curves: badly exposed negatives made of well-exposed pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Generator, Tensor

from pielight.errors import ConfigError
from pielight.train.physics.random import log_uniform

Side = Literal["under", "over"]
Interval = tuple[float, float]


@dataclass(frozen=True)
class BagOfCurves:
    """Parameter intervals (log-uniform draws) of each curve family on its two sides."""

    gamma_under: Interval
    gamma_over: Interval
    tone_under: Interval
    tone_over: Interval
    log_under: Interval
    log_over: Interval


PRESETS = {
    # The parameters of the authors' script; 0.001 stands for its open lower end 0.
    "paper": BagOfCurves((5.0, 8.0), (0.001, 0.2), (6.0, 6.0), (0.1, 0.1), (10.0, 10.0), (40.0, 40.0)),
    # Continuous and milder: from just visibly wrong to badly wrong.
    "mild": BagOfCurves((1.6, 4.5), (0.25, 0.65), (1.6, 4.5), (0.25, 0.65), (8.0, 22.0), (36.0, 46.0)),
}


def bag(name: str) -> BagOfCurves:
    """Return the preset ``"paper"`` or ``"mild"``.

    Raises:
        ConfigError: for another name.

    >>> bag("paper").tone_under
    (6.0, 6.0)
    """
    if name not in PRESETS:
        raise ConfigError(f"negatives: {name!r} is unknown; choose {' or '.join(PRESETS)}")
    return PRESETS[name]


def gamma_curve(pictures: Tensor, gamma: Tensor) -> Tensor:
    """Apply ``y = x^g`` to every channel (PIE, Bag of Curves).

    Args:
        pictures: ``(N, 3, H, W)`` in [0, 1].
        gamma: ``(N, 1, 1, 1)``, > 0; above 1 darkens.

    >>> gamma_curve(torch.tensor([0.5]), torch.tensor([2.0]))
    tensor([0.2500])
    """
    return pictures**gamma


def tone_curve(pictures: Tensor, exponent: Tensor) -> Tensor:
    """Apply ``v -> v^e`` to the HSV value; hue and saturation stay (PIE, Bag of Curves).

    Args:
        pictures: ``(N, 3, H, W)`` in [0, 1].
        exponent: ``(N, 1, 1, 1)``, > 0; above 1 darkens.

    >>> tone_curve(torch.tensor([0.5, 0.25, 0.0]).view(1, 3, 1, 1), torch.tensor(2.0)).flatten()
    tensor([0.2500, 0.1250, 0.0000])
    """
    value = pictures.amax(1, keepdim=True)
    return _with_value(pictures, value, value**exponent)


def log_curve(pictures: Tensor, scale: Tensor) -> Tensor:
    """Apply ``v -> a * ln(1 + v)`` to the HSV value on the 8-bit scale; hue and saturation stay.

    Source: PIE, Bag of Curves. A scale above 255 / ln(256) = 45.99 clips.

    Args:
        pictures: ``(N, 3, H, W)`` in [0, 1].
        scale: a, ``(N, 1, 1, 1)``; 10 is under-, 40 over-exposed in the paper.

    >>> log_curve(torch.ones(1, 3, 1, 1), torch.tensor(10.0)).mul(255).flatten()[0].round(decimals=2)
    tensor(55.4500)
    """
    value = pictures.amax(1, keepdim=True)
    return _with_value(pictures, value, (scale * torch.log1p(255 * value) / 255).clamp_max(1.0))


def negatives(pictures: Tensor, curves: BagOfCurves, side: Side, generator: Generator) -> Tensor:
    """Draw one curve family for each picture and apply it on one side.

    Args:
        pictures: Well-exposed ``(N, 3, H, W)`` in [0, 1].
        curves: The intervals, for example :func:`bag`.
        side: ``"under"`` or ``"over"``.
        generator: The source of all randomness.

    Returns:
        Badly exposed ``(N, 3, H, W)`` in [0, 1].

    >>> grey = torch.full((4, 3, 2, 2), 0.5)
    >>> bool((negatives(grey, bag("mild"), "under", torch.Generator().manual_seed(0)) < 0.5).all())
    True
    """
    n = len(pictures)
    shape = (n, 1, 1, 1)
    under = side == "under"
    made = torch.stack(
        [
            gamma_curve(pictures, log_uniform(shape, *(curves.gamma_under if under else curves.gamma_over), generator)),
            tone_curve(pictures, log_uniform(shape, *(curves.tone_under if under else curves.tone_over), generator)),
            log_curve(pictures, log_uniform(shape, *(curves.log_under if under else curves.log_over), generator)),
        ]
    )
    family = torch.randint(len(made), (n,), generator=generator)
    return made[family, torch.arange(n)]


def _with_value(pictures: Tensor, old: Tensor, new: Tensor) -> Tensor:
    """Scale RGB so that its HSV value changes from ``old`` to ``new``; black takes the new value as grey."""
    return torch.where(old > 0, pictures * (new / old.clamp_min(1e-6)), new)
