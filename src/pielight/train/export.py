"""Export: a trained network as ONNX and safetensors, with a card that says where it comes from."""

from __future__ import annotations

import datetime
import hashlib
import io
import json
import logging
import subprocess
import warnings
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import nn

from pielight import __version__
from pielight.train.config import Training, as_yaml


def export(network: nn.Module, config: Training, folder: Path, skipped: int = 0, seconds: float = 0.0) -> None:
    """Write ``NAME.onnx``, ``NAME.safetensors`` and the card ``NAME.json`` into a folder.

    The ONNX graph maps "thumbnail" ``(N, 3, S, S)`` to "alphas" ``(N, 24, h, w)``. Denormal weights become 0, since
    they slow a CPU down and change no pixel.
    """
    network = network.eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter[parameter.abs() < torch.finfo(torch.float32).tiny] = 0.0
    name = config.name
    weights = {key: value.contiguous() for key, value in network.state_dict().items()}
    _replace(folder / f"{name}.onnx", onnx_bytes(network, config.data.size))
    partial = folder / f"{name}.safetensors.part"
    save_file(weights, partial, {"network": config.network})
    partial.replace(folder / f"{name}.safetensors")
    card: dict[str, Any] = {
        "name": name,
        "network": config.network,
        "version": __version__,
        "parameters": sum(value.numel() for value in weights.values()),
        "sha256": {
            file: hashlib.sha256((folder / file).read_bytes()).hexdigest()
            for file in (f"{name}.onnx", f"{name}.safetensors")
        },
        "commit": git_commit(),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "seed": config.seed,
        "steps": config.steps,
        "skipped_steps": skipped,
        "minutes": round(seconds / 60, 1),
        "config": as_yaml(config),
    }
    _replace(folder / f"{name}.json", (json.dumps(card, indent=2) + "\n").encode())


def onnx_bytes(network: nn.Module, size: int) -> bytes:
    """Return a network that reads ``(N, 3, size, size)`` as an ONNX file."""
    buffer = io.BytesIO()
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network, (torch.zeros(1, 3, size, size),), buffer, input_names=["thumbnail"], output_names=["alphas"],
            dynamic_axes={"thumbnail": {0: "n"}, "alphas": {0: "n"}}, opset_version=17, dynamo=False,
        )  # fmt: skip
    return buffer.getvalue()


def git_commit() -> str:
    """Return the commit of the source tree that trains, with ``+`` if it has changes, or "unknown"."""
    here = Path(__file__).parent
    try:
        commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=here, capture_output=True, text=True, check=True)
        changed = subprocess.run(["git", "status", "--porcelain", "--", "."], cwd=here, capture_output=True, text=True,
                                 check=True)  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return commit.stdout.strip() + ("+" if changed.stdout.strip() else "")


def _replace(path: Path, content: bytes) -> None:
    partial = path.with_name(path.name + ".part")
    partial.write_bytes(content)
    partial.replace(path)
