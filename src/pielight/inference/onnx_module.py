"""An ONNX graph as a torch module, so that it runs on any device, and gradients pass through it."""

from __future__ import annotations

import functools
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
    supports what detectors such as YuNet and the networks of exposure maps are made of. Sizes are plain numbers and
    lists here, which an export follows as it does those of any module.

    Args:
        path: A file with whole tensors inside; external data are not read.

    Raises:
        ModelError: if it is missing, damaged, or made of other nodes, which are named.
    """

    def __init__(self, path: str | Path) -> None:
        super().__init__()
        graph = _read(Path(path))
        known = {item.name for item in graph.initializer}
        inputs = [item.name for item in graph.input if item.name not in known]
        self.inputs = inputs
        self.outputs = [item.name for item in graph.output]
        self._weights: dict[str, str] = {}
        self._constants: dict[str, Any] = {"": None}  # the name of an input that is left out
        self._nodes: list[tuple[Callable[..., Any], list[str], list[str]]] = []
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
            self._nodes.append((run, list(node.input), list(node.output)))

    def forward(self, *inputs: Tensor) -> dict[str, Tensor]:
        """Return every output of the graph by its name, for the inputs in their order."""
        values: dict[str, Any] = dict(self._constants) | dict(zip(self.inputs, inputs, strict=True))
        values |= {name: self.get_parameter(key) for name, key in self._weights.items()}
        for run, names, outputs in self._nodes:
            result = run(*(values[name] for name in names))
            values |= dict(zip(outputs, result if len(outputs) > 1 else [result], strict=True))
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
    is_linear = settings.get("mode", b"nearest") == b"linear"
    if is_linear:
        _expect(settings, coordinate_transformation_mode="half_pixel")
    else:
        _expect(settings, mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor")
    how: dict[str, Any] = {"mode": "bilinear", "align_corners": False} if is_linear else {"mode": "nearest"}

    def run(x: Tensor, _region: Any, scales: Any = None, sizes: Any = None) -> Tensor:
        if sizes is not None:
            return F.interpolate(x, size=tuple(sizes[2:]), **how)
        factors = scales.detach().tolist() if isinstance(scales, Tensor) else scales
        return F.interpolate(x, scale_factor=tuple(factors[2:]), **how)

    return run


def _pad(settings: Mapping[str, Any]) -> Callable[..., Any]:
    _expect(settings, mode="edge")

    def run(x: Tensor, pads: Sequence[int], *_rest: Any) -> Tensor:
        before, after = pads[: len(pads) // 2], pads[len(pads) // 2 :]
        if len(pads) != 8 or any((*before[:2], *after[:2])):
            raise ModelError("Pad: only rows and columns of pictures are padded")
        return F.pad(x, (before[3], after[3], before[2], after[2]), mode="replicate")

    return run


def _slice(_settings: Mapping[str, Any]) -> Callable[..., Any]:
    def run(x: Tensor, starts: Sequence[int], ends: Sequence[int], axes: Any = None, steps: Any = None) -> Tensor:
        places = [slice(None)] * x.ndim
        for number, (start, end) in enumerate(zip(starts, ends, strict=True)):
            end = min(end, x.shape[number if axes is None else axes[number]])
            places[number if axes is None else axes[number]] = slice(start, end, steps[number] if steps else None)
        return x[tuple(places)]

    return run


def _gemm(settings: Mapping[str, Any]) -> Callable[..., Any]:
    _expect(settings, alpha=1.0, beta=1.0, transA=0, transB=1)
    return lambda x, weight, bias=None: F.linear(x, weight, bias)


def _reduced(function: Callable[..., Any]) -> Callable[[Mapping[str, Any]], Callable[..., Any]]:
    """Return the maker of a reduction, whose axes are a setting or an input."""

    def make(settings: Mapping[str, Any]) -> Callable[..., Any]:
        keeps = bool(settings.get("keepdims", 1))
        return lambda x, axes=None: function(x, tuple(settings.get("axes", axes)), keeps)

    return make


def _gather(settings: Mapping[str, Any]) -> Callable[..., Any]:
    _expect(settings, axis=0)
    return lambda sizes, index: [sizes[i] for i in index] if isinstance(index, list) else sizes[index]


def _unsqueeze(settings: Mapping[str, Any]) -> Callable[..., Any]:
    def run(x: Any, axes: Any = None) -> Any:
        if not isinstance(x, Tensor) or x.ndim == 0:  # a size, which is a tensor while an export follows it
            return [x]
        for axis in settings.get("axes", axes):
            x = x.unsqueeze(axis)
        return x

    return run


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
    "Clip": _plain(lambda x, least=None, most=None: x.clamp(least, most)),
    "Concat": _concat,
    "Conv": _conv,
    "Div": _plain(torch.div),
    "Gather": _gather,
    "Gemm": _gemm,
    "Less": _plain(torch.lt),
    "LessOrEqual": _plain(torch.le),
    "Log": _plain(torch.log),
    "Max": _plain(lambda *items: functools.reduce(torch.maximum, items)),
    "MaxPool": _max_pool,
    "Mul": _plain(torch.mul),
    "Neg": _plain(torch.neg),
    "Pad": _pad,
    "Pow": _plain(torch.pow),
    "ReduceMax": _reduced(lambda x, axes, keeps: x.amax(axes, keeps)),
    "ReduceMean": _reduced(lambda x, axes, keeps: x.mean(axes, keeps)),
    "ReduceSum": _reduced(lambda x, axes, keeps: x.sum(axes, keeps)),
    "Relu": _plain(torch.relu),
    "Reshape": _reshape,
    "Resize": _resize,
    "Shape": _plain(lambda x: list(x.shape)),
    "Sigmoid": _plain(torch.sigmoid),
    "Slice": _slice,
    "Split": lambda settings: lambda x, sizes: x.split(sizes, settings.get("axis", 0)),
    "Sub": _plain(torch.sub),
    "Transpose": lambda settings: lambda x: x.permute(*settings["perm"]),
    "Unsqueeze": _unsqueeze,
    "Where": _plain(torch.where),
}
