"""The downstream model: how it is loaded, scored, and compared with itself on clean pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pielight.errors import ConfigError, DataError, ModelError, PielightError
from pielight.training.data.annotated import Batch, Targets
from pielight.training.networks.face_detector import FaceDetector, anchors, face_distillation, face_loss
from pielight.training.networks.joint_model import named_tensors
from pielight.training.networks.segmenter import Segmenter
from pielight.training.networks.weights import fill, read_weights
from pielight.training.schema import DownstreamConfig
from pielight.training.schema.import_path import named_object, one_line


@dataclass(frozen=True)
class DownstreamModel:
    """A downstream model and its losses."""

    module: nn.Module
    """Maps pictures ``(N, 3, H, W)``, RGB in [0, 1], to its outputs."""
    loss: Callable[[Any, Targets, Any, tuple[int, int]], Tensor]
    """Of outputs, targets, the outputs of the model as it was at first on the clean pictures, and height and width."""
    distillation: Callable[[Any, Any, tuple[int, int]], Tensor]
    """Of outputs, those on the clean pictures, and height and width."""
    compares: bool = True
    """Whether the loss looks at the outputs on the clean pictures."""


def load_downstream(config: DownstreamConfig) -> DownstreamModel:
    """Build a downstream model and load its weights. Code that the settings name is run.

    Raises:
        ConfigError: if there is no such module or function.
        ModelError: if weights cannot be read.
    """
    if config.module == "faces":
        if not config.weights:
            raise ConfigError("downstream.weights: give the detector's ONNX file, such as yunet_n_dynamic.onnx")
        return DownstreamModel(FaceDetector(config.weights), _scoring(config), _distil_faces)
    if config.module == "segmentation":
        module: Any = Segmenter(config.classes)
    else:
        module = _function(config.module, "downstream.module")()
        if not isinstance(module, nn.Module):
            raise ConfigError(
                f"downstream.module: {config.module} returned {type(module).__name__}, no torch.nn.Module"
            )
        if not config.loss:
            raise ConfigError("downstream.loss: say how outputs are scored, as in module:function")
    if config.weights:
        fill(module, read_weights(Path(config.weights)), Path(config.weights))
    if config.module == "segmentation":
        return DownstreamModel(
            module, _scoring(config), lambda outputs, clean, _size: segmentation_distillation(outputs, clean),
            config.loss not in ("", "segmentation"),
        )  # fmt: skip
    return DownstreamModel(module, _scoring(config), lambda outputs, clean, _size: distillation(outputs, clean))


def _function(import_path: str, setting: str) -> Callable[..., Any]:
    """Import a function that the settings name."""
    function: Callable[..., Any] = named_object(import_path, setting)
    if not callable(function):
        raise ConfigError(f"{setting}: {import_path} is {type(function).__name__}, no function")
    return function


def try_out(model: DownstreamModel, batch: Batch, scored: bool, taught: bool) -> None:
    """Run one batch, so that a model that cannot be scored says so before anything is learned.

    Raises:
        ModelError: saying what was expected.
        DataError: if what is known of the pictures does not suit the task.
    """
    size = (batch.clean.shape[-2], batch.clean.shape[-1])
    shape, was = tuple(batch.clean.shape), model.module.training
    model.module.eval()
    values: list[Any] = []
    try:
        outputs = model.module(batch.dark.clone().requires_grad_())
        if not list(named_tensors(outputs)):
            raise ModelError("downstream: returned nothing; expected tensors")
        with torch.no_grad():
            clean = model.module(batch.clean)
        if scored:
            values.append(model.loss(outputs, batch.targets, clean, size))
        if taught:
            values.append(model.distillation(outputs, clean, size))
    except PielightError:
        raise
    except Exception as error:  # noqa: BLE001 - the user's code may raise anything
        raise ModelError(f"downstream: fails on pictures {shape} ({one_line(error)})") from None
    finally:
        model.module.train(was)
    for value in values:
        if not isinstance(value, Tensor) or value.numel() != 1:
            kind = f"a tensor {tuple(value.shape)}" if isinstance(value, Tensor) else type(value).__name__
            raise ModelError(f"downstream.loss: returned {kind}; expected a tensor of one number")
        if not torch.isfinite(value):
            raise ModelError(f"downstream.loss: is {value.item()} on pictures {shape}; expected a finite number")
        if not value.requires_grad:
            raise ModelError("downstream.loss: has no gradient; expected one that reaches the pictures")


def segmentation_distillation(logits: Tensor, clean: Tensor) -> Tensor:
    """Return the divergence ``KL(softmax(clean) || softmax(logits))``, the mean over pixels; ``(N, C, H, W)`` each."""
    sure = clean.log_softmax(1)
    return (sure.exp() * (sure - logits.log_softmax(1))).sum(1).mean()


def distillation(outputs: Any, clean: Any) -> Tensor:
    """Return ``mean_k mean((y_k - x_k)^2) / (var(x_k) + 1e-6)`` over the tensors of outputs, x those on clean pictures.

    >>> distillation(torch.ones(2), torch.tensor([1.0, 1.0])).item()
    0.0
    """
    parts = [
        (value - target).square().mean() / (target.var(unbiased=False) + 1e-6)
        for (_, value), (_, target) in zip(named_tensors(outputs), named_tensors(clean), strict=True)
        if value.is_floating_point()
    ]
    return torch.stack(parts).mean()


def _scoring(config: DownstreamConfig) -> Callable[[Any, Targets, Any, tuple[int, int]], Tensor]:
    """Return the loss that the settings name: ``segmentation``, ``faces``, or a user's."""
    name = config.loss or config.module

    def of_labels(outputs: Any, targets: Targets, _clean: Any, size: tuple[int, int]) -> Tensor:
        if not isinstance(targets, Tensor):
            raise DataError("downstream: segmentation learns from labels; set data.labels, or weights.task to 0")
        expected = (len(targets), config.classes, *size)
        if not isinstance(outputs, Tensor) or outputs.shape != expected:
            kind = tuple(outputs.shape) if isinstance(outputs, Tensor) else type(outputs).__name__
            raise ModelError(f"downstream: returned {kind}; expected logits (N, classes, H, W) = {expected}")
        return F.cross_entropy(outputs, targets, ignore_index=config.ignore_index)

    def of_faces(outputs: Any, targets: Targets, clean: Any, size: tuple[int, int]) -> Tensor:
        if not isinstance(targets, list):
            raise DataError("downstream: faces are learned from boxes; set data.boxes, or weights.task to 0")
        return face_loss(anchors(outputs, size), anchors(clean, size), targets)

    if name in ("segmentation", "faces"):
        return of_labels if name == "segmentation" else of_faces
    function = _function(name, "downstream.loss")

    def of_user(outputs: Any, targets: Targets, clean: Any, _size: tuple[int, int]) -> Tensor:
        value: Tensor = function(outputs, clean if targets is None else targets)
        return value

    return of_user


def _distil_faces(outputs: Any, clean: Any, size: tuple[int, int]) -> Tensor:
    return face_distillation(anchors(outputs, size), anchors(clean, size))
