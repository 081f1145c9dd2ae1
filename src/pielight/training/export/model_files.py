"""The files of a trained model: ONNX, safetensors, and a card that says where it comes from."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor, nn

from pielight import __version__
from pielight.core.atomic_file import write_atomic
from pielight.core.json_file import read_json
from pielight.errors import ModelError, PictureError
from pielight.training.schema import ExposureConfig, TrainConfig
from pielight.training.schema.config_file import as_yaml
from pielight.training.schema.renamed import with_new_names
from pielight.training.schema.run import RunConfig
from pielight.training.schema.yaml_reader import parse_yaml

_PACKAGE = Path(__file__).parents[2]
_PATHS = (
    "out",
    "published",
    "dark",
    "well",
    "fused",
    "clean",
    "labels",
    "boxes",
    "vgg_weights",
    "enhancer",
    "module",
    "loss",
    "weights",
)


@dataclass(frozen=True)
class RunRecord:
    """What is known of the run that trained a model."""

    skipped: int = 0
    """Steps whose loss was not finite."""
    seconds: float = 0.0
    """Time spent."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """More for the card; ``commit`` replaces the commit of the source tree."""
    best: Mapping[str, Tensor] = field(default_factory=dict)
    """The averaged weights of the best validation."""
    best_step: int = 0
    ended: str = ""
    """Why the run ended before its last step, if it did."""


NO_RECORD = RunRecord()


def save_model(
    network: nn.Module, architecture: str, encode: Callable[[], bytes], recipe: RunConfig, folder: Path,
    record: RunRecord, name: str | None = None, settings: str | None = None,
) -> None:  # fmt: skip
    """Write a model of any kind: ``NAME.onnx``, ``NAME.safetensors``, and its card last, since it vouches for them.

    Denormal weights become 0, since they slow a CPU down and change no pixel. The safetensors file holds the settings
    and the commit beside the weights.

    Args:
        network: The network; its denormal weights are set to 0.
        architecture: What the card calls the network.
        encode: Returns it as an ONNX file, with the weights that it has by then.
        name: NAME; that of the recipe by default.
        settings: The settings as YAML, if more is to be said than :func:`settings_without_paths`.

    Raises:
        ModelError: if a file cannot be written, or every step was skipped.
    """
    name = name or recipe.name
    settings = settings or settings_without_paths(recipe)
    if record.skipped >= recipe.steps:
        raise ModelError(f"{name}: no step was taken, since no loss was finite; there is nothing to export")
    network = network.eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter[parameter.abs() < torch.finfo(torch.float32).tiny] = 0.0
    rest = {key: value for key, value in record.facts.items() if key != "commit"}
    commit = record.facts.get("commit") or git_commit()
    weights = {key: value.contiguous() for key, value in network.state_dict().items()}
    contents = {
        f"{name}.onnx": encode(),
        f"{name}.safetensors": save(weights, {"network": architecture, "commit": commit, "config": settings}),
    }
    card: dict[str, Any] = {
        "name": name,
        "network": architecture,
        "version": __version__,
        "parameters": sum(value.numel() for value in weights.values()),
        "sha256": {file: hashlib.sha256(content).hexdigest() for file, content in contents.items()},
        "data": recipe.training_data,
        "terms": recipe.license,
        "commit": commit,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "seed": recipe.seed,
        "steps": recipe.steps,
        "skipped_steps": record.skipped,
        "minutes": round(record.seconds / 60, 1),
        **rest,
        "config": settings,
    }
    contents[f"{name}.json"] = (json.dumps(card, indent=2) + "\n").encode()
    try:
        for file, content in contents.items():
            write_atomic(folder / file, content)
    except PictureError as error:
        raise ModelError(str(error)) from None


def stored_settings(path: Path) -> dict[Any, Any]:
    """Return the settings that a safetensors file of :func:`save_model` holds, under their names of today.

    Raises:
        KeyError: if it holds none; SafetensorError, OSError, AttributeError and ValueError if it is damaged.
    """
    with safe_open(path, "pt") as file:
        values = parse_yaml((file.metadata() or {})["config"])
    return values if values.get("recipe") == ExposureConfig.recipe else with_new_names(TrainConfig, values, warn=False)


def settings_without_paths(config: Any) -> str:
    """Return settings as YAML, with names in the place of paths, which say more of a machine than of a model."""
    return as_yaml(_named(config))


def _named(config: Any) -> Any:
    changes: dict[str, Any] = {}
    for item in dataclasses.fields(config):
        value = getattr(config, item.name)
        if dataclasses.is_dataclass(value):
            changes[item.name] = _named(value)
        elif isinstance(value, tuple) and value and dataclasses.is_dataclass(value[0]):
            changes[item.name] = tuple(map(_named, value))
        elif item.name == "cache":
            changes[item.name] = None
        elif item.name in _PATHS and isinstance(value, tuple):
            changes[item.name] = tuple(Path(path).name for path in value)
        elif item.name in _PATHS and isinstance(value, str) and value:
            changes[item.name] = Path(value).name
    return dataclasses.replace(config, **changes)


def exported(name: str, folder: Path) -> bool:
    """Return whether a folder holds the whole model of a run: the card, and the files with its checksums."""
    try:
        card = read_json(folder / f"{name}.json")
        return all(
            hashlib.sha256((folder / f"{name}.{kind}").read_bytes()).hexdigest() == card["sha256"][f"{name}.{kind}"]
            for kind in ("onnx", "safetensors")
        )
    except (OSError, ValueError, KeyError, TypeError):  # absent, or not a card
        return False


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
