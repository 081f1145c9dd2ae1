"""The bank: what the losses see of positives and negatives, computed once before training."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from pielight.core.color_torch import luma
from pielight.core.progress import track
from pielight.training import processes
from pielight.training.data.preparation import NOTHING, Preparation
from pielight.training.losses.contrastive import grams
from pielight.training.losses.exposure import brightness_profile
from pielight.training.networks.features import GRAM_LAYERS, VGGFeatures

Degrade = Callable[[Tensor, Tensor, Any, Generator], Tensor]
"""Pictures ``(N, 3, h, w)`` in [0, 1], their regions ``(N, h, w)``, the settings and the source of all randomness, to
changed pictures ``(N, 3, h, w)``."""

_PORTION = 8  # crops


class Crops(Protocol):
    """What crops are drawn from, as :class:`pielight.training.data.batches.PictureSet`."""

    def batch(self, count: int, generator: Generator) -> tuple[Tensor, Tensor]:
        """Return pictures ``(N, 3, size, size)`` and regions ``(N, h, w)``."""


@dataclass(frozen=True)
class Exposures:
    """Good or degraded pictures, as the contrastive losses see them."""

    grams: Sequence[Tensor]
    """Gram matrices ``(K, C, C)``, one entry per layer; none where no loss needs them."""
    profiles: Tensor
    """Brightness profiles ``(K, 32)``."""

    def draw(self, count: int, generator: Generator, hardness: float | None = None) -> Exposures:
        """Return a random part of ``count`` pictures (all of them, if there are fewer).

        Args:
            hardness: From 0, which draws from the first quarter, to 1, which draws from the last; None draws from all.
        """
        start, size = 0, len(self.profiles)
        if hardness is not None:
            few = min(size, max(count, -(-size // 4)))
            start, size = round(hardness * (size - few)), few
        return self.take(start + torch.randperm(size, generator=generator)[:count])

    def take(self, chosen: Tensor) -> Exposures:
        """Return the chosen pictures, in that order."""
        return Exposures([g[chosen] for g in self.grams], self.profiles[chosen])


@dataclass(frozen=True)
class Bank:
    """Positives, and the negatives that physics made of them, from the easiest to tell to the hardest."""

    positives: Exposures
    negatives: Exposures


@torch.no_grad()
def build_bank(
    positives: Degrade, negatives: Sequence[Degrade], config: Any, pictures: Crops,
    features: VGGFeatures | None, generator: Generator, device: torch.device,
    log: Callable[[str], None] = lambda _: None, kept: Preparation = NOTHING,
) -> Bank:  # fmt: skip
    """Compute the bank from ``config.bank`` random crops of good pictures.

    Differs from the paper: positives and negatives pass VGG16 once and are drawn from the bank at each step,
    instead of two of them passing at every step, because that costs half of the training time.

    Args:
        positives: Makes positives of crops.
        negatives: Make of each crop one negative for every strength.
        config: The settings, of which ``bank`` counts here and the rest for ``positives`` and ``negatives``.
        features: The frozen network; None leaves Gram matrices out.
        device: Where the bank is to be, and the network is.
        kept: What a run that was stopped has computed of it; each portion is kept when it is done.
    """
    apart = torch.Generator().manual_seed(int(torch.randint(2**31, (1,), generator=generator)))
    count, strengths = config.bank, len(negatives)
    good: list[Exposures] = []
    bad: list[Exposures] = []

    def portion(start: int) -> dict[str, Any]:
        crops, labels = pictures.batch(min(_PORTION, count - start), generator)
        crops = F.interpolate(crops, labels.shape[-2:], mode="area")
        made = [positives(crops, labels, config, apart)]
        made += [degrade(crops, labels, config, apart) for degrade in negatives]
        seen = [_expose(one, labels, features, device) for one in made]
        plain = [{"grams": [item.cpu() for item in one.grams], "profiles": one.profiles.cpu()} for one in seen]
        return {"seen": plain, "generator": generator.get_state(), "apart": apart.get_state()}

    def compute() -> Iterator[list[dict[str, Any]]]:
        for start in track(range(0, count, _PORTION), -(-count // _PORTION), f"the bank of {count} crops", log):
            stored = kept.result(f"bank-{start}", partial(portion, start))
            generator.set_state(stored["generator"])
            apart.set_state(stored["apart"])
            yield stored["seen"]

    for seen in processes.from_first(lambda: list(compute())):
        first, *others = [
            Exposures([item.to(device) for item in one["grams"]], one["profiles"].to(device)) for one in seen
        ]
        good.append(first)
        bad += others
    joined = _join(good)
    sides = [_join(bad[side::strengths]) for side in range(strengths)]
    order = easiest_first([(made.profiles - joined.profiles).abs().mean(1) for made in sides])
    return Bank(joined, _join(sides).take(order))


def easiest_first(distances: Sequence[Tensor]) -> Tensor:
    """Return the order of negatives from the farthest to the nearest, the sides taking turns.

    Args:
        distances: Per side, how far each negative is from the positive that it was made of, ``(K,)``.

    Returns:
        Indices into the sides laid end to end, ``(sides * K,)``; what starts with the easiest holds as many of
        each side, whichever lies farther.

    >>> easiest_first([torch.tensor([0.1, 0.3]), torch.tensor([0.2, 0.1])])
    tensor([1, 2, 0, 3])
    """
    count = len(distances[0])
    ranked = [side * count + d.argsort(descending=True, stable=True) for side, d in enumerate(distances)]
    return torch.stack(ranked, 1).flatten()


def _expose(pictures: Tensor, labels: Tensor, features: VGGFeatures | None, device: torch.device) -> Exposures:
    profiles = brightness_profile(luma(pictures), labels).to(device)
    if features is None:
        return Exposures([], profiles)
    return Exposures(grams(features(pictures.to(device), last=GRAM_LAYERS[-1]), GRAM_LAYERS), profiles)


def _join(parts: Sequence[Exposures]) -> Exposures:
    layers = [torch.cat(layer) for layer in zip(*(part.grams for part in parts), strict=True)]
    return Exposures(layers, torch.cat([part.profiles for part in parts]))
