"""Files of a joint run: the enhancer for every door, enhancer and downstream model as one graph, and each alone."""

from __future__ import annotations

import dataclasses
import io
import logging
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from pielight.errors import ModelError
from pielight.training.checkpoint import State
from pielight.training.config_file import as_yaml
from pielight.training.export.export import exported, onnx_bytes, save_model
from pielight.training.joint.task import flat
from pielight.training.joint.unified import Flat, Unified
from pielight.training.schema import JointConfig, LatticeConfig

_TRIED = (48, 64)  # height and width that a graph is traced with


def parts(config: JointConfig) -> list[str]:
    """Return the names of the models that a run leaves behind.

    >>> parts(JointConfig(name="a", train="both"))
    ['a', 'a-downstream', 'a-enhancer', 'a-unified']
    """
    name = config.name
    lattice = [name] if config.train != "downstream" else []
    downstream = [f"{name}-downstream"] if config.train != "enhancer" else []
    whole = [f"{name}-enhancer", f"{name}-unified"] if config.enhances else []
    return lattice + downstream + whole


def complete(config: JointConfig, folder: Path) -> bool:
    """Say whether a folder holds every model of a run."""
    return all(exported(name, folder) for name in parts(config))


def export(unified: Unified, config: JointConfig, lattice: LatticeConfig, state: State, folder: Path) -> None:
    """Write the models of a run, each as ONNX and safetensors with a card.

    ``NAME`` is the lattice network, which every door of pielight takes; ``NAME-enhancer`` maps "pictures"
    ``(N, 3, H, W)`` in [0, 1] to "enhanced", as in training and with denoising; ``NAME-downstream`` maps "pictures" to
    the downstream model's outputs; ``NAME-unified`` maps "pictures" to "enhanced" and these outputs. N, H and W are
    free. Lattice network and downstream model are left out where they did not learn.

    Raises:
        ModelError: if a file cannot be written, a model cannot be expressed in ONNX, or every step was skipped.
    """
    unified = unified.cpu().eval()
    names = parts(config)
    settings = _settings(config, lattice, unified)
    for name in names:
        kind = name[len(config.name) + 1 :] or "lattice"
        module: nn.Module = unified
        if kind != "unified":
            module = unified.get_submodule({"lattice": "enhancer.network"}.get(kind, kind))

        def encode(module: nn.Module = module, kind: str = kind) -> bytes:
            if kind == "lattice":
                enhancer: Any = unified.enhancer
                return onnx_bytes(module, enhancer.size)
            return graph_bytes(module, {"enhancer": ["enhanced"], "downstream": [], "unified": ["enhanced"]}[kind])

        recipe = dataclasses.replace(config, name=name)
        save_model(module, kind, encode, settings, recipe, folder, state.skipped, state.seconds, state.facts)


def graph_bytes(module: nn.Module, first: list[str]) -> bytes:
    """Return a module of pictures ``(N, 3, H, W)`` as an ONNX file.

    Args:
        module: Its outputs are tensors, in tuples, lists or dicts or alone.
        first: Names of its first outputs; the others are named as in :func:`pielight.training.joint.task.flat`.

    Raises:
        ModelError: if ONNX cannot hold it.
    """
    pictures = torch.rand(1, 3, *_TRIED)
    with torch.no_grad():
        found = list(flat(module.eval()(pictures)))
    names = first + [_plain_name(name, tensor) for name, tensor in found[len(first) :]]
    axes = {name: _free(tensor) for name, (_, tensor) in zip(names, found, strict=True)}
    buffer: Any = io.BytesIO()
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                Flat(module).eval(), (pictures,), buffer, input_names=["pictures"], output_names=names,
                dynamic_axes={"pictures": {0: "n", 2: "h", 3: "w"}, **axes}, opset_version=17, dynamo=False,
            )  # fmt: skip
    except Exception as error:  # noqa: BLE001 - the exporter raises many types, as may the user's module
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise ModelError(f"{type(module).__name__}: cannot be expressed in ONNX ({reason[0][:120]})") from None
    content: bytes = buffer.getvalue()
    return content


def _plain_name(name: str, tensor: Tensor) -> str:
    """Call an only output of four dimensions what it is where segmentation is measured."""
    name = name.removeprefix("1_")
    return "logits" if name in ("output", "1") and tensor.dim() == 4 else name


def _free(tensor: Tensor) -> dict[int, str]:
    """Return the axes that follow the pictures; those of one or a few channels stay."""
    return {axis: f"d{axis}" for axis in range(tensor.dim()) if axis != (1 if tensor.dim() == 4 else tensor.dim() - 1)}


def _settings(config: JointConfig, lattice: LatticeConfig, unified: Unified) -> str:
    """Return the settings as YAML, with names in the place of paths, and the size of the lattice network."""

    def name(path: str) -> str:
        return Path(path).name if path else path

    data = dataclasses.replace(
        config.data, clean=name(config.data.clean), labels=name(config.data.labels), boxes=name(config.data.boxes)
    )
    how = config.constraints
    constraints = dataclasses.replace(
        how, dark=tuple(map(name, how.dark)), well=tuple(map(name, how.well)), cache=None,
        vgg_weights=name(how.vgg_weights) if how.vgg_weights else None,
    )  # fmt: skip
    weights = config.downstream.weights
    downstream = dataclasses.replace(
        config.downstream, module=name(config.downstream.module), loss=name(config.downstream.loss),
        weights=name(weights) if weights else None,
    )  # fmt: skip
    plain = dataclasses.replace(
        config, out=name(config.out), enhancer=name(config.enhancer), data=data, downstream=downstream,
        constraints=constraints,
    )  # fmt: skip
    text = as_yaml(plain)
    if unified.enhancer is None:
        return text
    size: Any = unified.enhancer.size
    return as_yaml(_Sized(lattice, _Side(size))) + "joint:\n" + "".join(f"  {line}\n" for line in text.splitlines())


@dataclasses.dataclass(frozen=True)
class _Side:
    size: int


@dataclasses.dataclass(frozen=True)
class _Sized:
    """What :func:`pielight.training.joint.enhancing.load_enhancer` asks of a file of weights."""

    lattice: LatticeConfig
    data: _Side
