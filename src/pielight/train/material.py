"""What a run learns from: pictures with their regions, features, the bank, and the exposure judge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from pielight.train.bank import Bank, build_bank
from pielight.train.config import Training
from pielight.train.data import PictureSet, load
from pielight.train.features import VGGFeatures, load_features
from pielight.train.judge import learn_judge
from pielight.train.pictures import check_folders
from pielight.train.steps import step_generator
from pielight.train.tasks import find_task

APART = 2**31  # draws of the preparation come from steps that no run reaches


@dataclass(frozen=True)
class Pictures:
    """The pictures of a run, and the network that looks at them."""

    dark: PictureSet | None
    """Real pictures to mend, unpaired; without any, good ones are spoiled by physics."""
    well: PictureSet
    """Good pictures."""
    features: VGGFeatures | None


@dataclass(frozen=True)
class Material(Pictures):
    """All that the steps of a run share."""

    bank: Bank
    judge: nn.Module | None


def read_pictures(config: Training, device: torch.device, say: Callable[[str], None]) -> Pictures:
    """Load VGG16, if a term needs it, and the pictures with their regions.

    Raises:
        DataError: if a folder has no usable picture.
        ModelError: if VGG16's weights cannot be read.
    """
    check_folders((*config.data.dark, *config.data.well))
    features = None
    if config.reads_features:
        features = load_features(config.features, say).to(device)  # first: it fails in a moment
    say("reading the pictures and their regions")
    dark = load(config.data.dark, "dark", config.data) if config.data.dark else None
    return Pictures(dark, load(config.data.well, "well", config.data), features)


def prepare(config: Training, pictures: Pictures, device: torch.device, say: Callable[[str], None]) -> Material:
    """Compute the bank, and let the judge learn if its verdict counts."""
    task, well = find_task(config.task), pictures.well
    seen = pictures.features if config.losses.contrast else None
    say(f"{len(pictures.dark or ())} pictures to mend, {len(well)} good ones"
        + (f"; computing the features of {config.bank} crops of these" if seen else ""))  # fmt: skip
    bank = build_bank(task, config, well, seen, step_generator(config.seed, APART), device)
    judge = None
    if config.losses.judged and "judged" in task.terms:
        judge = learn_judge(well, config.judging, step_generator(config.seed, APART + 2), say)
        judge = judge.to(device)  # it learns on the CPU, where its draws are
    return Material(pictures.dark, well, pictures.features, bank, judge)
