"""Darkness: too little light, and the lattice of curves that mends it."""

from __future__ import annotations

from functools import partial

import torch
from torch import Generator, Tensor, nn

from pielight.core.color_torch import luma
from pielight.training.degradations.bag_of_curves import bag, negatives
from pielight.training.degradations.curve_families import Side
from pielight.training.degradations.darkening import darken
from pielight.training.degradations.fill_light import fill_light
from pielight.training.export.export import onnx_bytes
from pielight.training.losses.contrastive import brightness_balance, brightness_profile, brightness_triplet
from pielight.training.losses.preservation import cast_smoothness, color_constancy, highlight_preservation
from pielight.training.losses.terms import consistent, contrasted, inverted, preserved, smooth
from pielight.training.networks.dce_net import build
from pielight.training.networks.exposure_estimator import judged_exposure
from pielight.training.networks.render import render
from pielight.training.objectives.task import Step, Task
from pielight.training.schema import TrainConfig


def _spoil(pictures: Tensor, labels: Tensor, config: TrainConfig, generator: Generator) -> tuple[Tensor, Tensor]:
    return darken(pictures, labels, config.darkening, generator)


def _filled(pictures: Tensor, labels: Tensor, config: TrainConfig, _generator: Generator) -> Tensor:
    return fill_light(pictures, labels, config.exposure_estimator.fill_light)


def _bagged(pictures: Tensor, labels: Tensor, config: TrainConfig, generator: Generator, side: Side) -> Tensor:
    return negatives(pictures, labels, bag(config.negatives, config.adaptive), side, generator)


def _profile(step: Step) -> Tensor:
    return brightness_profile(luma(step.after), step.labels)


def _ranked(step: Step) -> Tensor:
    positive, negative = step.positive.profiles, step.negative.profiles
    return brightness_triplet(_profile(step), positive, negative, step.config.losses.margin)


def _balanced(step: Step) -> Tensor:
    return brightness_balance(_profile(step), step.positive.profiles)


def _judged(step: Step) -> Tensor | None:
    return None if step.judge is None else judged_exposure(step.judge, step.after)


def _spared(step: Step) -> Tensor:
    return highlight_preservation(
        torch.cat([step.before, step.damaged]), torch.cat([step.after, step.restored])
    )  # of real and of darkened pictures


def _built(config: TrainConfig) -> nn.Module:
    return build(config.network, config.lattice)


DARKNESS = Task(
    name="brighten",
    spoil=_spoil,
    negatives=(partial(_bagged, side="under"), partial(_bagged, side="over")),
    build=_built,
    render=render,
    encode=lambda network, config: onnx_bytes(network, config.data.size),
    terms={
        "inversion": inverted,
        "contrastive": contrasted,
        "feature_preservation": preserved,
        "brightness_triplet": _ranked,
        "brightness_balance": _balanced,
        "exposure": _judged,
        "regional_consistency": consistent,
        "color_constancy": lambda step: color_constancy(step.after),
        "highlight_preservation": _spared,
        "curve_smoothness": smooth,
        "cast_smoothness": lambda step: cast_smoothness(step.outputs),
    },
    positives=_filled,
)
