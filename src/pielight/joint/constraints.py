"""PIE's constraints on the enhancer, as `pielight train` computes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from pielight.joint.config import Joint
from pielight.train.bank import Bank, build_bank
from pielight.train.config import Data, Training
from pielight.train.data import PictureSet, load
from pielight.train.features import VGGFeatures, load_features
from pielight.train.judge import learn_judge
from pielight.train.objective import losses, step_generator
from pielight.train.physics.bag_of_curves import bag

_BANK_STEP = 2**31  # the bank's draws come from a step that no run reaches


@dataclass(frozen=True)
class Constrained:
    """What the constraints of a step are computed with."""

    training: Training
    dark: PictureSet | None
    well: PictureSet
    features: VGGFeatures | None
    bank: Bank
    judge: nn.Module | None

    def loss(self, network: nn.Module, step: int, device: torch.device) -> tuple[Tensor, dict[str, float]]:
        """Return the weighted sum of :func:`pielight.train.objective.losses`, and its unweighted terms."""
        return losses(network, self.training, self.dark, self.well, self.features, self.bank, self.judge, step, device)


def prepare_constraints(config: Joint, size: int, device: torch.device, say: Callable[[str], None]) -> Constrained:
    """Load pictures and features, and compute the bank of positives and negatives.

    Args:
        config: The settings.
        size: Side of the network's thumbnail.
        device: Where to compute features.
        say: Called with a line at each stage.

    Raises:
        DataError: if a folder has no usable picture.
        ModelError: if VGG16's weights cannot be read.
    """
    how = config.constraints
    well = how.well or (config.data.clean,)
    render = how.render if size % how.render == 0 else size
    data = Data(how.dark, well, size=size, render=render, cache=how.cache, smallest=64, well_mean=(0.1, 0.8))
    training = Training(
        seed=config.seed, steps=config.steps, dark_batch=how.dark_batch, well_batch=how.well_batch,
        feature_batch=how.feature_batch, bank=how.bank, pairs=how.pairs, features=how.features, data=data,
        losses=how.losses, darkening=how.darkening,
    )  # fmt: skip
    features = load_features(how.features).to(device) if how.losses.read_features else None
    say("reading the pictures of PIE's constraints and their regions")
    dark_set = load(data.dark, "dark", data) if data.dark else None
    well_set = load(data.well, "well", data)
    generator = step_generator(config.seed, _BANK_STEP)
    seen = features if how.losses.contrast else None
    bank = build_bank(well_set, seen, bag(training.negatives), how.bank, training.judging.fill, generator, device)
    judge = None
    if how.losses.judged:
        judge = learn_judge(well_set, training.judging, step_generator(config.seed, _BANK_STEP + 2), say).to(device)
    return Constrained(training, dark_set, well_set, features, bank, judge)
