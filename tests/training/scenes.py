"""Generated pictures with labels and boxes, a generated detector, and the settings of a run of seconds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from pielight.training.data.toy import write_toy_pictures
from pielight.training.networks.exposure_net import ExposureNet
from pielight.training.objectives.exposure import ExposureTraining
from pielight.training.schema import ExposureConfig

torch.set_num_threads(1)
SIDE = 72


@pytest.fixture(scope="session")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with well/, labels/ and boxes.json of four pictures; label 2 does not count."""
    folder = tmp_path_factory.mktemp("scenes")
    write_toy_pictures(folder, 4, SIDE)
    (folder / "labels").mkdir()
    boxes = {}
    for path in sorted((folder / "well").iterdir()):
        gray = np.asarray(Image.open(path).convert("L"))
        labels = (gray > np.median(gray)).astype(np.uint8)
        labels[:4] = 2
        Image.fromarray(labels).save(folder / "labels" / path.name)
        boxes[path.name] = [{"x": 20, "y": 24, "w": 30, "h": 36}]
    (folder / "boxes.json").write_text(json.dumps(boxes))
    return folder


def save_start(folder: Path, name: str = "tiny") -> Path:
    """Write an untrained network of exposure maps, which finds every picture too dark and lifts it too little."""
    torch.manual_seed(0)
    network = ExposureNet(0.25)
    torch.nn.init.constant_(network.level.bias, -0.6)
    torch.nn.init.constant_(network.judge[-1].get_parameter("bias"), 8.0)
    ExposureTraining(ExposureConfig(name=name, width=0.25)).export(network, folder)
    return folder / f"{name}.onnx"


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ONNX file of a network of exposure maps, its weights beside it."""
    return save_start(tmp_path_factory.mktemp("start"))


def save_graph(path: Path, nodes: list[Any], constants: dict[str, Any], outputs: list[str], rank: int = 4) -> Path:
    def value(name: str, axes: list[Any]) -> Any:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, axes)

    graph = helper.make_graph(
        nodes, "toy",
        [value("input", ["n", 3, "h", "w"])],
        [value(name, [f"{name}_{axis}" for axis in range(rank)]) for name in outputs],
        [numpy_helper.from_array(np.asarray(content), name) for name, content in constants.items()],
    )  # fmt: skip
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)], ir_version=6), path)
    return path


@pytest.fixture(scope="session")
def detector(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A graph with the nodes, inputs and outputs of YuNet, and weights drawn at random."""
    random = np.random.default_rng(0)
    nodes: list[Any] = []
    constants: dict[str, Any] = {
        "zero": np.int64(0), "many": np.array([-1], np.int64), "roi": np.array([], np.float32),
        "twice": np.array([1, 1, 2, 2], np.float32),
    }  # fmt: skip

    def convolution(source: str, target: str, inputs: int, outputs: int, stride: int = 1, scale: float = 0.3) -> None:
        constants[f"{target}.w"] = random.normal(0, scale, (outputs, inputs, 3, 3)).astype(np.float32)
        constants[f"{target}.b"] = random.normal(0, 0.3, outputs).astype(np.float32)
        nodes.append(helper.make_node("Conv", [source, f"{target}.w", f"{target}.b"], [target],
                                      kernel_shape=[3, 3], pads=[1] * 4, strides=[stride] * 2))  # fmt: skip

    convolution("input", "c0", 3, 8, 2, 0.004)
    nodes.append(helper.make_node("Relu", ["c0"], ["r0"]))
    last = "r0"
    for level in (1, 2, 3, 4):
        nodes.append(helper.make_node("MaxPool", [last], [f"p{level}"], kernel_shape=[2, 2], strides=[2, 2]))
        convolution(f"p{level}", f"c{level}", 8, 8)
        nodes.append(helper.make_node("Relu", [f"c{level}"], [f"r{level}"]))
        last = f"r{level}"
    nodes.append(helper.make_node("Resize", ["r4", "roi", "twice"], ["up"], mode="nearest",
                                  coordinate_transformation_mode="asymmetric", nearest_mode="floor"))  # fmt: skip
    nodes.append(helper.make_node("Add", ["up", "r3"], ["joined"]))
    outputs = []
    for stride, source in ((8, "r2"), (16, "joined"), (32, "r4")):
        for kind, width in (("cls", 1), ("obj", 1), ("bbox", 4)):
            name = f"{kind}_{stride}"
            outputs.append(name)
            constants[f"{name}.width"] = np.array([width], np.int64)
            convolution(source, f"{name}.map", 8, width, 1, 0.1)
            nodes += [
                helper.make_node("Transpose", [f"{name}.map"], [f"{name}.t"], perm=[0, 2, 3, 1]),
                helper.make_node("Shape", [f"{name}.map"], [f"{name}.shape"]),
                helper.make_node("Gather", [f"{name}.shape", "zero"], [f"{name}.n"], axis=0),
                helper.make_node("Unsqueeze", [f"{name}.n"], [f"{name}.first"], axes=[0]),
                helper.make_node("Concat", [f"{name}.first", "many", f"{name}.width"], [f"{name}.sizes"], axis=0),
                helper.make_node("Reshape", [f"{name}.t", f"{name}.sizes"], [f"{name}.r" if width == 1 else name]),
            ]
            if width == 1:
                nodes.append(helper.make_node("Sigmoid", [f"{name}.r"], [name]))
    return save_graph(tmp_path_factory.mktemp("detector") / "toy.onnx", nodes, constants, outputs, rank=3)
