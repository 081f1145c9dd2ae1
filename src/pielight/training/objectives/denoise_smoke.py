"""A smoke run of the denoiser: a minute on toy pictures, as :mod:`pielight.training.smoke` has for the other tasks."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from pielight.training.data.toy import write_toy_pictures
from pielight.training.networks.denoise_net import DenoiseNet
from pielight.training.objectives.denoise_loop import clean_pictures, draw, losses, total, train
from pielight.training.overfit import STEPS, Verdict, descend
from pielight.training.schema import DataConfig, DenoiseConfig
from pielight.training.smoke import TOGETHER, trained_soundly
from pielight.training.steps import Progress, flushed_denormals

_STEP = 2**31  # a batch that no run reaches


def smoke(
    folder: Path, config: DenoiseConfig, report: Callable[[Progress], None], steps: int = TOGETHER
) -> Iterator[Verdict]:
    """Descend every loss alone, and their total, on one batch, then train on toy pictures.

    Args:
        folder: An empty folder for pictures and run.
        config: Its weights, physics and seed are tried out.
        report: Called with the losses of every step of the training.
        steps: Of the training.

    Yields:
        What every loss costs, and "total" at last; the training follows if none has a fault.

    Raises:
        DataError: if the folder cannot be written.
        ModelError: likewise, or if a step of the training was skipped.
    """
    with flushed_denormals():  # before torch starts its threads, which inherit it
        well = write_toy_pictures(folder)[1]
        trial = dataclasses.replace(
            config, name="smoke", steps=steps, batch=4, patch_size=32, checkpoint_minutes=60.0, out=str(folder / "run"),
            data=DataConfig(well=(str(well),), min_size=64, well_shadows=0.0),
        )  # fmt: skip
        torch.manual_seed(trial.seed)
        sound = True
        for verdict in judge_terms(DenoiseNet(), trial, clean_pictures(trial.data)):
            yield verdict
            sound = sound and not verdict.fault
        if sound:
            trained_soundly(lambda note: train(trial, note, every=1), report)


def judge_terms(
    network: nn.Module, config: DenoiseConfig, pictures: Sequence[Tensor], steps: int = STEPS
) -> Iterator[Verdict]:
    """Descend every loss alone, and their total, from a fresh network, whose guesses are noise."""
    batch = draw(config, pictures, _STEP)
    for name in (*losses(network, batch), "total"):
        pupil = copy.deepcopy(network)

        def cost(pupil: nn.Module = pupil, name: str = name) -> Tensor:
            terms = losses(pupil, batch)
            return total(terms, config) if name == "total" else terms[name]

        yield Verdict(name, *descend(pupil, cost, steps))
