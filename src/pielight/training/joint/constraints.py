"""PIE's constraints on the enhancer, as `pielight train` computes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from pielight.training.data.pictures import check_folders
from pielight.training.data.train_context import Material, prepare, read_pictures
from pielight.training.networks.features import check_features
from pielight.training.objectives.enhance import losses
from pielight.training.schema import DataConfig, JointConfig, TrainConfig


@dataclass(frozen=True)
class Constrained:
    """What the constraints of a step are computed with."""

    training: TrainConfig
    material: Material

    def loss(self, network: nn.Module, step: int, device: torch.device) -> tuple[Tensor, dict[str, float]]:
        """Return the weighted sum of :func:`pielight.training.objectives.enhance.losses`, and its unweighted terms."""
        return losses(network, self.training, self.material, step, device)


def check_constraints(config: JointConfig) -> None:
    """Check, before any work, that what the constraints are computed with is there.

    Raises:
        DataError: if a folder is missing.
        ModelError: if they need VGG16, and none is named, or a file that is missing.
    """
    how = config.constraints
    check_folders((*how.dark, *(how.well or (config.data.clean,))))
    if how.losses.contrastive > 0 or how.losses.feature_preservation > 0:
        check_features(how.vgg_weights)


def prepare_constraints(
    config: JointConfig, size: int, device: torch.device, say: Callable[[str], None], folder: Path
) -> Constrained:
    """Load pictures and features, and compute the bank of positives and negatives.

    Args:
        config: The settings.
        size: Side of the network's thumbnail.
        device: Where to compute features.
        say: Called with a line at each stage, and from time to time.
        folder: Where the run keeps what it has computed until it is done.

    Raises:
        DataError: if a folder has no usable picture.
        ModelError: if VGG16's weights cannot be read.
    """
    how = config.constraints
    well = how.well or (config.data.clean,)
    render = how.loss_size if size % how.loss_size == 0 else size
    data = DataConfig(how.dark, well, size=size, loss_size=render, cache=how.cache, min_size=64, well_mean=(0.1, 0.8))
    training = TrainConfig(
        seed=config.seed, steps=config.steps, dark_batch=how.dark_batch, well_batch=how.well_batch,
        feature_batch=how.feature_batch, bank=how.bank, pairs=how.pairs, vgg_weights=how.vgg_weights, data=data,
        losses=how.losses, darkening=how.darkening,
    )  # fmt: skip
    say("PIE's constraints:")
    return Constrained(training, prepare(training, read_pictures(training, device, say), device, say, folder))
