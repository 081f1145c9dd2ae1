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
    "pielight.joint.config": {"read_joint": "pielight.training.recipe:read_recipe"},
    "pielight.joint.enhancing": {"load_enhancer": "pielight.training.networks.joint_model"},
    "pielight.joint.loop": {"train": "pielight.training.trainer"},
    "pielight.joint.unified": {"Unified": "pielight.training.networks.joint_model:JointModel"},
    "pielight.train.tasks.task": {"Task": "pielight.training.objectives.restoration_task:RestorationTask"},
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
        return _ADAPTED.get(name) or getattr(import_module(module), attribute)


def _read_joint(path: Any, changes: Any = ()) -> Any:
    """Read a configuration of joint training, as ``read_recipe(path, changes, JointConfig)`` does."""
    from pielight.training.recipe import read_recipe
    from pielight.training.schema import JointConfig

    return read_recipe(path, changes, JointConfig)


_ADAPTED = {"read_joint": _read_joint}  # functions that took other arguments


def install() -> None:
    """Make the former modules importable."""
    for path in MOVED:
        parent, _, name = path.rpartition(".")
        while name and path not in sys.modules:
            sys.modules[path] = module = _MovedModule(path)
            module.__path__ = []  # a package, whose former modules are in sys.modules, too
            path = parent
            parent, _, name = path.rpartition(".")
