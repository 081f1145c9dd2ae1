"""Networks of the user's: what they must take, and how pictures are padded for them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from pielight.errors import DataError, ModelError
from pielight.evaluation.metric_spec import size_text
from pielight.evaluation.onnx_network import OnnxNetwork


def identity(path: Path, *inputs: tuple[str, list[int | str]]) -> Path:
    """A network that returns its first input."""
    infos = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in inputs]
    node = helper.make_node("Identity", [inputs[0][0]], ["out"])
    graph = helper.make_graph(
        [node], "same", infos, [helper.make_tensor_value_info("out", TensorProto.FLOAT, inputs[0][1])]
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def test_pictures_are_padded_by_reflection(tmp_path: Path) -> None:
    network = OnnxNetwork(identity(tmp_path / "same.onnx", ("picture", [1, 3, "h", "w"])), multiple=8)
    pixels = np.random.default_rng(0).integers(0, 256, (6, 13, 3), np.uint8)
    batch = network.batch(pixels)
    assert batch.shape == (1, 3, 8, 16)
    assert batch.dtype == np.float32
    assert (batch[0, :, 6] == batch[0, :, 5]).all()
    (result,) = network.run(batch)
    assert np.array_equal(np.rint(255 * result[0, :, :6, :13]).transpose(1, 2, 0), pixels)
    assert size_text(pixels) == "13 x 6"


@pytest.mark.parametrize(
    "inputs",
    [
        [("picture", [1, 1, "h", "w"])],
        [("picture", [1, 3, "h"])],
        [("picture", [1, 3, "h", "w"]), ("strength", [1])],
    ],
)
def test_other_inputs_are_refused(tmp_path: Path, inputs: list[tuple[str, list[int | str]]]) -> None:
    with pytest.raises(ModelError, match=r"must take one float input \(N, 3, H, W\), not"):
        OnnxNetwork(identity(tmp_path / "other.onnx", *inputs))


def test_the_hint_names_a_multiple_only_where_there_is_none(tmp_path: Path) -> None:
    path, pixels = identity(tmp_path / "fixed.onnx", ("picture", [1, 3, 16, 16])), np.zeros((8, 8, 3), np.uint8)
    for multiple, hint in ((1, "use onnx:fixed.onnx,multiple=32"), (24, "fails on 24 x 24 pixels")):
        network = OnnxNetwork(path, multiple, hint="onnx:fixed.onnx")
        with pytest.raises(DataError) as raised:
            network.run(network.batch(pixels))
        assert hint in str(raised.value)
        assert ("multiple=32" in str(raised.value)) == (multiple == 1)
