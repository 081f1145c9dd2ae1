"""The files of a joint run: the enhancer for inference, enhancer and downstream model as one graph, and each alone."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import torch
from torch import Tensor, nn

from pielight.errors import ModelError
from pielight.training.export.model_files import RunRecord, exported, save_model, settings_without_paths
from pielight.training.export.onnx import as_onnx, exposure_onnx
from pielight.training.networks.joint_model import Flat, JointModel, named_tensors
from pielight.training.networks.weights import JOINT
from pielight.training.schema import ExposureConfig, JointConfig
from pielight.training.schema.import_path import one_line

_TRIED = (48, 64)  # height and width that a graph is traced with


def model_names(config: JointConfig) -> list[str]:
    """Return the names of the models that a run leaves behind.

    >>> model_names(JointConfig(name="a", train="both"))
    ['a', 'a-downstream', 'a-enhancer', 'a-unified']
    """
    name = config.name
    exposure = [name] if config.train != "downstream" else []
    downstream = [f"{name}-downstream"] if config.train != "enhancer" else []
    whole = [f"{name}-enhancer", f"{name}-unified"] if config.enhances else []
    return exposure + downstream + whole


def is_complete(config: JointConfig, folder: Path) -> bool:
    """Return whether a folder holds every model of a run."""
    return all(exported(name, folder) for name in model_names(config))


def save_models(
    model: JointModel, config: JointConfig, start: ExposureConfig | None, folder: Path, record: RunRecord
) -> None:
    """Write the models of a run, each as ONNX and safetensors with a card.

    ``NAME`` is the network of exposure maps, which inference runs; ``NAME-enhancer`` maps "pictures" ``(N, 3, H, W)``
    in [0, 1] to "enhanced", as in training and with denoising; ``NAME-downstream`` maps "pictures" to the downstream
    model's outputs; ``NAME-unified`` maps "pictures" to "enhanced" and these outputs. N, H and W are free. Network and
    downstream model are left out where they did not learn.

    Args:
        start: What the enhancer's network was trained with; None without an enhancer.

    Raises:
        ModelError: if a file cannot be written, a model cannot be expressed in ONNX, or every step was skipped.
    """
    model.eval()
    settings = _settings(config, start)
    for name in model_names(config):
        kind = name[len(config.name) + 1 :] or "exposure"
        module: nn.Module = model
        if kind != "unified":
            module = model.get_submodule({"exposure": "enhancer.network"}.get(kind, kind))

        def encode(module: nn.Module = module, kind: str = kind) -> bytes:
            if kind == "exposure":
                return exposure_onnx(module)
            return graph_bytes(module, [] if kind == "downstream" else ["enhanced"])

        save_model(module, kind, encode, config, folder, record, name, settings)


def graph_bytes(module: nn.Module, first: list[str]) -> bytes:
    """Return a module of pictures ``(N, 3, H, W)`` as an ONNX file.

    Args:
        module: Its outputs are tensors, in tuples, lists or dicts or alone.
        first: Names of its first outputs; the others are named as in
            :func:`pielight.training.networks.joint_model.named_tensors`.

    Raises:
        ModelError: if ONNX cannot hold it.
    """
    pictures = torch.rand(1, 3, *_TRIED)
    with torch.no_grad():
        outputs = list(named_tensors(module.eval()(pictures)))
    names = first + [_plain_name(name, tensor) for name, tensor in outputs[len(first) :]]
    axes = {name: _free_axes(tensor) for name, (_, tensor) in zip(names, outputs, strict=True)}
    try:
        return as_onnx(
            Flat(module).eval(), {"pictures": pictures}, names, {"pictures": {0: "n", 2: "h", 3: "w"}, **axes}
        )
    except Exception as error:  # noqa: BLE001 - the exporter raises many types, as may the user's module
        raise ModelError(f"{type(module).__name__}: cannot be expressed in ONNX ({one_line(error)})") from None


def _plain_name(name: str, tensor: Tensor) -> str:
    """Call an only output of four dimensions "logits", as evaluation of segmentation does."""
    name = name.removeprefix("1_")
    return "logits" if name in ("output", "1") and tensor.dim() == 4 else name


def _free_axes(tensor: Tensor) -> dict[int, str]:
    """Return the axes that follow the pictures; those of one or a few channels stay."""
    return {axis: f"d{axis}" for axis in range(tensor.dim()) if axis != (1 if tensor.dim() == 4 else tensor.dim() - 1)}


def _settings(config: JointConfig, start: ExposureConfig | None) -> str:
    """Return the settings as YAML; with an enhancer, behind those that loading its network asks for."""
    text = settings_without_paths(config)
    if start is None:
        return text
    kept = dataclasses.replace(
        start, name=config.name, training_data=config.training_data, license=config.license, out=config.out
    )
    return f"{settings_without_paths(kept)}{JOINT}:\n" + "".join(f"  {line}\n" for line in text.splitlines())
