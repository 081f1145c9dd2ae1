"""Import paths of earlier releases, as their documentation showed them: they work for this release, with a warning.

Each is a module in :data:`sys.modules` whose attributes load the new module when they are first used, so that
``from pielight.downstream.detector import detector`` imports nothing else, and ``import pielight`` nothing heavy.
"""

from __future__ import annotations

import sys
from types import ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MOVED = {  # former module: its names, and where each is now
    "pielight.cells": {"read_csv": "pielight.core.tables"},
    "pielight.curves.light": {"light_curve": "pielight.ops.light_curve"},
    "pielight.downstream.darkness": {"Darkness": "pielight.evaluation.downstream.darkness"},
    "pielight.downstream.datasets": dict.fromkeys(
        ("darkened", "faces", "segmentation"), "pielight.evaluation.downstream.datasets"
    ),
    "pielight.downstream.detection": {
        "evidence": "pielight.evaluation.downstream.face_detection:detection_state",
        "figures": "pielight.evaluation.downstream.face_detection:face_metrics",
    },
    "pielight.downstream.detector": {"detector": "pielight.evaluation.downstream.detector"},
    "pielight.downstream.labels": {"read_labels": "pielight.evaluation.downstream.annotations"},
    "pielight.downstream.segmentation": dict.fromkeys(
        ("class_ious", "confusion", "mean_iou", "pixel_accuracy"), "pielight.evaluation.downstream.segmentation"
    ),
    "pielight.downstream.yunet": {"decode": "pielight.evaluation.downstream.detector"},
    "pielight.evaluate.metrics": {"METRICS": "pielight.evaluation.metrics"},
    "pielight.files": {"FileOptions": "pielight.inference.pipeline_files:SaveOptions"},
    "pielight.joint.config": {"read_joint": "pielight.training.recipe:read_recipe"},
    "pielight.joint.enhancing": {"load_enhancer": "pielight.training.networks.joint_model"},
    "pielight.joint.loop": {"train": "pielight.training.trainer"},
    "pielight.joint.onnx_module": {"OnnxModule": "pielight.inference.onnx_module"},
    "pielight.joint.unified": {"Unified": "pielight.training.networks.joint_model:JointModel"},
    "pielight.train.config": {
        "Training": "pielight.training.schema:TrainConfig",
        "read_config": "pielight.training.recipe:read_train_config",
    },
    "pielight.train.export": {"onnx_bytes": "pielight.training.export.onnx:lattice_onnx"},
    "pielight.train.physics.noise": {
        "quantise": "pielight.training.degradations.noise:quantize",
        "sensor_noise": "pielight.training.degradations.noise",
    },
    "pielight.train.physics.random": dict.fromkeys(
        ("chance", "log_uniform", "uniform"), "pielight.training.degradations.noise"
    ),
    "pielight.train.render": {"render": "pielight.training.networks.dce_net"},
    "pielight.train.tasks.task": {
        "Step": "pielight.training.objectives.restoration_task:StepOutputs",
        "Task": "pielight.training.objectives.restoration_task:RestorationTask",
    },
    "pielight.train.terms": {
        "consistent": "pielight.training.objectives.restoration_task:regional_consistency_term",
        "contrasted": "pielight.training.objectives.restoration_task:contrastive_term",
        "inverted": "pielight.training.objectives.restoration_task:inversion_term",
        "preserved": "pielight.training.objectives.restoration_task:feature_preservation_term",
        "smooth": "pielight.training.objectives.restoration_task:curve_smoothness_term",
    },
}


class _MovedModule(ModuleType):
    """A former module that loads its names from where they are now."""

    def __getattr__(self, name: str) -> Any:
        target = MOVED.get(self.__name__, {}).get(name)
        if target is None:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        import warnings
        from importlib import import_module

        module, _, attribute = target.partition(":")
        attribute = attribute or name
        warnings.warn(f"{self.__name__}.{name} is now {module}.{attribute}", DeprecationWarning, stacklevel=2)
        return _ADAPTED.get(f"{self.__name__}.{name}") or getattr(import_module(module), attribute)


def _read_joint(path: Any, changes: Any = ()) -> Any:
    """Read a configuration of joint training, as ``read_recipe(path, changes, JointConfig)`` does."""
    from pielight.training.recipe import read_recipe
    from pielight.training.schema import JointConfig

    return read_recipe(path, changes, JointConfig)


def _restoration_task(*arguments: Any, spoil: Any = None, door: str | None = None, **named: Any) -> Any:
    """Return a RestorationTask of the arguments that Task took, and of the names that its losses had."""
    from pielight.training.objectives.restoration_task import RestorationTask
    from pielight.training.schema import LossWeights, TrainConfig
    from pielight.training.schema.renamed import with_new_names

    if spoil is not None:
        named["degrade"] = spoil
    if door is not None:
        named["inference_task"] = door
    for key, section in (("terms", LossWeights), ("defaults", TrainConfig)):
        if key in named:
            named[key] = with_new_names(section, named[key], warn=False)
    return RestorationTask(*arguments, **named)


_ADAPTED = {  # functions that took other arguments
    "pielight.joint.config.read_joint": _read_joint,
    "pielight.train.tasks.task.Task": _restoration_task,
}


def install() -> None:
    """Make the former modules importable."""
    for path in MOVED:
        sys.modules[path] = _MovedModule(path)  # no package: Python would look each imported name up twice, and warn so
        parent = path.rpartition(".")[0]
        while parent not in sys.modules:
            sys.modules[parent] = package = _MovedModule(parent)
            package.__path__ = []  # its former modules are in sys.modules, too
            parent = parent.rpartition(".")[0]
