"""What a run learns from: pictures with their regions, features, the bank, and the exposure judge."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import nn

from pielight.training.config_file import as_yaml
from pielight.training.data.bank import Bank, build_bank
from pielight.training.data.batches import PictureSet, load
from pielight.training.data.pictures import check_folders
from pielight.training.data.preparation import NOTHING, Preparation, checksum
from pielight.training.networks.exposure_estimator import learn_judge
from pielight.training.networks.features import VGGFeatures, load_features
from pielight.training.objectives import TASKS, find_task
from pielight.training.schema import TrainConfig
from pielight.training.steps import step_generator

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


def read_pictures(config: TrainConfig, device: torch.device, say: Callable[[str], None]) -> Pictures:
    """Load VGG16, if a term needs it, and the pictures with their regions.

    Raises:
        DataError: if a folder has no usable picture.
        ModelError: if VGG16's weights cannot be read.
    """
    check_folders((*config.data.dark, *config.data.well))
    features = None
    if config.reads_features:
        features = load_features(config.vgg_weights, say).to(device)  # first: it fails in a moment
    say("reading the pictures and their regions")
    dark = load(config.data.dark, "dark", config.data, say) if config.data.dark else None
    return Pictures(dark, load(config.data.well, "well", config.data, say), features)


def prepare(
    config: TrainConfig,
    pictures: Pictures,
    device: torch.device,
    say: Callable[[str], None],
    folder: Path | None = None,
) -> Material:
    """Compute the bank, and let the judge learn if its verdict counts.

    Args:
        config: The settings.
        pictures: What is learned from.
        device: Where features are computed.
        say: Called with a line at each stage, and from time to time.
        folder: Where a run keeps what it has computed until it is done; None keeps nothing.

    Raises:
        ModelError: if nothing can be written there.
    """
    task, well = find_task(config.task), pictures.well
    seen = pictures.features if config.losses.contrastive else None
    say(f"{len(pictures.dark or ())} pictures to mend, {len(well)} good ones"
        + (f"; computing the features of {config.bank} crops of these" if seen else ""))  # fmt: skip
    kept = kept_for(config, [well], seen, device, folder)
    bank = build_bank(task, config, well, seen, step_generator(config.seed, APART), device, say, kept)
    judge = None
    if config.losses.exposure and "exposure" in task.terms:
        judge = learn_judge(well, config.exposure_estimator, step_generator(config.seed, APART + 2), say, kept)
        judge = judge.to(device)  # it learns on the CPU, where its draws are
    return Material(pictures.dark, well, pictures.features, bank, judge)


def kept_for(
    config: TrainConfig, pictures: Sequence[PictureSet], features: VGGFeatures | None, device: torch.device,
    folder: Path | None,
) -> Preparation:  # fmt: skip
    """Return what a run keeps of its preparation; nothing for a task of one's own, whose code may have changed."""
    if folder is None or config.task not in TASKS:
        return NOTHING
    settings = as_yaml(replace(config, out="", steps=1, checkpoint_minutes=0.0, data=replace(config.data, cache=None)))
    parts = [part for one in pictures for part in (one.pictures, one.labels)]
    return Preparation(folder, checksum(settings, parts, [features], device))
