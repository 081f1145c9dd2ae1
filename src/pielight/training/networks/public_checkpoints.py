"""The networks of others, by their public checkpoints: Zero-DCE, SCL-LLE, PIE."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from pielight.errors import DataError
from pielight.training.networks.dce_net import DCENet, read_dcenet
from pielight.training.networks.render import render

Pixels = NDArray[np.uint8]


def published(path: str | Path) -> Callable[[Pixels], Pixels]:
    """Return what enhances ``(H, W, 3)`` uint8 pictures by a checkpoint, at full resolution as published.

    Raises:
        ModelError: if the file is missing, damaged, or holds another network. What is returned raises DataError for a
            picture on which it fails.
    """
    network = read_dcenet(path)
    _flush(network)

    def enhance(pixels: Pixels) -> Pixels:
        with torch.inference_mode():
            picture = torch.from_numpy(pixels.astype(np.float32) / 255).permute(2, 0, 1)[None]
            result = render(picture, network(picture))[0].permute(1, 2, 0).clamp(0, 1)
        if result.isnan().any():
            raise DataError(f"{path}: returns values that are no numbers")
        bright: Pixels = np.rint(result.numpy() * 255).astype(np.uint8)
        return bright

    return enhance


def _flush(network: DCENet) -> None:
    """Set weights to zero that are too small to matter: products with them are denormal, which slows a CPU 30 times."""
    with torch.no_grad():
        for parameter in network.parameters():
            parameter[parameter.abs() < 1e-20] = 0
