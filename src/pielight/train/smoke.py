"""A smoke run: a minute of real training on toy pictures that shows whether every loss falls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from pielight.train.config import Data, Losses, Optimiser, Training
from pielight.train.data import load
from pielight.train.judging import Judging
from pielight.train.loop import train
from pielight.train.steps import Progress, flushed_denormals
from pielight.train.tasks import find_task
from pielight.train.toy import write_toy_pictures

STEPS = 150
FIRST, LAST = 5, 20  # steps that are compared; a bad start is left behind within ten
# Found by trial, for both networks; every other term weighs 1.
_WEIGHTS = {"inversion": 4.0, "brightness": 20.0, "regional": 40.0, "features": 7.0, "colour": 2.0, "highlights": 8.0,
            "smoothness": 2.0, "error": 20.0}  # fmt: skip
_BATCH, _FEATURE_BATCH = 4, 3
_SHIFT = (-0.9, -0.7, -0.55)  # of R, G, B: brighter by far, and reddish


@dataclass(frozen=True)
class Change:
    """Mean of a loss over the first and over the last steps."""

    term: str
    first: float
    last: float

    @property
    def fell(self) -> bool:
        """Whether the loss went down (False if it is not a number)."""
        return self.last < self.first


@flushed_denormals()  # before torch starts its threads, which inherit it
def smoke(folder: Path, config: Training, report: Callable[[Progress], None], steps: int = STEPS) -> list[Change]:
    """Train for a minute on toy pictures, with random features, through :func:`pielight.train.loop.train`.

    Args:
        folder: An empty folder for pictures, region cache and run.
        config: Its network and lattice, negatives and darkening, and which of its terms count, are tried out; weights,
            sizes and learning rate are those of the smoke run. Negatives do not get harder, since losses against
            harder ones may rise while the network gets better.
        report: Called with the losses of every step.
        steps: Number of steps, more than 25 to mean anything.

    Returns:
        What became of "total" and of every term.
    """
    dark, well = write_toy_pictures(folder)
    task = find_task(config.task)
    terms = list(task.terms)
    chosen = {term: _WEIGHTS.get(term, 1.0) if getattr(config.losses, term) else 0.0 for term in terms}
    if config.network == "lattice" and config.lattice.channels == 1:
        chosen["cast"] = 0.0  # nothing differs between channels that share a curve
    trial = Training(
        name="smoke", task=config.task, network=config.network, lattice=config.lattice, seed=0, steps=steps,
        dark_batch=_BATCH, well_batch=_BATCH, feature_batch=_FEATURE_BATCH, bank=48, pairs=32,
        negatives=config.negatives, adaptive=config.adaptive, features="random",
        checkpoint_minutes=60.0, out=str(folder / "run"), darkening=config.darkening, haze=config.haze,
        rain=config.rain,
        losses=Losses(**chosen, temperature=0.5), judging=Judging(steps=60, batch=4),
        data=Data((str(dark),) if task.name == "darkness" else (), (str(well),), size=64,
                  render=64 if task.spatial else 32, smallest=64, well_shadows=0.0, cache=str(folder / "cache")),
        optimiser=Optimiser(rate=1.5e-3, warmup=5, average=0.9),
    )  # fmt: skip
    pictures, _ = load((str(dark),), "dark", trial.data).batch(8, torch.Generator().manual_seed(0))
    steps_seen: list[dict[str, float]] = []

    def note(progress: Progress) -> None:
        steps_seen.append(progress.terms)
        report(progress)

    train(trial, note, every=1, begin=lambda network: start_badly(network, pictures))
    return [Change(term, _mean(steps_seen[:FIRST], term), _mean(steps_seen[-LAST:], term)) for term in steps_seen[0]]


@torch.no_grad()
def start_badly(network: nn.Module, pictures: Tensor, spread: float = 0.8) -> None:
    """Redraw the weights of a network so that its curve maps of some pictures are loud noise that over-exposes.

    Every layer's weights from ``N(0, 2 / fan_in)`` (He et al., 2015); the last convolution is then rescaled so
    that each of its channels has a given mean and deviation over the pictures, before tanh (as in LSUV, Mishkin and
    Matas, 2016).
    A fresh network starts next to the identity, where features, smoothness and the like are 0 and cannot fall.

    Args:
        network: What is changed.
        pictures: ``(N, 3, S, S)`` in [0, 1].
        spread: The deviation.
    """
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight)
    last, seen = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d)][-1], []
    hook = last.register_forward_hook(lambda _layer, _inputs, output: seen.append(output))
    network(pictures)
    hook.remove()
    deviation, mean = torch.std_mean(seen[0], (0, 2, 3))
    scale = spread / deviation.clamp_min(1e-8)
    last.weight *= scale.view(-1, 1, 1, 1)
    shift = torch.tensor(_SHIFT).repeat(len(scale))[: len(scale)]  # by iterations, where channels share a curve
    last.get_parameter("bias").copy_(shift - mean * scale)


def _mean(steps: list[dict[str, float]], term: str) -> float:
    values = [step[term] for step in steps if term in step]
    return sum(values) / len(values) if values else float("nan")
