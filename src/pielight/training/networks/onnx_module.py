"""An ONNX graph as a torch module, so that gradients pass through it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import onnx
import torch
import torch.nn.functional as F
from onnx import numpy_helper
from torch import Tensor, nn

from pielight.errors import ModelError

_LARGEST = 1 << 30  # bytes


class OnnxModule(nn.Module):
    """Runs the nodes of an ONNX graph in torch, its floating-point constants being parameters.

    In place of onnx2torch, which does the same for more kinds of nodes but has had no release since August 2024. It
    supports what detectors such as YuNet are made of: Conv, Relu, Sigmoid, MaxPool, Resize (nearest), Add, Transpose,
    and Shape, Gather, Unsqueeze, Concat and Reshape, which compute sizes. Sizes are plain numbers and lists here, which
    an export follows as it does those of any module.

    Args:
        path: A file of one input and whole tensors inside; external data are not read.

    Raises:
        ModelError: if it is missing, damaged, or made of other nodes, which are named.
    """

    def __init__(self, path: str | Path) -> None:
        super().__init__()
        graph = _read(Path(path))
        known = {item.name for item in graph.initializer}
        inputs = [item.name for item in graph.input if item.name not in known]
        if len(inputs) != 1:
            raise ModelError(f"{path}: takes {len(inputs)} inputs ({', '.join(inputs)}); one is expected")
        self.input = inputs[0]
        self.outputs = [item.name for item in graph.output]
        self._weights: dict[str, str] = {}
        self._constants: dict[str, Any] = {"": None}  # the name of an input that is left out
        self._nodes: list[tuple[Callable[..., Any], list[str], str]] = []
        for item in graph.initializer:
            self._keep(item.name, item)
        unknown = sorted({node.op_type for node in graph.node} - {*_MAKERS, "Constant"})
        if unknown:
            raise ModelError(
                f"{path}: has the nodes {', '.join(unknown)}; these are known: {', '.join(sorted(_MAKERS))}"
            )
        for node in graph.node:
            settings = {item.name: onnx.helper.get_attribute_value(item) for item in node.attribute}
            if node.op_type == "Constant":
                self._keep(node.output[0], settings["value"])
                continue
            try:
                run = _MAKERS[node.op_type](settings)
            except _UnknownSetting as error:
                raise ModelError(f"{path}: the node {node.name or node.output[0]} ({node.op_type}) {error}") from None
            self._nodes.append((run, list(node.input), node.output[0]))

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """Return every output of the graph by its name."""
        values: dict[str, Any] = dict(self._constants)
        values[self.input] = x
        values |= {name: self.get_parameter(key) for name, key in self._weights.items()}
        for run, inputs, output in self._nodes:
            values[output] = run(*(values[name] for name in inputs))
        return {name: values[name] for name in self.outputs}

    def _keep(self, name: str, value: onnx.TensorProto) -> None:
        array = numpy_helper.to_array(value)
        if array.dtype.kind == "f" and array.size > 0:
            key = name.replace(".", "_")
            self.register_parameter(f"p_{key}", nn.Parameter(torch.from_numpy(array.astype("float32"))))
            self._weights[name] = f"p_{key}"
        else:
            self._constants[name] = array.tolist()


class _UnknownSetting(Exception):
    """What a node asks for and this module does not do."""


def _read(path: Path) -> onnx.GraphProto:
    if not path.is_file():
        raise ModelError(f"{path}: no such ONNX file")
    if path.stat().st_size > _LARGEST:
        raise ModelError(f"{path}: larger than {_LARGEST >> 20} MiB")
    try:
        model = onnx.load(path, load_external_data=False)
        onnx.checker.check_model(model)
    except Exception as error:  # noqa: BLE001 - protobuf and the checker raise several types
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ModelError(f"{path}: not an ONNX model ({reason[:100]})") from None
    if any(item.data_location == onnx.TensorProto.EXTERNAL for item in model.graph.initializer):
        raise ModelError(f"{path}: keeps its weights in other files; save it as one file")
    return model.graph


def _expect(settings: Mapping[str, Any], **defaults: Any) -> None:
    """Raise unless each setting is absent or has the value that is known here."""
    for name, known in defaults.items():
        value = settings.get(name, known)
        value = value.decode() if isinstance(value, bytes) else value
        if value != known:
            raise _UnknownSetting(f"has {name} {value}; {known} is known")


def _padded(x: Tensor, pads: Sequence[int], fill: float) -> Tensor:
    """Pad as ONNX says it: top, left, bottom, right."""
    top, left, bottom, right = pads
    return F.pad(x, (left, right, top, bottom), value=fill) if any(pads) else x


def _conv(settings: Mapping[str, Any]) -> Callable[..., Any]:
    _expect(settings, auto_pad="NOTSET")
    pads = settings.get("pads", [0, 0, 0, 0])
    rest = (settings.get("strides", [1, 1]), 0, settings.get("dilations", [1, 1]), settings.get("group", 1))
    if len(pads) != 4:
        raise _UnknownSetting("is not two-dimensional")
    return lambda x, weight, bias=None: F.conv2d(_padded(x, pads, 0.0), weight, bias, *rest)


def _max_pool(settings: Mapping[str, Any]) -> Callable[..., Any]:
    _expect(settings, auto_pad="NOTSET", ceil_mode=0, storage_order=0)
    kernel = settings["kernel_shape"]
    pads = settings.get("pads", [0, 0, 0, 0])
    rest = (settings.get("strides", [1, 1]), 0, settings.get("dilations", [1, 1]))
    if len(kernel) != 2:
        raise _UnknownSetting("is not two-dimensional")
    return lambda x: F.max_pool2d(_padded(x, pads, float("-inf")), kernel, *rest)


def _resize(settings: Mapping[str, Any]) -> Callable[..., Any]:
    _expect(settings, mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor")

    def run(x: Tensor, _region: Any, scales: Any = None, sizes: Any = None) -> Tensor:
        if sizes is not None:
            return F.interpolate(x, size=tuple(sizes[2:]), mode="nearest")
        factors = scales.detach().tolist() if isinstance(scales, Tensor) else scales
        return F.interpolate(x, scale_factor=tuple(factors[2:]), mode="nearest")

    return run


def _gather(settings: Mapping[str, Any]) -> Callable[..., Any]:
    _expect(settings, axis=0)
    return lambda sizes, index: [sizes[i] for i in index] if isinstance(index, list) else sizes[index]


def _unsqueeze(settings: Mapping[str, Any]) -> Callable[..., Any]:
    _expect(settings, axes=[0])
    return lambda size, _axes=None: [size]


def _concat(settings: Mapping[str, Any]) -> Callable[..., Any]:
    axis = settings["axis"]

    def run(*parts: Any) -> Any:
        return [size for part in parts for size in part] if isinstance(parts[0], list) else torch.cat(parts, axis)

    return run


def _reshape(settings: Mapping[str, Any]) -> Callable[..., Any]:
    _expect(settings, allowzero=0)
    return lambda x, sizes: x.reshape([x.shape[i] if isinstance(s, int) and s == 0 else s for i, s in enumerate(sizes)])


def _plain(function: Callable[..., Any]) -> Callable[[Mapping[str, Any]], Callable[..., Any]]:
    return lambda _settings: function


_MAKERS: dict[str, Callable[[Mapping[str, Any]], Callable[..., Any]]] = {
    "Add": _plain(torch.add),
    "Concat": _concat,
    "Conv": _conv,
    "Gather": _gather,
    "MaxPool": _max_pool,
    "Relu": _plain(torch.relu),
    "Reshape": _reshape,
    "Resize": _resize,
    "Shape": _plain(lambda x: list(x.shape)),
    "Sigmoid": _plain(torch.sigmoid),
    "Transpose": lambda settings: lambda x: x.permute(*settings["perm"]),
    "Unsqueeze": _unsqueeze,
}
