"""Export: a trained network as ONNX and safetensors, with a card that says where it comes from."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import io
import json
import logging
import subprocess
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import torch
from safetensors.torch import save
from torch import Tensor, nn

from pielight import __version__
from pielight.core.atomic_file import write_atomic
from pielight.core.json_file import read_json
from pielight.errors import ModelError, PictureError
from pielight.training.config_file import as_yaml
from pielight.training.objectives import find_task
from pielight.training.schema import TrainConfig

_PACKAGE = Path(__file__).parents[2]


def export(
    network: nn.Module, config: TrainConfig, folder: Path, skipped: int = 0, seconds: float = 0.0,
    facts: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """Write ``NAME.onnx``, ``NAME.safetensors`` and the card ``NAME.json`` into a folder.

    The ONNX graph is that of the task; of darkness it maps "thumbnail" ``(N, 3, S, S)`` to "alphas"
    ``(N, 3 * iterations, h, w)``. Denormal weights become
    0, since they slow a CPU down and change no pixel. The safetensors file holds the settings and the commit beside
    the weights.

    Args:
        network: The network; its denormal weights are set to 0.
        config: The settings it was trained with.
        folder: Where to.
        skipped: Steps whose loss was not finite.
        seconds: Time spent.
        facts: More for the card; ``commit`` replaces the commit of the source tree.

    Raises:
        ModelError: if a file cannot be written, or every step was skipped.
    """
    task = find_task(config.task)
    kinds = {"brighten": config.network, "dehaze": "haze", "derain": "rain"}
    kind = kinds.get(task.name, task.name)
    save_model(
        network, kind, lambda: task.encode(network, config), as_yaml(_without_folders(config)), config, folder,
        skipped, seconds, facts or {},
    )  # fmt: skip


class Recipe(Protocol):
    """What the card of any model tells of the settings that it was trained with."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def training_data(self) -> str: ...  # noqa: D102
    @property
    def license(self) -> str: ...  # noqa: D102
    @property
    def seed(self) -> int: ...  # noqa: D102
    @property
    def steps(self) -> int: ...  # noqa: D102


def save_model(
    network: nn.Module, kind: str, encode: Callable[[], bytes], settings: str, recipe: Recipe, folder: Path,
    skipped: int, seconds: float, facts: Mapping[str, Any],
) -> None:  # fmt: skip
    """Write a model of any kind: ONNX, safetensors, and its card last, since it vouches for the others.

    Args:
        network: The network; its denormal weights are set to 0.
        kind: What the card calls the network.
        encode: Returns it as an ONNX file, with the weights that it has by then.
        settings: All settings as YAML, without paths.
        recipe: Those that the card names.
        folder: Where to.
        skipped: Steps whose loss was not finite.
        seconds: Time spent.
        facts: More for the card; ``commit`` replaces the commit of the source tree.

    Raises:
        ModelError: if a file cannot be written, or every step was skipped.
    """
    if skipped >= recipe.steps:
        raise ModelError(f"{recipe.name}: no step was taken, since no loss was finite; there is nothing to export")
    network = network.eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter[parameter.abs() < torch.finfo(torch.float32).tiny] = 0.0
    rest = {key: value for key, value in facts.items() if key != "commit"}
    commit = facts.get("commit") or git_commit()
    weights = {key: value.contiguous() for key, value in network.state_dict().items()}
    contents = {
        f"{recipe.name}.onnx": encode(),
        f"{recipe.name}.safetensors": save(weights, {"network": kind, "commit": commit, "config": settings}),
    }
    card: dict[str, Any] = {
        "name": recipe.name,
        "network": kind,
        "version": __version__,
        "parameters": sum(value.numel() for value in weights.values()),
        "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()},
        "data": recipe.training_data,
        "terms": recipe.license,
        "commit": commit,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "seed": recipe.seed,
        "steps": recipe.steps,
        "skipped_steps": skipped,
        "minutes": round(seconds / 60, 1),
        **rest,
        "config": settings,
    }
    contents[f"{recipe.name}.json"] = (json.dumps(card, indent=2) + "\n").encode()
    try:
        for name, content in contents.items():
            write_atomic(folder / name, content)
    except PictureError as error:
        raise ModelError(str(error)) from None


def _without_folders(config: TrainConfig) -> TrainConfig:
    """Return the settings with names in the place of paths, which say more of a machine than of a model."""

    def names(paths: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(Path(path).name for path in paths)

    data = dataclasses.replace(config.data, dark=names(config.data.dark), well=names(config.data.well), cache=None)
    features = Path(config.vgg_weights).name if config.vgg_weights else None
    return dataclasses.replace(config, vgg_weights=features, out=Path(config.out).name, data=data)


def exported(name: str, folder: Path) -> bool:
    """Say whether a folder holds the whole model of a run: the card, and the files with its checksums."""
    try:
        card = read_json(folder / f"{name}.json")
        return all(
            hashlib.sha256((folder / f"{name}.{kind}").read_bytes()).hexdigest() == card["sha256"][f"{name}.{kind}"]
            for kind in ("onnx", "safetensors")
        )
    except (OSError, ValueError, KeyError, TypeError):  # absent, or not a card
        return False


def onnx_bytes(network: nn.Module, height: int, width: int | None = None) -> bytes:
    """Return a network that reads ``(N, 3, height, width)``, by default a square, as an ONNX file."""
    example = {"thumbnail": torch.zeros(1, 3, height, width or height)}
    return as_onnx(network, example, ("alphas",), {"thumbnail": {0: "n"}, "alphas": {0: "n"}})


def as_onnx(
    network: nn.Module, inputs: Mapping[str, Tensor], outputs: tuple[str, ...], axes: Mapping[str, dict[int, str]]
) -> bytes:
    """Return a network of any kind as an ONNX file.

    Args:
        network: In evaluation mode.
        inputs: An example of each input, by name and in order.
        outputs: Names of the outputs.
        axes: Names of the axes of inputs and outputs whose size is free.
    """
    buffer: Any = io.BytesIO()  # the annotation of torch.onnx.export forgets what its TorchScript path takes
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network, tuple(inputs.values()), buffer, input_names=list(inputs), output_names=list(outputs),
            dynamic_axes=axes, opset_version=17, dynamo=False,
        )  # fmt: skip
    content: bytes = buffer.getvalue()
    return content


def git_commit() -> str:
    """Return the commit of the source tree that trains, with ``+`` if it has changes, or "unknown".

    A package that was installed into a folder of some other repository is of an unknown commit.
    """
    try:
        _git("ls-files", "--error-unmatch", "__init__.py")
        return _git("rev-parse", "HEAD").strip() + (
            "+" if _git("status", "--porcelain", "--", ".", ":(exclude)models").strip() else ""
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=_PACKAGE, capture_output=True, text=True, check=True).stdout
