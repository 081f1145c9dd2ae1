"""The engine in torch, which is loaded only where a device is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pielight.core.extras import require

if TYPE_CHECKING:
    import torch

    from pielight.inference.exposure_map import ExposureNetwork
    from pielight.inference.torch_engine import TorchEngine


def open_engine(network: ExposureNetwork, device: torch.device) -> TorchEngine:
    """Return the engine of a network of exposure maps on a device.

    Raises:
        MissingExtraError: torch or onnx is not installed.
        ModelError: The network's file is damaged, or made of nodes that torch is not told.
    """
    require("gpu")
    from pielight.inference.torch_engine import TorchEngine

    return TorchEngine(network, device)
