"""Networks as ONNX files."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from onnx.reference import ReferenceEvaluator
from torch import Tensor, nn

from pielight.ops.exposure_statistics import SEEN
from pielight.training.networks.exposure_net import SIDE


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
    return folded(buffer.getvalue())


def folded(content: bytes) -> bytes:
    """Return an ONNX file with constants in the place of nodes that depend on nothing else, as sizes of paddings do.

    Runtimes of phones take no other paddings, and torch's exporter leaves them to be computed.
    """
    model = onnx.load_from_string(content)
    opset = {model.opset_import[0].domain: model.opset_import[0].version}
    known: dict[str, Any] = {}
    kept = []
    if any(attribute.HasField("g") for node in model.graph.node for attribute in node.attribute):
        return content  # a branch or a loop, which may read constants without saying so
    results = {output.name for output in model.graph.output}
    for node in model.graph.node:
        follows = node.op_type == "Constant" or (node.input and all(name in known for name in node.input))
        if follows and results.isdisjoint(node.output):
            values = ReferenceEvaluator(node, opsets=opset).run(None, {name: known[name] for name in node.input})
            known.update(zip(node.output, map(np.asarray, values), strict=True))
        else:
            kept.append(node)
    used = {name for node in kept for name in node.input}
    model.graph.ClearField("node")
    model.graph.node.extend(kept)
    model.graph.initializer.extend(numpy_helper.from_array(known[name], name) for name in known if name in used)
    folded_content: bytes = model.SerializeToString()
    return folded_content


def lattice_onnx(network: nn.Module, height: int, width: int | None = None) -> bytes:
    """Return a network of curve maps as an ONNX file: "thumbnail" ``(N, 3, height, width)`` to "alphas".

    Args:
        network: Maps thumbnails to ``(N, 3 * iterations, h, w)``.
        width: Of the thumbnail; by default it is a square.
    """
    example = {"thumbnail": torch.zeros(1, 3, height, width or height)}
    return as_onnx(network, example, ("alphas",), {"thumbnail": {0: "n"}, "alphas": {0: "n"}})


def exposure_onnx(network: nn.Module) -> bytes:
    """Return a network of exposure maps as an ONNX file: "thumbnail" and "statistics" to "exposure" and "underexposed".

    Args:
        network: As :class:`pielight.training.networks.exposure_net.ExposureNet`.
    """
    example = {"thumbnail": torch.zeros(1, 3, SIDE, SIDE), "statistics": torch.zeros(1, SEEN)}
    outputs = ("exposure", "underexposed")
    return as_onnx(network, example, outputs, {name: {0: "n"} for name in (*example, *outputs)})
