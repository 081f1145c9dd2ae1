"""Bag of Curves: badly exposed negatives made of well-exposed pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Generator, Tensor

from pielight.errors import ConfigError
from pielight.training.degradations.adaptive import adaptive_negatives
from pielight.training.degradations.curve_families import (
    Interval,
    Side,
    gamma_curve,
    log_curve,
    moebius_curve,
    tone_curve,
)
from pielight.training.degradations.noise import log_uniform, uniform


@dataclass(frozen=True)
class BagOfCurves:
    """Parameter intervals (log-uniform draws) of curve families on both sides, whatever the picture."""

    gamma_under: Interval
    gamma_over: Interval
    tone_under: Interval
    tone_over: Interval
    log_under: Interval
    log_over: Interval
    stops_under: Interval | None = None
    """EV of the exposure curve (uniform); None leaves it out, as the paper does."""
    stops_over: Interval | None = None


PRESETS = {
    # The parameters of the authors' script; 0.001 stands for its open lower end 0.
    "paper": BagOfCurves((5.0, 8.0), (0.001, 0.2), (6.0, 6.0), (0.1, 0.1), (10.0, 10.0), (40.0, 40.0)),
    # Continuous and milder: from just visibly wrong to badly wrong.
    "mild": BagOfCurves(
        (1.6, 4.5), (0.25, 0.65), (1.6, 4.5), (0.25, 0.65), (8.0, 22.0), (36.0, 46.0), (-4.5, -1.0), (0.8, 3.0)
    ),
}


ADAPTIVE: Literal["adaptive"] = "adaptive"


def bag(name: str) -> BagOfCurves | Literal["adaptive"]:
    """Return ``"paper"`` or ``"mild"``; ``"adaptive"`` has no intervals and is returned as it is.

    Raises:
        ConfigError: for another name.

    >>> bag("paper").tone_under
    (6.0, 6.0)
    """
    if name == ADAPTIVE:
        return ADAPTIVE
    if name not in PRESETS:
        raise ConfigError(f"negatives: {name!r} is unknown; choose {', '.join(PRESETS)} or adaptive")
    return PRESETS[name]


def negatives(
    pictures: Tensor, labels: Tensor, curves: BagOfCurves | Literal["adaptive"], side: Side, generator: Generator
) -> Tensor:
    """Draw one curve family for each picture and apply it on one side.

    Args:
        curves: The intervals, for example :func:`bag`.

    >>> gray, labels = torch.full((4, 3, 2, 2), 0.5), torch.zeros(4, 2, 2)
    >>> bool((negatives(gray, labels, bag("mild"), "under", torch.Generator().manual_seed(0)) < 0.5).all())
    True
    """
    if curves == ADAPTIVE:
        return adaptive_negatives(pictures, labels, side, generator)
    n = len(pictures)
    shape = (n, 1, 1, 1)
    under = side == "under"
    made = [
        gamma_curve(pictures, log_uniform(shape, *(curves.gamma_under if under else curves.gamma_over), generator)),
        tone_curve(pictures, log_uniform(shape, *(curves.tone_under if under else curves.tone_over), generator)),
        log_curve(pictures, log_uniform(shape, *(curves.log_under if under else curves.log_over), generator)),
    ]
    stops = curves.stops_under if under else curves.stops_over
    if stops is not None:
        made.append(moebius_curve(pictures, uniform(shape, *stops, generator)))
    family = torch.randint(len(made), (n,), generator=generator)
    return torch.stack(made)[family, torch.arange(n)]
