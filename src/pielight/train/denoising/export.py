"""Export of a trained denoiser as ONNX and safetensors, with a card that says where it comes from."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import io
import logging
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save

from pielight import __version__
from pielight.train.config import as_yaml
from pielight.train.denoising.config import Denoising
from pielight.train.denoising.network import AsApplied, DenoiseNet
from pielight.train.export import git_commit, write_model


def export(
    network: DenoiseNet, config: Denoising, folder: Path, skipped: int, seconds: float, facts: Mapping[str, Any]
) -> None:
    """Write ``NAME.onnx``, ``NAME.safetensors`` and the card ``NAME.json`` into a folder.

    Args:
        network: The network; its denormal weights are set to 0.
        config: The settings it was trained with.
        folder: Where to.
        skipped: Steps whose loss was not finite.
        seconds: Time spent.
        facts: More for the card; ``commit`` replaces the commit of the source tree.

    Raises:
        ModelError: if a file cannot be written.
    """
    network = network.eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter[parameter.abs() < torch.finfo(torch.float32).tiny] = 0.0
    rest = {key: value for key, value in facts.items() if key != "commit"}
    commit = facts.get("commit") or git_commit()
    weights = {key: value.contiguous() for key, value in network.state_dict().items()}
    settings = as_yaml(_named(config))
    contents = {
        f"{config.name}.onnx": onnx_bytes(network),
        f"{config.name}.safetensors": save(weights, {"network": config.recipe, "commit": commit, "config": settings}),
    }
    card: dict[str, Any] = {
        "name": config.name,
        "network": config.recipe,
        "version": __version__,
        "parameters": sum(value.numel() for value in weights.values()),
        "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()},
        "data": config.pictures,
        "terms": config.terms,
        "commit": commit,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "seed": config.seed,
        "steps": config.steps,
        "skipped_steps": skipped,
        "minutes": round(seconds / 60, 1),
        **rest,
        "config": settings,
    }
    write_model(folder, contents, card)


def onnx_bytes(network: DenoiseNet) -> bytes:
    """Return a network as an ONNX file that takes pictures of any even number of cells."""
    buffer: Any = io.BytesIO()  # the annotation of torch.onnx.export forgets what its TorchScript path takes
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    cells = torch.zeros(1, 48, 4, 6)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            AsApplied(network).eval(), (cells, cells[:, :3], cells[:, :1], torch.eye(3)), buffer,
            input_names=["cells", "level", "share", "mix"], output_names=["noise"],
            dynamic_axes={name: {0: "n", 2: "h", 3: "w"} for name in ("cells", "level", "share", "noise")},
            opset_version=17, dynamo=False,
        )  # fmt: skip
    content: bytes = buffer.getvalue()
    return content


def _named(config: Denoising) -> Denoising:
    """Return the settings with names in the place of paths, which say more of a machine than of a model."""
    well = tuple(Path(path).name for path in config.data.well)
    data = dataclasses.replace(config.data, well=well, cache=None)
    return dataclasses.replace(config, out=Path(config.out).name, data=data)
