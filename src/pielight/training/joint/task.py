"""The downstream model: what it is, what its outputs are scored by, and who it learns from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pielight.errors import ConfigError, DataError, ModelError, PielightError
from pielight.training.data.annotated import Batch, Targets
from pielight.training.import_path import named_object, one_line
from pielight.training.joint.enhancing import fill, read_weights
from pielight.training.networks.face_detector import FaceDetector, anchors, face_distillation, face_loss
from pielight.training.networks.segmenter import Segmenter
from pielight.training.schema import DownstreamConfig


@dataclass(frozen=True)
class Task:
    """A downstream model and its losses."""

    module: nn.Module
    """Maps pictures ``(N, 3, H, W)``, RGB in [0, 1], to its outputs."""
    loss: Callable[[Any, Targets, Any, tuple[int, int]], Tensor]
    """Of outputs, targets, the outputs of the model as it was at first on the clean pictures, and height and width."""
    distil: Callable[[Any, Any, tuple[int, int]], Tensor]
    """Of outputs, those on the clean pictures, and height and width."""
    compares: bool = True
    """Whether the loss looks at the outputs on the clean pictures."""


def load_task(how: DownstreamConfig) -> Task:
    """Build a downstream model and load its weights. Code that the settings name is run.

    Raises:
        ConfigError: if there is no such module or function.
        ModelError: if weights cannot be read.
    """
    if how.module == "faces":
        if not how.weights:
            raise ConfigError("downstream.weights: give the detector's ONNX file, such as yunet_n_dynamic.onnx")
        return Task(FaceDetector(how.weights), _scoring(how), _distil_faces)
    if how.module == "segmentation":
        module: Any = Segmenter(how.classes)
    else:
        module = _function(how.module, "downstream.module")()
        if not isinstance(module, nn.Module):
            raise ConfigError(f"downstream.module: {how.module} returned {type(module).__name__}, no torch.nn.Module")
        if not how.loss:
            raise ConfigError("downstream.loss: say how outputs are scored, as in module:function")
    if how.weights:
        fill(module, read_weights(Path(how.weights)), Path(how.weights))
    if how.module == "segmentation":
        return Task(
            module, _scoring(how), lambda outputs, clean, _size: segmentation_distillation(outputs, clean),
            how.loss not in ("", "segmentation"),
        )  # fmt: skip
    return Task(module, _scoring(how), lambda outputs, clean, _size: distillation(outputs, clean))


def _function(place: str, setting: str) -> Callable[..., Any]:
    """Import a function that the settings name."""
    found = named_object(place, setting)
    if not callable(found):
        raise ConfigError(f"{setting}: {place} is {type(found).__name__}, no function")
    called: Callable[..., Any] = found
    return called


def try_out(task: Task, batch: Batch, scored: bool, taught: bool) -> None:
    """Run one batch, so that a model that cannot be scored says so before anything is learned.

    Args:
        task: The model.
        batch: Some examples.
        scored: Whether the task's loss counts.
        taught: Whether distillation does.

    Raises:
        ModelError: saying what was expected.
        DataError: if what is known of the pictures does not suit the task.
    """
    size = (batch.clean.shape[-2], batch.clean.shape[-1])
    shape, was = tuple(batch.clean.shape), task.module.training
    task.module.eval()
    values: list[Any] = []
    try:
        outputs = task.module(batch.dark.clone().requires_grad_())
        if not list(flat(outputs)):
            raise ModelError("downstream: returned nothing; expected tensors")
        with torch.no_grad():
            clean = task.module(batch.clean)
        if scored:
            values.append(task.loss(outputs, batch.targets, clean, size))
        if taught:
            values.append(task.distil(outputs, clean, size))
    except PielightError:
        raise
    except Exception as error:  # noqa: BLE001 - the user's code may raise anything
        raise ModelError(f"downstream: fails on pictures {shape} ({one_line(error)})") from None
    finally:
        task.module.train(was)
    for value in values:
        if not isinstance(value, Tensor) or value.numel() != 1:
            kind = f"a tensor {tuple(value.shape)}" if isinstance(value, Tensor) else type(value).__name__
            raise ModelError(f"downstream.loss: returned {kind}; expected a tensor of one number")
        if not torch.isfinite(value):
            raise ModelError(f"downstream.loss: is {value.item()} on pictures {shape}; expected a finite number")
        if not value.requires_grad:
            raise ModelError("downstream.loss: has no gradient; expected one that reaches the pictures")


def flat(outputs: Any) -> Iterator[tuple[str, Tensor]]:
    """Yield every tensor of a model's outputs with a name: of a tensor, a list or tuple, or a dict.

    Raises:
        ModelError: if something else is in them.

    >>> [name for name, _ in flat({"a": torch.zeros(1), "b": (torch.zeros(1), torch.zeros(1))})]
    ['a', 'b_0', 'b_1']
    """
    if isinstance(outputs, Tensor):
        yield "output", outputs
        return
    if not isinstance(outputs, dict | list | tuple):
        raise ModelError(f"downstream: returned {type(outputs).__name__}; expected tensors, in a list or dict or alone")
    for key, value in outputs.items() if isinstance(outputs, dict) else enumerate(outputs):
        for name, tensor in flat(value):
            yield (str(key) if isinstance(value, Tensor) else f"{key}_{name}"), tensor


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
        (found - wanted).square().mean() / (wanted.var(unbiased=False) + 1e-6)
        for (_, found), (_, wanted) in zip(flat(outputs), flat(clean), strict=True)
        if found.is_floating_point()
    ]
    return torch.stack(parts).mean()


def _scoring(how: DownstreamConfig) -> Callable[[Any, Targets, Any, tuple[int, int]], Tensor]:
    """Return the loss that the settings name: ``segmentation``, ``faces``, or a user's."""
    name = how.loss or how.module

    def of_labels(outputs: Any, targets: Targets, _clean: Any, size: tuple[int, int]) -> Tensor:
        if not isinstance(targets, Tensor):
            raise DataError("downstream: segmentation learns from labels; set data.labels, or weights.task to 0")
        expected = (len(targets), how.classes, *size)
        if not isinstance(outputs, Tensor) or outputs.shape != expected:
            kind = tuple(outputs.shape) if isinstance(outputs, Tensor) else type(outputs).__name__
            raise ModelError(f"downstream: returned {kind}; expected logits (N, classes, H, W) = {expected}")
        return F.cross_entropy(outputs, targets, ignore_index=how.ignore_index)

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
