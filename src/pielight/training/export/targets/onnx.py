"""ONNX, for ONNX Runtime on phones, computers and in browsers."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from pielight.inference.onnx_session import open_session, run_session
from pielight.training.export.graph import Arrays, Graph, Precision, Run
from pielight.training.export.onnx import as_onnx

_LEAST = 64  # numbers in a tensor of weights that is worth halving
_QUANTIZED = ("Conv", "Gemm")


def write(graph: Graph, path: Path, precision: Precision, samples: list[Arrays]) -> None:
    """Write a graph as an ONNX file of opset 17.

    ``fp16`` keeps weights in half precision and computes in single; ``int8`` quantizes convolutions and linear layers,
    with their activations as the samples show them.
    """
    inputs = dict(zip(graph.inputs, graph.example(), strict=True))
    content = as_onnx(graph.module, inputs, graph.outputs, {})
    if precision == "int8":
        _quantize(content, path, list(graph.inputs), samples)
    else:
        path.write_bytes(content if precision == "fp32" else _halved(content))


def open_file(path: Path, graph: Graph, threads: int = 1) -> Run:
    """Open a file in ONNX Runtime."""
    session = open_session(path, threads)
    return lambda values: run_session(session, graph.outputs, dict(zip(graph.inputs, values, strict=True)))


def _halved(content: bytes) -> bytes:
    """Return a model whose weights are stored in half precision, each behind a cast."""
    model = onnx.load_from_string(content)
    casts = []
    for item in model.graph.initializer:
        values = numpy_helper.to_array(item)
        if values.dtype == np.float32 and values.size >= _LEAST:
            name = item.name
            item.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}_half"))
            casts.append(helper.make_node("Cast", [f"{name}_half"], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    model.graph.ClearField("node")
    model.graph.node.extend(nodes)
    result: bytes = model.SerializeToString()
    return result


def _quantize(content: bytes, path: Path, names: list[str], samples: list[Arrays]) -> None:
    from onnxruntime import quantization  # which loads onnx and more

    feeds = iter([dict(zip(names, values, strict=True)) for values in samples])

    class Samples(quantization.CalibrationDataReader):  # type: ignore[misc]
        def get_next(self) -> dict[str, NDArray[np.float32]] | None:
            return next(feeds, None)

    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "whole.onnx"
        whole.write_bytes(content)
        logging.disable(logging.WARNING)
        try:
            quantization.quantize_static(
                whole, path, Samples(), per_channel=True, op_types_to_quantize=list(_QUANTIZED),
                activation_type=quantization.QuantType.QUInt8, weight_type=quantization.QuantType.QInt8,
            )  # fmt: skip
        finally:
            logging.disable(logging.NOTSET)
