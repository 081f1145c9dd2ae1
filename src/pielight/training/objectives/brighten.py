"""Brightening: too little light, and the lattice of curves that restores it."""

from __future__ import annotations

from functools import partial

import torch
from torch import Generator, Tensor, nn

from pielight.core.color_torch import luma
from pielight.training.degradations.bag_of_curves import bag, negatives
from pielight.training.degradations.curve_families import Side
from pielight.training.degradations.darkening import darken
from pielight.training.degradations.exposure import fill_light
from pielight.training.export.onnx import lattice_onnx
from pielight.training.losses.exposure import brightness_balance, brightness_profile, brightness_triplet, exposure_loss
from pielight.training.losses.preservation import cast_smoothness, color_constancy, highlight_preservation
from pielight.training.networks.dce_net import build
from pielight.training.networks.lattice_net import render
from pielight.training.objectives.restoration_task import (
    RestorationTask,
    StepOutputs,
    contrastive_term,
    curve_smoothness_term,
    feature_preservation_term,
    inversion_term,
    regional_consistency_term,
)
from pielight.training.schema import TrainConfig


def _degrade(pictures: Tensor, labels: Tensor, config: TrainConfig, generator: Generator) -> tuple[Tensor, Tensor]:
    return darken(pictures, labels, config.darkening, generator)


def _filled(pictures: Tensor, labels: Tensor, config: TrainConfig, _generator: Generator) -> Tensor:
    return fill_light(pictures, labels, config.exposure_estimator.fill_light)


def _exposed(pictures: Tensor, labels: Tensor, config: TrainConfig, generator: Generator, side: Side) -> Tensor:
    return negatives(pictures, labels, bag(config.negatives, config.adaptive), side, generator)


def _profile(step: StepOutputs) -> Tensor:
    return brightness_profile(luma(step.after), step.labels)


def _brightness(step: StepOutputs) -> Tensor:
    positive, negative = step.positive.profiles, step.negative.profiles
    return brightness_triplet(_profile(step), positive, negative, step.config.losses.margin)


def _balance(step: StepOutputs) -> Tensor:
    return brightness_balance(_profile(step), step.positive.profiles)


def _exposure(step: StepOutputs) -> Tensor | None:
    return None if step.estimator is None else exposure_loss(step.estimator, step.after)


def _highlights(step: StepOutputs) -> Tensor:
    return highlight_preservation(
        torch.cat([step.before, step.degraded]), torch.cat([step.after, step.restored])
    )  # of real and of darkened pictures


def _built(config: TrainConfig) -> nn.Module:
    return build(config.network, config.lattice)


BRIGHTEN = RestorationTask(
    name="brighten",
    degrade=_degrade,
    negatives=(partial(_exposed, side="under"), partial(_exposed, side="over")),
    build=_built,
    render=render,
    encode=lambda network, config: lattice_onnx(network, config.data.size),
    terms={
        "inversion": inversion_term,
        "contrastive": contrastive_term,
        "feature_preservation": feature_preservation_term,
        "brightness_triplet": _brightness,
        "brightness_balance": _balance,
        "exposure": _exposure,
        "regional_consistency": regional_consistency_term,
        "color_constancy": lambda step: color_constancy(step.after),
        "highlight_preservation": _highlights,
        "curve_smoothness": curve_smoothness_term,
        "cast_smoothness": lambda step: cast_smoothness(step.outputs),
    },
    positives=_filled,
)
