"""A smoke run: a minute on toy pictures that shows whether every term of a loss is sound, and training runs."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch import Tensor, nn

from pielight.errors import ModelError
from pielight.training.data.toy import write_toy_pictures
from pielight.training.data.train_context import APART, Material, prepare, read_pictures
from pielight.training.loop import train
from pielight.training.objectives import find_task
from pielight.training.objectives.enhance import draw, observe, total, unweighted
from pielight.training.overfit import STEPS, Verdict, descend
from pielight.training.schema import DataConfig, OptimizerConfig, TrainConfig
from pielight.training.steps import Progress, flushed_denormals

TOGETHER = 60
"""Steps of training on all terms."""
_SHIFT = (-0.9, -0.7, -0.55)  # of R, G, B: brighter by far, and reddish
_CPU = torch.device("cpu")


def smoke(
    folder: Path, config: TrainConfig, report: Callable[[Progress], None], steps: int = TOGETHER
) -> Iterator[Verdict]:
    """Judge every term of a loss, then train on all of them, on toy pictures with random features.

    Each term, and their total, is descended alone on one batch, from a network that starts badly, as :func:`descend`
    does, so that it falls if it is sound, on any machine. Then the network is trained by
    :func:`pielight.training.loop.train` and exported. What losses do from step to step is not judged: they are of other
    pictures each time, and go up as well as down.

    Args:
        folder: An empty folder for pictures, cache and run.
        config: Its task, network, weights of terms, physics and seed are tried out; sizes and learning rate are those
            of the smoke run.
        report: Called with the losses of every step of the training.
        steps: Of the training.

    Yields:
        What every term costs, and "total" at last; the training follows if none has a fault.

    Raises:
        DataError: if the folder cannot be written.
        ModelError: likewise, or if a step of the training was skipped.
    """
    with flushed_denormals():  # before torch starts its threads, which inherit it
        trial = toy_settings(folder, config, steps)
        torch.manual_seed(trial.seed)
        network = find_task(trial.task).build(trial)
        material = prepare(trial, read_pictures(trial, _CPU, lambda _: None), _CPU, lambda _: None)
        sound = True
        for verdict in judge_terms(network, trial, material):
            yield verdict
            sound = sound and not verdict.fault
        if sound:
            trained_soundly(lambda note: train(trial, note, every=1), report)


def toy_settings(folder: Path, config: TrainConfig, steps: int) -> TrainConfig:
    """Write toy pictures into a folder and return the settings of a short run on them."""
    dark, well = write_toy_pictures(folder)
    task, weights = find_task(config.task), config.losses
    if config.network == "lattice" and config.lattice.channels == 1:
        weights = dataclasses.replace(
            weights, cast_smoothness=0.0
        )  # nothing differs between channels that share a curve
    own = (str(dark),) if task.name == "brighten" else ()
    side = 64 if task.spatial else 32
    data = DataConfig(own, (str(well),), 64, side, min_size=64, well_shadows=0.0, cache=str(folder / "cache"))
    return dataclasses.replace(
        config, name="smoke", steps=steps, dark_batch=4, well_batch=4, feature_batch=2, bank=48, pairs=32,
        curriculum=False, vgg_weights="random", precision="no", checkpoint_minutes=60.0, out=str(folder / "run"),
        data=data, losses=weights, exposure_estimator=dataclasses.replace(config.exposure_estimator, steps=60, batch=4),
        optimizer=OptimizerConfig(lr=1.5e-3, warmup_steps=5, ema_decay=0.9),
        haze=dataclasses.replace(config.haze, untouched=0.0), rain=dataclasses.replace(config.rain, untouched=0.0),
    )  # fmt: skip


def judge_terms(network: nn.Module, config: TrainConfig, material: Material, steps: int = STEPS) -> Iterator[Verdict]:
    """Descend every term that weighs anything alone, and their total, on one batch.

    Args:
        network: A fresh network; stays as it is.
        config: The settings.
        material: What the run learns from, on the CPU.
        steps: Of each descent.
    """
    batch = draw(config, material, APART, _CPU)
    bad = copy.deepcopy(network)
    start_badly(bad, batch.real)
    with torch.no_grad():
        names = list(unweighted(observe(bad, config, material, batch)))
    for name in [*names, "total"]:
        alone = config if name == "total" else _without_others(config, name)
        pupil = copy.deepcopy(bad)

        def cost(pupil: nn.Module = pupil, alone: TrainConfig = alone, name: str = name) -> Tensor:
            terms = unweighted(observe(pupil, alone, material, batch))
            return total(terms, alone) if name == "total" else terms[name]

        yield Verdict(name, *descend(pupil, cost, steps))


def _without_others(config: TrainConfig, name: str) -> TrainConfig:
    """Return settings in which one term weighs anything, so that others cost no time."""
    others = {other: 0.0 for other in find_task(config.task).terms if other != name}
    return dataclasses.replace(config, losses=dataclasses.replace(config.losses, **others))


def trained_soundly(run: Callable[[Callable[[Progress], None]], Path], report: Callable[[Progress], None]) -> None:
    """Train by a function that takes the report, and see that no step was skipped.

    Raises:
        ModelError: if a loss or its gradient was no number.
    """
    skipped = 0

    def note(progress: Progress) -> None:
        nonlocal skipped
        skipped = progress.skipped
        report(progress)

    run(note)
    if skipped:
        raise ModelError(f"{skipped} steps of the training were skipped: the loss or its gradient was no number")


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
