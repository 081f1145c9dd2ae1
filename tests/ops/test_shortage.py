"""Shortage of memory in ONNX Runtime is the matter of the picture at work, not of the model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from pielight.batch.plan import Job
from pielight.batch.run import run
from pielight.comparison.comparison import compare
from pielight.enhancer import Enhancer
from pielight.errors import PictureError
from pielight.inference import onnx_session as sessions

HUGE = 2.0**45  # values, more than there are addresses for


@pytest.fixture
def hungry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model that wants more memory than there is for every picture that is not black."""
    monkeypatch.setattr(sessions, "_MOST_BYTES", 1 << 62)  # else so much would be said of the model
    nodes = [
        helper.make_node("ReduceMean", ["thumbnail"], ["mean"], axes=[0, 1, 2, 3], keepdims=0),
        helper.make_node("Mul", ["mean", "huge"], ["wanted"]),
        helper.make_node("Cast", ["wanted"], ["whole"], to=TensorProto.INT64),
        helper.make_node("Add", ["whole", "one"], ["count"]),
        helper.make_node("ConstantOfShape", ["count"], ["values"]),
        helper.make_node("ReduceMax", ["values"], ["nothing"], keepdims=0),
        helper.make_node("Add", ["constant", "nothing"], ["alphas"]),
    ]
    arrays = {
        "huge": np.float32(HUGE),
        "one": np.array([1]),
        "constant": np.full((1, 24, 4, 4), -0.3, np.float32),
    }
    graph = helper.make_graph(
        nodes,
        "hungry",
        [helper.make_tensor_value_info("thumbnail", TensorProto.FLOAT, ["n", 3, 64, 64])],
        [helper.make_tensor_value_info("alphas", TensorProto.FLOAT, ["n", 24, 4, 4])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in arrays.items()],
    )
    path = tmp_path / "hungry.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def test_the_batch_goes_on(hungry: Path, tmp_path: Path) -> None:
    for name, level in (("a.png", 0), ("b.png", 200), ("c.png", 0)):
        Image.fromarray(np.full((20, 30, 3), level, np.uint8)).save(tmp_path / name)
    enhancer = Enhancer(hungry, threads=1)
    jobs = [Job(tmp_path / name, tmp_path / "out" / name) for name in ("a.png", "b.png", "c.png")]
    assert [(one.status, one.reason) for one in run(jobs, enhancer)] == [
        ("done", ""),
        ("failed", f"{tmp_path / 'b.png'}: not enough memory"),
        ("done", ""),
    ]
    with pytest.raises(PictureError, match=r"b\.png: not enough memory"):
        compare(enhancer, tmp_path / "b.png", [1.0])
    with pytest.raises(PictureError, match=r"b\.png: not enough memory"):
        enhancer.enhance_and_save(tmp_path / "b.png", tmp_path / "d.png")
    with pytest.raises(PictureError, match="picture: not enough memory"):
        enhancer((tmp_path / "b.png").read_bytes())
    with pytest.raises(MemoryError):
        enhancer(np.full((20, 30, 3), 200, np.uint8))


def test_a_model_that_cannot_be_opened_for_want_of_memory(
    hungry: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from onnxruntime.capi.onnxruntime_pybind11_state import Fail

    Image.fromarray(np.zeros((20, 30, 3), np.uint8)).save(tmp_path / "a.png")
    texts = iter(["Load model failed: std::bad_alloc", "PosixThread: pthread_create failed, error code: 12"])

    def fail(*_: object, **__: object) -> object:
        text = next(texts)
        raise Fail(text) if "Load" in text else RuntimeError(text)

    enhancer = Enhancer(hungry, threads=1)
    monkeypatch.setattr("onnxruntime.InferenceSession", fail)
    for number in range(2):
        (outcome,) = run([Job(tmp_path / "a.png", tmp_path / f"{number}.png")], enhancer)
        assert (outcome.status, outcome.reason) == ("failed", f"{tmp_path / 'a.png'}: not enough memory")
    monkeypatch.undo()
    (outcome,) = run([Job(tmp_path / "a.png", tmp_path / "3.png")], enhancer)  # there is memory again
    assert outcome.status == "done"
