"""Networks as ONNX files."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn


def as_onnx(
    network: nn.Module, inputs: Mapping[str, Tensor], outputs: Sequence[str], axes: Mapping[str, dict[int, str]]
) -> bytes:
    """Return a network of any kind as an ONNX file.

    Args:
        network: In evaluation mode.
        inputs: An example of each input, by name and in order.
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


def lattice_onnx(network: nn.Module, height: int, width: int | None = None) -> bytes:
    """Return a network of curve maps as an ONNX file: "thumbnail" ``(N, 3, height, width)`` to "alphas".

    Args:
        network: Maps thumbnails to ``(N, 3 * iterations, h, w)``.
        width: Of the thumbnail; by default it is a square.
    """
    example = {"thumbnail": torch.zeros(1, 3, height, width or height)}
    return as_onnx(network, example, ("alphas",), {"thumbnail": {0: "n"}, "alphas": {0: "n"}})
