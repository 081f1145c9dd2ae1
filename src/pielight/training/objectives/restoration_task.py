"""The description of a restoration task: what degrades pictures, which network restores them, by what loss."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import Generator, Tensor, nn

from pielight.core.color_torch import luma
from pielight.training.data.bank import Degrade, Exposures
from pielight.training.losses.contrastive import gram_distance, grams, info_nce
from pielight.training.losses.preservation import curve_smoothness, feature_preservation, regional_consistency
from pielight.training.losses.reconstruction import inversion
from pielight.training.networks.features import GRAM_LAYERS
from pielight.training.schema import TrainConfig


@dataclass(frozen=True)
class StepOutputs:
    """What the terms of the loss are computed from at one step; every picture is of the side ``data.loss_size``."""

    config: TrainConfig
    before: Tensor
    """Degraded pictures ``(N, 3, h, w)`` in [0, 1]: real ones, or where there are none, degraded by physics."""
    after: Tensor
    """The network's result for them."""
    labels: Tensor
    """Their regions ``(N, h, w)``."""
    degraded: Tensor
    """Good pictures degraded by physics ``(M, 3, h, w)``."""
    restored: Tensor
    """The network's result for them."""
    target: Tensor
    """What that result should be."""
    outputs: Tensor
    """The network's outputs for all ``N + M`` of them."""
    positive: Exposures
    """Good pictures of the bank."""
    negative: Exposures
    """The same, degraded by physics at several strengths."""
    features: Mapping[str, Tensor]
    """VGG16's features of ``after``, or of the first few; empty where no term needs them."""
    content: Tensor | None
    """Its relu4_3 of ``before``, likewise."""


Term = Callable[[StepOutputs], Tensor | None]


@dataclass(frozen=True)
class RestorationTask:
    """One kind of degradation and its remedy; everything else (data, bank, trainer, cards) is shared.

    Attributes:
        name: As in ``task:`` of a configuration.
        degrade: The physics as a batch operation: good pictures ``(N, 3, S, S)`` in [0, 1], their regions
            ``(N, h, w)``, the settings and the source of all randomness, to degraded pictures ``(N, 3, S, S)`` and
            their targets ``(N, 3, h, w)``. Learning by inversion.
        negatives: The same physics at several strengths, one function each, for the contrast: good pictures
            ``(N, 3, h, w)`` to degraded ones, in the place of the Bag of Curves.
        positives: What good pictures become before they are positives.
        build: Makes the network, which maps pictures ``(N, 3, S, S)`` to its outputs.
        render: Applies outputs to pictures: pictures ``(N, 3, h, w)`` and outputs to restored ones, differentiably.
        encode: Returns the network, whose input has a side of S pixels, as the ONNX file that inference runs.
        terms: The terms of the loss, by the names of their weights in ``losses``; a term that returns None is left out.
        spatial: Whether the network returns maps of the size of its input; ``data.loss_size`` is ``data.size`` then.
        inference_task: The task by which inference runs the model, as in ``pielight --task dehaze``.
        architecture: What the card calls the network; the task's name if it is empty.
        defaults: Settings that differ from those of :class:`pielight.training.schema.TrainConfig`.
    """

    name: str
    degrade: Callable[[Tensor, Tensor, TrainConfig, Generator], tuple[Tensor, Tensor]]
    negatives: Sequence[Degrade]
    build: Callable[[TrainConfig], nn.Module]
    render: Callable[[Tensor, Tensor], Tensor]
    encode: Callable[[nn.Module, TrainConfig], bytes]
    terms: Mapping[str, Term]
    positives: Degrade = field(default=lambda pictures, labels, config, generator: pictures)
    spatial: bool = False
    inference_task: str = "brighten"
    architecture: str = ""
    defaults: Mapping[str, Any] = field(default_factory=dict)


def inversion_term(step: StepOutputs) -> Tensor:
    """Return :func:`pielight.training.losses.reconstruction.inversion`: what physics degraded must be restored."""
    return inversion(step.restored, step.target)


def contrastive_term(step: StepOutputs) -> Tensor | None:
    """Return :func:`pielight.training.losses.contrastive.info_nce` against the bank's positives and negatives."""
    if not step.features:
        return None
    seen = grams(step.features, GRAM_LAYERS)
    return info_nce(
        gram_distance(seen, step.positive.grams), gram_distance(seen, step.negative.grams),
        step.config.losses.temperature,
    )  # fmt: skip


def feature_preservation_term(step: StepOutputs) -> Tensor | None:
    """Return :func:`pielight.training.losses.preservation.feature_preservation` of relu4_3."""
    return None if step.content is None else feature_preservation(step.content, step.features["relu4_3"])


def regional_consistency_term(step: StepOutputs) -> Tensor:
    """Return :func:`pielight.training.losses.preservation.regional_consistency`."""
    return regional_consistency(luma(step.after), step.labels)


def curve_smoothness_term(step: StepOutputs) -> Tensor:
    """Return :func:`pielight.training.losses.preservation.curve_smoothness` of all outputs."""
    return curve_smoothness(step.outputs)
