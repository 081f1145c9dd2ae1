"""Checkpoints of a run: written whole or not at all, read without running code."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from pielight.errors import ModelError


@dataclass
class State:
    """All that a run needs to go on bit for bit; a step's randomness follows from seed and step."""

    step: int
    skipped: int
    """Steps whose loss was not finite."""
    seconds: float
    """Time spent so far."""
    network: dict[str, Tensor]
    average: dict[str, Tensor]
    """Exponential average of the weights."""
    optimiser: dict[str, Any]


def save(path: Path, state: State) -> None:
    """Write a checkpoint under a temporary name, then rename it."""
    partial = path.with_name(path.name + ".part")
    torch.save(vars(state), partial)
    os.replace(partial, path)


def restore(path: Path) -> State:
    """Read a checkpoint.

    Raises:
        ModelError: if it is damaged or of another kind.
    """
    try:
        return State(**torch.load(path, map_location="cpu", weights_only=True))
    except Exception as error:  # noqa: BLE001 - torch raises half a dozen types for a damaged or unsafe file
        raise ModelError(f"{path}: damaged checkpoint ({type(error).__name__}); remove it to start anew") from None
