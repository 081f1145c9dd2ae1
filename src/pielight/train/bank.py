"""The bank: features of positives and negatives, computed once before training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from pielight.train.data import PictureSet
from pielight.train.features import GRAM_LAYERS, VGGFeatures
from pielight.train.losses.contrastive import brightness_profile, grams
from pielight.train.physics.bag_of_curves import BagOfCurves, negatives
from pielight.train.physics.exposure import luminance
from pielight.train.physics.fill_light import fill_light


@dataclass(frozen=True)
class Exposures:
    """Pictures of one kind of exposure, as the contrastive losses see them."""

    grams: Sequence[Tensor]
    """Gram matrices ``(K, C, C)``, one entry per layer."""
    profiles: Tensor
    """Brightness profiles ``(K, 32)``."""

    def draw(self, count: int, generator: Generator) -> Exposures:
        """Return a random part of ``count`` pictures (all of them, if there are fewer)."""
        chosen = torch.randperm(len(self.profiles), generator=generator)[:count]
        return Exposures([g[chosen] for g in self.grams], self.profiles[chosen])


@dataclass(frozen=True)
class Bank:
    """Positives, and the negatives that Bag of Curves made of them."""

    positives: Exposures
    negatives: Exposures


@torch.no_grad()
def build_bank(
    pictures: PictureSet, features: VGGFeatures, curves: BagOfCurves, count: int, fill: float, generator: Generator
) -> Bank:
    """Compute the bank from ``count`` random crops of well-exposed pictures.

    Differs from the paper: positives and negatives pass VGG16 once and are drawn from the bank at each step,
    instead of two of them passing at every step, because that costs half of the training time.

    Args:
        pictures: Well-exposed pictures.
        features: The frozen network.
        curves: The intervals of Bag of Curves.
        fill: Fill light on the positives; see :func:`pielight.train.physics.fill_light.fill_light`.
        count: Positives; each gives one under- and one over-exposed negative.
        generator: The source of all randomness.
    """
    device = features.mean.device
    good: list[Exposures] = []
    bad: list[Exposures] = []
    for start in range(0, count, 8):
        crops, labels = pictures.batch(min(8, count - start), generator)
        crops = F.interpolate(crops, labels.shape[-2:], mode="area")
        good.append(_expose(fill_light(crops, labels, fill), labels, features, device))
        for side in ("under", "over"):
            bad.append(_expose(negatives(crops, curves, side, generator), labels, features, device))
    return Bank(_join(good), _join(bad))


def _expose(pictures: Tensor, labels: Tensor, features: VGGFeatures, device: torch.device) -> Exposures:
    found = features(pictures.to(device), last=GRAM_LAYERS[-1])
    return Exposures(grams(found, GRAM_LAYERS), brightness_profile(luminance(pictures), labels).to(device))


def _join(parts: Sequence[Exposures]) -> Exposures:
    layers = [torch.cat(layer) for layer in zip(*(part.grams for part in parts), strict=True)]
    return Exposures(layers, torch.cat([part.profiles for part in parts]))
