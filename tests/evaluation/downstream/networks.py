"""A detector and segmenters that are small enough to know what they must find."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from pielight.evaluation.downstream.detector import STRIDES

_NUMBERS = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}


def _save(path: Path, nodes: list[onnx.NodeProto], outputs: dict[str, list[object]],
          constants: dict[str, NDArray[np.generic]]) -> Path:  # fmt: skip
    kinds = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()]
    picture = helper.make_tensor_value_info("input", TensorProto.FLOAT, ["n", 3, "h", "w"])
    weights = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "small", [picture], kinds, weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
    return path


def save_detector(path: Path, weights: dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]]) -> Path:
    """A network with YuNet's outputs: of each, a sigmoid or a linear function of the mean of every cell.

    Args:
        path: The file.
        weights: For ``cls_8`` and the others, a matrix ``(numbers, 3)`` and a bias ``(numbers,)``.
    """
    nodes, constants = [], {}
    for stride in STRIDES:
        # A mean as a convolution, of which detectors are made.
        constants[f"w_mean_{stride}"] = np.eye(3, dtype=np.float32)[..., None, None].repeat(stride, 2).repeat(
            stride, 3
        ) / (stride * stride)
        mean = {"kernel_shape": [stride, stride], "strides": [stride, stride]}
        nodes.append(helper.make_node("Conv", ["input", f"w_mean_{stride}"], [f"mean_{stride}"], **mean))
        for kind, count in _NUMBERS.items():
            name = f"{kind}_{stride}"
            matrix, bias = weights[name]
            constants[f"w_{name}"] = matrix.reshape(count, 3, 1, 1).astype(np.float32)
            constants[f"b_{name}"] = bias.astype(np.float32)
            constants[f"s_{name}"] = np.array([0, -1, count], np.int64)
            nodes += [
                helper.make_node("Conv", [f"mean_{stride}", f"w_{name}", f"b_{name}"], [f"c_{name}"]),
                helper.make_node("Transpose", [f"c_{name}"], [f"t_{name}"], perm=[0, 2, 3, 1]),
            ]
            if kind in ("cls", "obj"):
                nodes += [helper.make_node("Reshape", [f"t_{name}", f"s_{name}"], [f"r_{name}"]),
                          helper.make_node("Sigmoid", [f"r_{name}"], [name])]  # fmt: skip
            else:
                nodes.append(helper.make_node("Reshape", [f"t_{name}", f"s_{name}"], [name]))
    shapes: dict[str, list[object]] = {
        f"{kind}_{stride}": ["n", "cells", count] for kind, count in _NUMBERS.items() for stride in STRIDES
    }
    return _save(path, nodes, shapes, constants)


def square_finder(path: Path) -> Path:
    """A detector of bright squares of 32 x 32 pixels that fill a cell: the score is 0.5 at a mean of 100 of 255."""
    weights = {}
    for stride in STRIDES:
        slope, start = (0.1, -10.0) if stride == 32 else (0.0, -20.0)
        for kind, count in _NUMBERS.items():
            weights[f"{kind}_{stride}"] = np.zeros((count, 3), np.float32), np.zeros(count, np.float32)
        for kind in ("cls", "obj"):
            weights[f"{kind}_{stride}"] = np.full((1, 3), slope / 3, np.float32), np.array([start], np.float32)
        weights[f"bbox_{stride}"] = np.zeros((4, 3), np.float32), np.array([0.5, 0.5, 0, 0], np.float32)
    return save_detector(path, weights)


def random_detector(path: Path, seed: int) -> Path:
    """A detector that finds something anywhere."""
    rng = np.random.default_rng(seed)
    weights = {}
    for stride in STRIDES:
        for kind, count in _NUMBERS.items():
            matrix = rng.normal(0, 0.01, (count, 3)).astype(np.float32)
            weights[f"{kind}_{stride}"] = matrix, rng.normal(0, 0.5, count).astype(np.float32)
    return save_detector(path, weights)


def save_segmenter(path: Path, at: float = 0.4, stride: int = 1, classes: int = 2) -> Path:
    """A network whose class 1 is what is brighter than ``at``, and the others what is not; logits at a stride."""
    matrix = np.zeros((classes, 3, 1, 1), np.float32)
    matrix[1] = 1 / 3
    bias = np.zeros(classes, np.float32)
    bias[0], bias[2:] = at, -9
    node = helper.make_node("Conv", ["input", "w", "b"], ["logits"], strides=[stride, stride])
    return _save(path, [node], {"logits": ["n", classes, "y", "x"]}, {"w": matrix, "b": bias})
