"""What a run prepares before its first step, kept on disk until it is done, so that a killed run goes on from there."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from pielight.training.checkpoint import write_tensors

FOLDER = "preparation"
"""Below the folder of a run."""


@dataclass(frozen=True)
class Preparation:
    """Keeps the results of computations that say by what they were made."""

    folder: Path | None
    """None keeps nothing."""
    key: str
    """Checksum of all that the results depend on."""

    def result(self, name: str, compute: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Return tensors as they were kept, or compute and keep them; a damaged file is made anew.

        The state of torch's own randomness counts as a part of the result, so that what follows draws the same.

        Args:
            compute: Returns tensors, in dicts and lists.

        Raises:
            ModelError: if the file cannot be written.
        """
        path = None if self.folder is None else self.folder / f"{name}.pt"
        kept = _read(path) if path is not None and path.exists() else {}
        if kept.get("key") == self.key:
            torch.set_rng_state(kept["random"])
            stored: dict[str, Any] = kept["result"]
            return stored
        result = compute()
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_tensors(path, {"key": self.key, "result": result, "random": torch.get_rng_state()})
        return result


NOTHING = Preparation(None, "")
"""Keeps nothing."""


def checksum(
    settings: str, pictures: Sequence[Sequence[Tensor]], modules: Sequence[nn.Module | None], device: torch.device
) -> str:
    """Return a checksum of what a preparation depends on, this package's source and torch's randomness included."""
    digest = hashlib.sha256(repr((settings, torch.__version__, device.type)).encode())
    for source in sorted(Path(__file__).parents[1].rglob("*.py")):
        digest.update(source.read_bytes())
    digest.update(torch.get_rng_state().numpy().tobytes())
    states: list[Mapping[str, Tensor]] = [module.state_dict() for module in modules if module is not None]
    for item in [*(item for part in pictures for item in part), *(value for one in states for value in one.values())]:
        digest.update(repr((tuple(item.shape), item.dtype)).encode())
        digest.update(item.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def remove(out: Path) -> None:
    """Remove what was kept below the folder of a run that is done."""
    shutil.rmtree(out / FOLDER, ignore_errors=True)


def _read(path: Path) -> dict[str, Any]:
    """Return what a file holds; nothing if it is damaged."""
    try:
        kept = torch.load(path, map_location="cpu", weights_only=True)
    except Exception:  # noqa: BLE001 - torch raises half a dozen types for a damaged file; it is made anew
        return {}
    return kept if isinstance(kept, dict) and {"key", "result", "random"} <= set(kept) else {}
