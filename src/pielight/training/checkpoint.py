"""The folder of a run and its checkpoint: written whole or not at all, read without running code."""

from __future__ import annotations

import dataclasses
import hashlib
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from pielight.core.atomic_file import open_atomic, write_atomic
from pielight.core.messages import shown, utf8
from pielight.errors import ConfigError, DataError, ModelError, PictureError
from pielight.training.export.model_files import git_commit
from pielight.training.schema.config_file import as_yaml, read_values, validate, was_written_by_us

_FREE = ("out", "checkpoint_minutes", "accumulation", "data.cache")  # settings that change nothing in the weights


@dataclass
class State:
    """All that a run needs to resume bit for bit; a step's randomness follows from seed and step."""

    step: int
    skipped: int
    """Steps whose loss or gradient was not finite."""
    seconds: float
    """Time spent so far."""
    network: dict[str, Tensor]
    average: dict[str, Tensor]
    """Exponential moving average of the weights."""
    optimizer: dict[str, Any]
    facts: dict[str, Any] = field(default_factory=dict)
    """The :func:`fingerprint` of the run."""
    best: dict[str, Tensor] = field(default_factory=dict)
    """The averaged weights of the best validation; empty before there was a better one than the start."""
    best_score: float = -math.inf
    best_step: int = 0
    ended: str = ""
    """Why the run ended before its last step, if it did."""
    scaler: dict[str, Any] = field(default_factory=dict)
    """Scale of the loss, of ``precision: fp16``."""


def save_checkpoint(path: Path, state: State) -> None:
    """Write a checkpoint under a temporary name, then rename it.

    Raises:
        ModelError: if it cannot be written.
    """
    write_tensors(path, vars(state))


def write_tensors(path: Path, values: Mapping[str, Any]) -> None:
    """Write tensors and plain values, whole or not at all.

    Raises:
        ModelError: if it cannot be written.
    """
    try:
        with open_atomic(path) as file:
            torch.save(dict(values), file)
    except PictureError as error:
        raise ModelError(str(error)) from None
    except RuntimeError as error:  # which torch makes of a full disk
        raise ModelError(f"{path}: cannot be written ({str(error).splitlines()[0][:80]})") from None


def read_checkpoint(path: Path) -> State:
    """Read a checkpoint.

    Raises:
        ModelError: if it is damaged or of another kind.
    """
    try:
        values = torch.load(path, map_location="cpu", weights_only=True)
        if isinstance(values, dict) and "optimiser" in values:  # codespell:ignore optimiser
            raise ModelError(f"{path}: written by an earlier release; remove it to start over, or use another --out")
        return State(**values)
    except ModelError:
        raise
    except Exception as error:  # noqa: BLE001 - torch raises half a dozen types for a damaged or unsafe file
        raise ModelError(f"{path}: damaged checkpoint ({type(error).__name__}); remove it to start over") from None


def load_state(part: Any, weights: Mapping[str, Any], path: Path) -> None:
    """Load a network's or an optimizer's part of a checkpoint.

    Raises:
        ModelError: if it is another network's.
    """
    try:
        part.load_state_dict(weights)
    except (RuntimeError, ValueError):  # the network was changed since
        raise ModelError(f"{path}: holds weights of another network; remove it to start over") from None


def prepare_run_dir(out: Path, config: Any) -> Path:
    """Make the folder of a run and store its resolved settings, or refuse to mix two runs in one folder.

    Returns:
        The path of the checkpoint; if it exists, the run goes on from it.

    Raises:
        ConfigError: if the folder holds a run of another kind, or with other settings or unknown ones, or a config.yaml
            that no run wrote, or cannot be written, or has a name that is not UTF-8.
    """
    if utf8(str(out)) != os.fsencode(out):
        raise ConfigError(f"{shown(out)}: no UTF-8 name, which TensorBoard needs; set another out")
    stored, path = out / "config.yaml", out / "checkpoint.pt"
    if path.exists():
        _refuse_others(out, stored, config)
    elif stored.exists() and not was_written_by_us(stored, type(config)):
        raise ConfigError(f"{stored}: is there already, and no run of this kind wrote it; set another out")
    try:
        write_atomic(stored, as_yaml(config).encode())
    except PictureError as error:
        raise ConfigError(f"{error}; set another out") from None
    return path


def _refuse_others(out: Path, stored: Path, config: Any) -> None:
    """Raise, unless the stored settings of a run are those of ``config``, in all that matters."""
    if not stored.exists():
        raise ConfigError(f"{out}: holds a checkpoint, but not its config.yaml; bring that back, or set another out")
    values = read_values(stored)
    before, now = values.get("recipe") or "curves", getattr(config, "recipe", "curves")
    if before != now:
        raise ConfigError(f"{out}: holds a run of another kind ({before}, not {now}); set another out")
    try:
        others = _differences(validate(type(config), values, warn=False), config)
    except ConfigError as error:
        raise ConfigError(f"{stored}: {error}; set another out") from None
    if others:
        raise ConfigError(
            f"{out}: holds a run with other settings ({', '.join(others)}); set another out, or remove the folder"
        )


def _differences(old: Any, new: Any, prefix: str = "") -> list[str]:
    """Return the names of the settings that differ and matter."""
    names: list[str] = []
    for item in dataclasses.fields(old):
        name, before, after = f"{prefix}{item.name}", getattr(old, item.name), getattr(new, item.name)
        if dataclasses.is_dataclass(before):
            names += _differences(before, after, f"{name}.")
        elif before != after and name not in _FREE:
            names.append(name)
    return names


def fingerprint(
    before: Mapping[str, Any], pictures: Mapping[str, Sequence[Tensor]], weights: Mapping[str, Path]
) -> dict[str, Any]:
    """Return checksums of what a run learns from, for its card, and the commits of its source.

    Args:
        before: The fingerprint in the checkpoint that the run resumes from; empty for a new run.
        pictures: uint8, by role.
        weights: Files of weights that the run starts from, by role.

    Raises:
        DataError: if pictures or weights are not those that the run began with.
    """
    facts: dict[str, Any] = {}
    for role, items in pictures.items():
        digest = hashlib.sha256()
        for item in items:
            digest.update(repr(tuple(item.shape)).encode() + item.numpy().tobytes())
        facts |= {f"{role}_pictures": len(items), f"{role}_sha256": digest.hexdigest()}
        if any(before.get(name, facts[name]) != facts[name] for name in (f"{role}_pictures", f"{role}_sha256")):
            count = before.get(f"{role}_pictures")
            raise DataError(f"the {role} pictures are not the {count} that the run began with; bring them back, or set "
                            "another out")  # fmt: skip
    for role, path in weights.items():
        name = f"{role}_sha256"
        facts[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        if before and before.get(name) != facts[name]:
            raise DataError(f"{path}: not the weights that the run began with; bring them back, or set another out")
    commits = [*before.get("commit", "").split(", "), git_commit()]
    return facts | {"commit": ", ".join(dict.fromkeys(commit for commit in commits if commit))}
