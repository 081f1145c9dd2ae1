"""Networks from picture to picture, written for the purpose.

Covers ``pielight.evaluation.onnx_network``.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from pielight.errors import DataError, ModelError
from pielight.evaluation.methods.method import find_method, open_enhancer, parse
from pielight.io.load_rgb import Pixels


def save_network(path: Path, side: int | str = "h", name: str = "picture") -> Path:
    """A network that takes the square root."""
    kind = [1, 3, side, side if isinstance(side, int) else "w"]
    graph = helper.make_graph(
        [helper.make_node("Sqrt", [name], ["bright"])], "root",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, kind)],
        [helper.make_tensor_value_info("bright", TensorProto.FLOAT, kind)],
    )  # fmt: skip
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def test_a_network_from_picture_to_picture(dark: Pixels, tmp_path: Path, bright_model: Path) -> None:
    file = save_network(tmp_path / "root.onnx")
    expected = np.rint(np.sqrt(dark / 255) * 255)
    for spec in (f"onnx:{file}", f"onnx:{file},multiple=32"):
        assert np.abs(open_enhancer(find_method(spec).spec)(dark) - expected).max() <= 1
    fixed = save_network(tmp_path / "fixed.onnx", 64)
    assert open_enhancer(parse(f"onnx:{fixed},multiple=64"))(dark).shape == dark.shape
    with pytest.raises(DataError, match="multiple=32"):
        open_enhancer(parse(f"onnx:{fixed}"))(dark)
    with pytest.raises(ModelError, match="use pielight:model="):
        open_enhancer(parse(f"onnx:{bright_model}"))
    more = onnx.load(file)  # outputs of other kinds beside it
    more.graph.node.append(helper.make_node("Shape", ["bright"], ["sides"]))
    more.graph.output.insert(0, helper.make_tensor_value_info("sides", TensorProto.INT64, [4]))
    onnx.save(more, tmp_path / "more.onnx")
    assert np.abs(open_enhancer(parse(f"onnx:{tmp_path / 'more.onnx'}"))(dark) - expected).max() <= 1
    constant = numpy_helper.from_array(np.full((1, 3, 1, 1), 2, np.float32), "factor")
    node = helper.make_node("Mul", ["picture", "factor"], ["out"])
    shapes = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, "h", "w"]) for name in ("picture", "out")]
    graph = helper.make_graph([node], "outside", shapes[:1], shapes[1:], [constant])
    outside = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(outside, tmp_path / "out.onnx", save_as_external_data=True, size_threshold=0, location="weights.bin")
    with pytest.raises(ModelError, match="keeps its weights in other files"):
        open_enhancer(parse(f"onnx:{tmp_path / 'out.onnx'}"))
    (tmp_path / "bad.onnx").write_bytes(b"nonsense")
    with pytest.raises(ModelError, match="not an ONNX model"):
        open_enhancer(parse(f"onnx:{tmp_path / 'bad.onnx'}"))
