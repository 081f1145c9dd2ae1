"""Graphs in torch against ONNX Runtime."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from onnx import helper, numpy_helper

from pielight.errors import ModelError
from pielight.inference.onnx_module import OnnxModule
from pielight.training.networks.face_detector import FaceDetector
from tests.training import scenes

detector = scenes.detector
YUNET = Path(__file__).parents[3] / "shared" / "weights" / "yunet_n_dynamic.onnx"


def compare(path: Path, pictures: torch.Tensor) -> None:
    module = OnnxModule(path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    with torch.no_grad():
        found = module(pictures)
    for name, expected in zip(module.outputs, session.run(module.outputs, {"input": pictures.numpy()}), strict=True):
        assert found[name].shape == expected.shape
        assert expected.std() > 0
        np.testing.assert_allclose(found[name].numpy(), expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(("count", "height", "width"), [(1, 64, 96), (3, 32, 32)])
def test_a_detector(detector: Path, count: int, height: int, width: int) -> None:
    compare(detector, 255 * torch.rand(count, 3, height, width))


def test_uneven_padding_strides_and_groups(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    nodes = [
        helper.make_node("Conv", ["input", "w"], ["a"], group=3, pads=[0, 1, 2, 0], strides=[2, 1], dilations=[1, 2]),
        helper.make_node("Constant", [], ["b"], value=numpy_helper.from_array(np.full((1, 6, 1, 1), 0.25, np.float32))),
        helper.make_node("Add", ["a", "b"], ["c"]),
        helper.make_node("MaxPool", ["c"], ["d"], kernel_shape=[3, 2], pads=[1, 0, 1, 1], strides=[1, 2]),
        helper.make_node("Concat", ["d", "d"], ["e"], axis=1),
    ]
    weights = random.normal(0, 1, (6, 1, 3, 3)).astype(np.float32)
    compare(scenes.save_graph(tmp_path / "a.onnx", nodes, {"w": weights}, ["e"]), torch.randn(2, 3, 11, 14))


@pytest.mark.skipif(not YUNET.is_file(), reason="../shared/weights/yunet_n_dynamic.onnx is not there")
def test_yunet_itself() -> None:
    compare(YUNET, 255 * torch.rand(2, 3, 64, 96))


def test_gradients_reach_pictures_and_weights(detector: Path) -> None:
    module = FaceDetector(detector)
    pictures = torch.rand(1, 3, 50, 70, requires_grad=True)
    sum(value.sum() for value in module(pictures).values()).backward()
    assert pictures.grad is not None
    assert pictures.grad.abs().sum() > 0
    assert all(item.grad is not None for item in module.parameters() if item.numel() > 4)


@pytest.mark.parametrize(
    ("nodes", "reason"),
    [
        ([("Tanh", {}), ("Erf", {})], "has the nodes Erf, Tanh; these are known: Add, "),
        ([("MaxPool", {"kernel_shape": [2, 2], "ceil_mode": 1})], r"\(MaxPool\) has ceil_mode 1; 0 is known"),
    ],
)
def test_other_nodes_are_refused(nodes: list[tuple[str, dict[str, object]]], reason: str, tmp_path: Path) -> None:
    made = [helper.make_node(kind, ["input"], [f"y{i}"], **how) for i, (kind, how) in enumerate(nodes)]
    path = scenes.save_graph(tmp_path / "a.onnx", made, {}, ["y0"])
    with pytest.raises(ModelError, match=reason) as raised:
        OnnxModule(path)
    assert "\n" not in str(raised.value)


def test_files_that_are_no_graph(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such ONNX file"):
        OnnxModule(tmp_path / "none.onnx")
    (tmp_path / "odd.onnx").write_bytes(b"nothing of the kind")
    with pytest.raises(ModelError, match="not an ONNX model"):
        OnnxModule(tmp_path / "odd.onnx")
    nodes = [helper.make_node("Relu", ["input"], ["y"])]
    with pytest.raises(ModelError, match="not YuNet; it has no output cls_8"):
        FaceDetector(scenes.save_graph(tmp_path / "relu.onnx", nodes, {}, ["y"]))
