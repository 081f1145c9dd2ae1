"""Training of pielight's models in torch.

``train`` runs any recipe; ``read_train_config`` reads one. A task of a user's own is one :class:`RestorationTask`:

>>> from pielight.training import read_train_config
>>> read_train_config(None, ["task=dehaze", "steps=10"]).steps
10
"""

# ruff: isort: skip_file
# fmt: off
from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from pielight.core.extras import require

if TYPE_CHECKING:
    from pielight.training.degradations.noise import quantize, uniform
    from pielight.training.export.onnx import lattice_onnx
    from pielight.training.networks.dce_net import render
    from pielight.training.objectives.restoration_task import (
        RestorationTask, contrastive_term, curve_smoothness_term, feature_preservation_term, inversion_term,
        regional_consistency_term,
    )
    from pielight.training.recipe import read_recipe, read_train_config
    from pielight.training.schema import DenoiseConfig, ExposureConfig, FinetuneConfig, JointConfig, TrainConfig
    from pielight.training.trainer import StepReport, train

require("train")

_HOME = {
    "degradations.noise": ("quantize", "uniform"),
    "export.onnx": ("lattice_onnx",),
    "networks.dce_net": ("render",),
    "objectives.restoration_task": (
        "RestorationTask", "contrastive_term", "curve_smoothness_term", "feature_preservation_term", "inversion_term",
        "regional_consistency_term",
    ),
    "recipe": ("read_recipe", "read_train_config"),
    "schema": ("DenoiseConfig", "ExposureConfig", "FinetuneConfig", "JointConfig", "TrainConfig"),
    "trainer": ("StepReport", "train"),
}

__all__ = [
    "DenoiseConfig", "ExposureConfig", "FinetuneConfig", "JointConfig", "RestorationTask", "StepReport", "TrainConfig",
    "contrastive_term", "curve_smoothness_term", "feature_preservation_term", "inversion_term", "lattice_onnx",
    "quantize", "read_recipe", "read_train_config", "regional_consistency_term", "render", "train", "uniform",
]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used."""
    for module, names in _HOME.items():
        if name in names:
            return getattr(importlib.import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
