"""Export of a trained denoiser as ONNX and safetensors, with a card that says where it comes from."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from pielight.training.config_file import as_yaml
from pielight.training.export.export import as_onnx, save_model
from pielight.training.networks.denoise_net import AsApplied, DenoiseNet
from pielight.training.schema import DenoiseConfig


def export(
    network: DenoiseNet, config: DenoiseConfig, folder: Path, skipped: int, seconds: float, facts: Mapping[str, Any]
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
        ModelError: if a file cannot be written, or every step was skipped.
    """
    save_model(
        network,
        config.recipe,
        lambda: onnx_bytes(network),
        as_yaml(_named(config)),
        config,
        folder,
        skipped,
        seconds,
        facts,
    )


def onnx_bytes(network: DenoiseNet) -> bytes:
    """Return a network as an ONNX file that takes pictures of any even number of cells."""
    cells = torch.zeros(1, 48, 4, 6)
    example = {"cells": cells, "level": cells[:, :3], "share": cells[:, :1], "mix": torch.eye(3)}
    free = {name: {0: "n", 2: "h", 3: "w"} for name in ("cells", "level", "share", "noise")}
    return as_onnx(AsApplied(network).eval(), example, ("noise",), free)


def _named(config: DenoiseConfig) -> DenoiseConfig:
    """Return the settings with names in the place of paths, which say more of a machine than of a model."""
    well = tuple(Path(path).name for path in config.data.well)
    data = dataclasses.replace(config.data, well=well, cache=None)
    return dataclasses.replace(config, out=Path(config.out).name, data=data)
