"""The terms of the loss of exposure maps, by name, and what they are computed from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from pielight.training.data.bank import Exposures
from pielight.training.data.exposure_domains import Domain
from pielight.training.data.exposure_samples import ExposureSamples
from pielight.training.losses.contrastive import gram_distance, grams, info_nce
from pielight.training.losses.exposure_map import (
    brightness_match,
    level_inversion,
    shrinkage,
    underexposure,
)
from pielight.training.losses.preservation import feature_preservation, regional_consistency
from pielight.training.networks.exposure_net import SIDE, Estimate
from pielight.training.networks.features import GRAM_LAYERS
from pielight.training.schema import ExposureConfig

_TEMPERATURE = 0.1  # of the contrast (InfoNCE)
_TOO_BRIGHT = 1.0  # by how much more a darkened photograph that came back too bright costs


@dataclass(frozen=True)
class Batch:
    """What one step learns from: darkened photographs first, then published ones, then the dark ones of each domain."""

    samples: ExposureSamples
    darkened: int
    """Count of the first."""
    published: int
    """Count of the second."""
    domains: Sequence[tuple[int, Domain]]
    """Count of the dark ones of each domain."""
    positive: Exposures
    """Well-exposed photographs of the bank."""
    negative: Exposures
    """The same, badly exposed."""

    @property
    def real(self) -> int:
        """Where the real dark pictures begin."""
        return self.darkened + self.published


@dataclass(frozen=True)
class Outputs:
    """What the terms are computed from at one step."""

    config: ExposureConfig
    batch: Batch
    seen: Tensor
    """Thumbnails at their canonical exposure ``(N, 3, 64, 64)``."""
    rendered: Tensor
    """Thumbnails by the network's map, likewise."""
    targets: Tensor
    """What they should be."""
    estimate: Estimate
    """What the network said of them."""
    features: Mapping[str, Tensor]
    """VGG16's features of a few anchors, rendered; empty where no term needs them."""
    content: Tensor | None
    """Its relu4_3 of them at their canonical exposure, likewise."""

    @property
    def anchors(self) -> slice:
        """What PIE's constraints are about: real dark pictures, or without any, darkened ones."""
        return slice(self.batch.real, None) if self.batch.domains else slice(0, self.batch.darkened)

    def by_domain(self) -> Iterator[tuple[Tensor, Domain]]:
        """Yield the rendered dark pictures of each domain."""
        start = self.batch.real
        for count, domain in self.batch.domains:
            if count:
                yield self.rendered[start : start + count], domain
            start += count


Term = Callable[[Outputs], Tensor | None]


def _inversion(outputs: Outputs) -> Tensor:
    first = slice(0, outputs.batch.darkened)
    return level_inversion(outputs.rendered[first], outputs.targets[first], _TOO_BRIGHT)


def _published(outputs: Outputs) -> Tensor:
    those = slice(outputs.batch.darkened, outputs.batch.real)
    return level_inversion(outputs.rendered[those], outputs.targets[those])


def _underexposed(outputs: Outputs) -> Tensor:
    samples = outputs.batch.samples
    return underexposure(outputs.estimate.logit[:, 0], samples.underexposed, samples.belief)


def _means(pictures: Tensor) -> Tensor:
    return pictures.mean((1, 2, 3))


def _over_domains(cost: Callable[[Tensor, Domain], Tensor]) -> Term:
    """Return the sum of a cost of dark pictures and their domain over all domains; None without any."""

    def term(outputs: Outputs) -> Tensor | None:
        costs = [cost(rendered, domain) for rendered, domain in outputs.by_domain()]
        return torch.stack(costs).sum() if costs else None

    return term


def _shrinkage(outputs: Outputs) -> Tensor:
    estimate, real = outputs.estimate, slice(outputs.batch.real, None)
    return shrinkage(estimate.level, estimate.anchor, estimate.local, real)


def _contrastive(outputs: Outputs) -> Tensor | None:
    if not outputs.features:
        return None
    found, batch = grams(outputs.features, GRAM_LAYERS), outputs.batch
    near, far = (gram_distance(found, side.grams) for side in (batch.positive, batch.negative))
    return info_nce(near, far, _TEMPERATURE)


def _regional(outputs: Outputs) -> Tensor:
    ev = outputs.estimate.exposure[outputs.anchors]
    ev = F.interpolate(ev, (SIDE, SIDE), mode="bilinear", align_corners=False)
    return regional_consistency(ev, outputs.batch.samples.regions[outputs.anchors])


def _preservation(outputs: Outputs) -> Tensor | None:
    return None if outputs.content is None else feature_preservation(outputs.content, outputs.features["relu4_3"])


TERMS: dict[str, Term] = {
    "inversion": _inversion,
    "published": _published,
    "underexposed": _underexposed,
    "brightness": _over_domains(lambda y, domain: brightness_match(_means(y), domain.mean)),
    "spread": _over_domains(lambda y, domain: _means(y).var(correction=0)),
    "shrinkage": _shrinkage,
    "contrastive": _contrastive,
    "regional_consistency": _regional,
    "feature_preservation": _preservation,
}
"""The terms of the loss, by the names of their weights; one that returns None is left out."""
