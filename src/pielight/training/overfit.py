"""Whether a term of a loss is sound: descended alone on one batch, it falls."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

STEPS = 16
_LEAST = 1e-3  # share of its value by which a term should fall: more than rounding errors
_STRIDE = 1e-6  # length of the first step, as a share of the length of all weights: the slope holds so far
_EXPECTED = 0.1  # share of the fall that the slope promises with which a step is content (Armijo, 1966)
_TRIES = 6


@dataclass(frozen=True)
class Verdict:
    """What one term costs."""

    term: str
    first: float
    """At a bad start."""
    last: float
    """After some steps from there, on the same batch."""

    @property
    def fault(self) -> str:
        """What is wrong with it, or nothing.

        >>> Verdict("inversion", 0.3, 0.2).fault, Verdict("inversion", 0.3, 0.3).fault
        ('', 'DOES NOT FALL')
        """
        if not (math.isfinite(self.first) and math.isfinite(self.last)):
            return "IS NO NUMBER"
        if min(self.first, self.last) < 0:
            return "IS NEGATIVE"  # a sign is wrong: every term is a cost
        return "" if self.last <= (1 - _LEAST) * self.first and self.first else "DOES NOT FALL"


def descend(network: nn.Module, loss: Callable[[], Tensor], steps: int = STEPS) -> tuple[float, float]:
    """Follow the gradient of a loss down, by steps so short that each lowers it, as far as there is a way down.

    Backtracking line search: a loss whose gradient belongs to it falls, whatever the machine and the seed. With a
    learning rate of any choice it may also rise.

    Args:
        network: Its weights are moved.
        loss: Of the network, on one batch, without any chance in it.
        steps: At most.

    Returns:
        The loss before and after.

    >>> line = nn.Linear(1, 1)
    >>> first, last = descend(line, lambda: (line.weight - 3).square().sum())
    >>> last < first
    True
    """
    weights = [weight for weight in network.parameters() if weight.requires_grad]
    length = _STRIDE * _norm([weight.detach() for weight in weights])
    value = loss()
    first = last = value.item()
    for _ in range(steps):
        slope = _slope(value, weights)
        steepness = _norm(slope)
        if not 0 < steepness < math.inf:
            break
        before = [weight.detach().clone() for weight in weights]
        for _ in range(_TRIES):
            with torch.no_grad():
                for weight, old, part in zip(weights, before, slope, strict=True):
                    weight.copy_(old - length / steepness * part)
            value = loss()
            if value.item() <= last - _EXPECTED * length * steepness:
                break
            length /= 4
        else:
            break  # there is no way down
        last, length = value.item(), 8 * length
    return first, last


def _slope(value: Tensor, weights: list[nn.Parameter]) -> list[Tensor]:
    """Return the gradient, 0 where the value does not depend on a weight."""
    if not value.requires_grad:
        return [torch.zeros_like(weight) for weight in weights]
    found = torch.autograd.grad(value, weights, allow_unused=True)
    return [torch.zeros_like(weight) if part is None else part for weight, part in zip(weights, found, strict=True)]


def _norm(parts: list[Tensor]) -> float:
    return math.sqrt(sum(part.double().square().sum().item() for part in parts))
