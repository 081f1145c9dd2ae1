"""Brightening as in the paper: DCE-Net, whose light-enhancement curves learn by PIE's constraints."""

from __future__ import annotations

from functools import partial

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from pielight.core.color_torch import luma
from pielight.training.degradations.bag_of_curves import bag, negatives
from pielight.training.degradations.curve_families import Side
from pielight.training.degradations.exposure_field import even_field
from pielight.training.degradations.raw_darkening import darken_raw
from pielight.training.export.onnx import lattice_onnx
from pielight.training.losses.exposure import brightness_profile, brightness_triplet
from pielight.training.losses.preservation import color_constancy
from pielight.training.networks.dce_net import DCENet, render
from pielight.training.objectives import restoration_task as terms
from pielight.training.objectives.restoration_task import RestorationTask, StepOutputs
from pielight.training.schema import RawDarkeningConfig, TrainConfig

_PHYSICS = RawDarkeningConfig()


def _degrade(pictures: Tensor, labels: Tensor, _config: TrainConfig, generator: Generator) -> tuple[Tensor, Tensor]:
    dark = [darken_raw(one, even_field(_PHYSICS, generator), _PHYSICS, generator) for one in pictures]
    return torch.stack(dark), F.interpolate(pictures, labels.shape[-2:], mode="area")


def _negatives(pictures: Tensor, labels: Tensor, config: TrainConfig, generator: Generator, side: Side) -> Tensor:
    return negatives(pictures, labels, bag(config.negatives), side, generator)


def _triplet(step: StepOutputs) -> Tensor:
    profiles = brightness_profile(luma(step.after), step.labels)
    return brightness_triplet(profiles, step.positive.profiles, step.negative.profiles, step.config.losses.margin)


BRIGHTEN = RestorationTask(
    name="brighten",
    degrade=_degrade,
    negatives=(partial(_negatives, side="under"), partial(_negatives, side="over")),
    build=lambda _config: DCENet(),
    render=render,
    encode=lambda network, config: lattice_onnx(network, config.data.size),
    terms={
        "inversion": terms.inversion_term,
        "contrastive": terms.contrastive_term,
        "feature_preservation": terms.feature_preservation_term,
        "brightness_triplet": _triplet,
        "regional_consistency": terms.regional_consistency_term,
        "color_constancy": lambda step: color_constancy(step.after),
        "curve_smoothness": terms.curve_smoothness_term,
    },
    architecture="dcenet",
)
