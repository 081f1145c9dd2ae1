"""Dehazing: a veil of scattered light, and the lattice of transmissions that removes it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from pielight.core.color_torch import luma
from pielight.training.degradations.haze import haze
from pielight.training.export.onnx import as_onnx
from pielight.training.losses.preservation import curve_smoothness, regional_consistency
from pielight.training.networks.haze_net import LEVELS, Exported, HazeNet, cleared, passed_light
from pielight.training.objectives import restoration_task as terms
from pielight.training.objectives.restoration_task import RestorationTask, StepOutputs
from pielight.training.schema import TrainConfig

_STRENGTHS = ((0.3, 0.8), (0.8, 1.6), (1.6, 3.0))  # density of the negatives: a breath, mist, fog


def _degrade(pictures: Tensor, labels: Tensor, config: TrainConfig, generator: Generator) -> tuple[Tensor, Tensor]:
    hazy, clear = haze(pictures, labels, config.haze, generator)
    return hazy, F.interpolate(clear, labels.shape[-2:], mode="area")


def _hazed(
    pictures: Tensor, labels: Tensor, config: TrainConfig, generator: Generator, density: tuple[float, float]
) -> Tensor:
    return haze(pictures, labels, replace(config.haze, density=density, untouched=0.0), generator)[0]


def _regional(step: StepOutputs) -> Tensor:
    """Return how much the transmission varies inside regions: near things are one, and depth has edges between them."""
    passed = passed_light(step.before, step.outputs[: len(step.before)])
    return regional_consistency(luma(passed), step.labels)


def _encode(network: nn.Module, config: TrainConfig) -> bytes:
    side = config.data.size
    axes = {name: {0: "n"} for name in ("thumbnail", "transmission", "airlight")}
    return as_onnx(
        Exported(network).eval(), {"thumbnail": torch.zeros(1, 3, side, side)}, ("transmission", "airlight"), axes
    )


_DEFAULTS: dict[str, Any] = {
    "name": "dehaze",
    "out": "runs/dehaze",
    "dark_batch": 2,
    "well_batch": 14,
    "data": {"well_mean": (0.1, 0.7), "dark_mean": (0.005, 1.0)},
    "losses": {
        "inversion": 10.0, "contrastive": 0.005, "feature_preservation": 0.0, "regional_consistency": 1.0,
        "curve_smoothness": 0.05,
    },
}  # fmt: skip

DEHAZE = RestorationTask(
    name="dehaze",
    degrade=_degrade,
    negatives=tuple(partial(_hazed, density=density) for density in _STRENGTHS),
    build=lambda _config: HazeNet(),
    render=cleared,
    encode=_encode,
    terms={
        "inversion": terms.inversion_term,
        "contrastive": terms.contrastive_term,
        "feature_preservation": terms.feature_preservation_term,
        "regional_consistency": _regional,
        "curve_smoothness": lambda step: curve_smoothness(step.outputs[:, :LEVELS]),
    },
    inference_task="dehaze",
    architecture="haze",
    defaults=_DEFAULTS,
)
