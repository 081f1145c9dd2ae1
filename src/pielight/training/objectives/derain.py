"""Deraining: streaks, veil and drops, and the spatial network that removes them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from pielight.training.degradations.rain import rain
from pielight.training.export.onnx import as_onnx
from pielight.training.losses.reconstruction import gradient
from pielight.training.networks.rain_net import RainNet, dry
from pielight.training.objectives import restoration_task as terms
from pielight.training.objectives.restoration_task import RestorationTask
from pielight.training.schema import RainConfig, TrainConfig

_STRENGTHS = (  # drizzle, a shower, and a storm
    {"layers": 2, "cover": (0.04, 0.1), "brightness": (0.3, 0.4), "defocus": (0.0, 2.0), "veil": (0.0, 0.01)},
    {"layers": 3, "cover": (0.1, 0.3), "brightness": (0.4, 0.5), "defocus": (0.0, 2.0), "veil": (0.0, 0.05)},
    {"layers": 4, "cover": (0.3, 0.6), "brightness": (0.5, 0.7), "defocus": (0.0, 2.0), "veil": (0.02, 0.1)},
)


def _degrade(pictures: Tensor, labels: Tensor, config: TrainConfig, generator: Generator) -> tuple[Tensor, Tensor]:
    target = F.interpolate(pictures, labels.shape[-2:], mode="area")
    return rain(pictures, config.rain, generator), target


def _rained(
    pictures: Tensor, _labels: Tensor, config: TrainConfig, generator: Generator, changes: dict[str, Any]
) -> Tensor:
    stronger: RainConfig = replace(config.rain, untouched=0.0, **changes)
    return rain(pictures, stronger, generator)


def _encode(network: nn.Module, _config: TrainConfig) -> bytes:
    axes = {name: {0: "n", 2: "h", 3: "w"} for name in ("picture", "rain")}
    return as_onnx(network, {"picture": torch.zeros(1, 3, 64, 64)}, ("rain",), axes)


_DEFAULTS: dict[str, Any] = {
    "name": "derain",
    "out": "runs/derain",
    "dark_batch": 1,
    "well_batch": 8,
    "data": {"size": 128, "loss_size": 128, "stored_size": 320, "crop": [0.3, 0.6], "well_mean": (0.1, 0.8),
             "dark_mean": (0.005, 1.0)},
    "losses": {
        "inversion": 0.0, "l1": 20.0, "gradient": 10.0, "contrastive": 0.005, "feature_preservation": 0.005,
        "regional_consistency": 0.05, "curve_smoothness": 0.0,
    },
}  # fmt: skip

DERAIN = RestorationTask(
    name="derain",
    degrade=_degrade,
    negatives=tuple(partial(_rained, changes=changes) for changes in _STRENGTHS),
    build=lambda _config: RainNet(),
    render=dry,
    encode=_encode,
    terms={
        "l1": lambda step: (step.restored - step.target).abs().mean(),
        "gradient": lambda step: gradient(step.restored, step.target),
        "inversion": terms.inversion_term,
        "contrastive": terms.contrastive_term,
        "feature_preservation": terms.feature_preservation_term,
        "regional_consistency": terms.regional_consistency_term,
    },
    spatial=True,
    inference_task="derain",
    architecture="rain",
    defaults=_DEFAULTS,
)
