"""Brightening: too little light, and the lattice of curves that restores it."""

from __future__ import annotations

from functools import partial

import torch
from torch import Generator, Tensor

from pielight.core.color_torch import luma
from pielight.training.degradations.bag_of_curves import bag, negatives
from pielight.training.degradations.curve_families import Side
from pielight.training.degradations.darkening import darken
from pielight.training.export.onnx import lattice_onnx
from pielight.training.losses.exposure import brightness_balance, brightness_profile, brightness_triplet
from pielight.training.losses.preservation import cast_smoothness, color_constancy, highlight_preservation
from pielight.training.networks.dce_net import build
from pielight.training.networks.lattice_net import render
from pielight.training.objectives import restoration_task as terms
from pielight.training.objectives.restoration_task import RestorationTask, StepOutputs
from pielight.training.schema import TrainConfig


def _negatives(pictures: Tensor, labels: Tensor, config: TrainConfig, generator: Generator, side: Side) -> Tensor:
    return negatives(pictures, labels, bag(config.negatives, config.adaptive), side, generator)


def _triplet(step: StepOutputs) -> Tensor:
    profiles = brightness_profile(luma(step.after), step.labels)
    return brightness_triplet(profiles, step.positive.profiles, step.negative.profiles, step.config.losses.margin)


BRIGHTEN = RestorationTask(
    name="brighten",
    degrade=lambda pictures, labels, config, generator: darken(pictures, labels, config.darkening, generator),
    negatives=(partial(_negatives, side="under"), partial(_negatives, side="over")),
    build=lambda config: build(config.network, config.lattice),
    render=render,
    encode=lambda network, config: lattice_onnx(network, config.data.size),
    terms={
        "inversion": terms.inversion_term,
        "contrastive": terms.contrastive_term,
        "feature_preservation": terms.feature_preservation_term,
        "brightness_triplet": _triplet,
        "brightness_balance": lambda step: brightness_balance(
            brightness_profile(luma(step.after), step.labels), step.positive.profiles
        ),
        "regional_consistency": terms.regional_consistency_term,
        "color_constancy": lambda step: color_constancy(step.after),
        "highlight_preservation": lambda step: highlight_preservation(  # of real and of darkened pictures
            torch.cat([step.before, step.degraded]), torch.cat([step.after, step.restored])
        ),
        "curve_smoothness": terms.curve_smoothness_term,
        "cast_smoothness": lambda step: cast_smoothness(step.outputs),
    },
)
