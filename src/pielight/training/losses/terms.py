"""The terms that every task may learn from: inversion, contrast, and what keeps regions, features and maps in order."""

from __future__ import annotations

from torch import Tensor

from pielight.core.color_torch import luma
from pielight.training.losses.contrastive import gram_distance, grams, info_nce
from pielight.training.losses.inversion import inversion
from pielight.training.losses.preservation import curve_smoothness, feature_preservation
from pielight.training.losses.regional import regional_brightness_consistency
from pielight.training.networks.features import GRAM_LAYERS
from pielight.training.objectives.task import Step


def inverted(step: Step) -> Tensor:
    """Return :func:`pielight.training.losses.inversion.inversion`: what physics spoiled must come back."""
    return inversion(step.restored, step.target)


def contrasted(step: Step) -> Tensor | None:
    """Return :func:`pielight.training.losses.contrastive.info_nce` against the bank's positives and negatives."""
    if not step.features:
        return None
    seen = grams(step.features, GRAM_LAYERS)
    return info_nce(
        gram_distance(seen, step.positive.grams), gram_distance(seen, step.negative.grams),
        step.config.losses.temperature,
    )  # fmt: skip


def preserved(step: Step) -> Tensor | None:
    """Return :func:`pielight.training.losses.preservation.feature_preservation` of relu4_3."""
    return None if step.content is None else feature_preservation(step.content, step.features["relu4_3"])


def consistent(step: Step) -> Tensor:
    """Return :func:`pielight.training.losses.regional.regional_brightness_consistency`."""
    return regional_brightness_consistency(luma(step.after), step.labels)


def smooth(step: Step) -> Tensor:
    """Return :func:`pielight.training.losses.preservation.curve_smoothness` of all that the network returned."""
    return curve_smoothness(step.outputs)
