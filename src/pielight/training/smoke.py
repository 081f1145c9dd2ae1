"""A smoke run: a minute on toy pictures that shows whether every term of a loss is sound, and training runs.

A term is sound if it falls when it is descended alone on one batch. What losses do from step to step is not checked:
they are of other pictures each time, and go up as well as down.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from pielight.errors import ModelError
from pielight.training.objectives.objective import Objective, ignore
from pielight.training.recipe import objective_of
from pielight.training.schedules import PREPARATION
from pielight.training.trainer import Report, StepReport, flushed_denormals, train

TOGETHER = 60
"""Steps of training on all terms."""
STEPS = 16
"""Steps of a descent."""
_LEAST = 1e-3  # share of its value by which a term should fall: more than rounding errors
_STRIDE = 1e-6  # length of the first step, as a share of the length of all weights: the slope holds so far
_EXPECTED = 0.1  # share of the fall that the slope promises with which a step is content (Armijo, 1966)
_TRIES = 6


@dataclass(frozen=True)
class Verdict:
    """Whether one term is sound."""

    term: str
    first: float
    """Its value at a bad start."""
    last: float
    """After some steps from there, on the same batch."""

    @property
    def fault(self) -> str:
        """What is wrong with it, or an empty text.

        >>> Verdict("inversion", 0.3, 0.2).fault, Verdict("inversion", 0.3, 0.3).fault
        ('', 'DOES NOT FALL')
        """
        if not (math.isfinite(self.first) and math.isfinite(self.last)):
            return "IS NO NUMBER"
        if min(self.first, self.last) < 0:
            return "IS NEGATIVE"  # a sign is wrong: every term is a cost
        return "" if self.last <= (1 - _LEAST) * self.first and self.first else "DOES NOT FALL"


def smoke(folder: Path, config: Any, report: Report, steps: int = TOGETHER) -> Iterator[Verdict]:
    """Check every term of a loss, then train on all of them, on toy pictures with random features.

    Each term, and their total, is descended alone on one batch, from a network that starts badly, so that it falls if
    it is sound, on any machine. Then the network is trained and exported.

    Args:
        folder: An empty folder for pictures, cache and run.
        config: The settings of a recipe: its task, network, weights of terms, physics and seed are tried out; sizes
            and learning rate are those of the smoke run.
        report: Called with the losses of every step of the training.

    Yields:
        The value of every term, and "total" at last; the training follows if none has a fault.

    Raises:
        DataError: if the folder cannot be written.
        ModelError: likewise, or if a step of the training was skipped.
    """
    with flushed_denormals():  # before torch starts its threads, which inherit it
        objective = objective_of(config).toy(folder, steps)
        torch.manual_seed(objective.config.seed)
        network = objective.build(ignore)
        objective.read(ignore)
        objective.prepare(network, ignore)
        sound = True
        for verdict in check_terms(network, objective):
            yield verdict
            sound = sound and not verdict.fault
        if sound:
            trained_soundly(lambda note: train(objective.config, note, every=1), report)


def check_terms(network: nn.Module, objective: Objective[Any], steps: int = STEPS) -> Iterator[Verdict]:
    """Descend every term that weighs anything alone, and their total, on one batch.

    Args:
        network: A fresh network; stays as it is.
        objective: Prepared, on the CPU.
    """
    batch = objective.draw(PREPARATION)
    bad = copy.deepcopy(network)
    objective.start_badly(bad, batch)
    with torch.no_grad():
        names = list(objective.terms(bad, batch))
    for name in [*names, "total"]:
        pupil = copy.deepcopy(bad)

        def cost(pupil: nn.Module = pupil, name: str = name) -> Tensor:
            if name == "total":
                return objective.total(objective.terms(pupil, batch))
            return objective.terms(pupil, batch, only={name})[name]

        yield Verdict(name, *descend(pupil, cost, steps))


def trained_soundly(run: Callable[[Report], Path], report: Report) -> None:
    """Train by a function that takes the report, and check that no step was skipped.

    Raises:
        ModelError: if a loss or its gradient was not finite.
    """
    skipped = 0

    def note(progress: StepReport) -> None:
        nonlocal skipped
        skipped = progress.skipped
        report(progress)

    run(note)
    if skipped:
        raise ModelError(f"{skipped} steps of the training were skipped: the loss or its gradient was no number")


def descend(network: nn.Module, loss: Callable[[], Tensor], steps: int = STEPS) -> tuple[float, float]:
    """Follow the gradient of a loss down, by steps so short that each lowers it, as far as there is a way down.

    Backtracking line search: a loss whose gradient belongs to it falls, whatever the machine and the seed. With a
    learning rate of any choice it may also rise.

    Args:
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
    slopes = torch.autograd.grad(value, weights, allow_unused=True)
    return [torch.zeros_like(weight) if part is None else part for weight, part in zip(weights, slopes, strict=True)]


def _norm(parts: list[Tensor]) -> float:
    return math.sqrt(sum(part.double().square().sum().item() for part in parts))
