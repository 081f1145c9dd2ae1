"""ONNX files that anybody may have made: damaged, endless, giant. What is wrong is never the picture's fault."""

from __future__ import annotations

import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from pielight.core.time_limit import time_limit
from pielight.enhancer import Enhancer
from pielight.errors import ModelError
from pielight.inference import onnx_session as sessions
from pielight.inference.onnx_graph import MOST_NODES, check_graph
from pielight.models import find

DARK = np.random.default_rng(0).integers(0, 60, (70, 80, 3), np.uint8)
ALPHAS = np.full((1, 24, 8, 8), -0.3, np.float32)
BOOL, FLOAT, INT = TensorProto.BOOL, TensorProto.FLOAT, TensorProto.INT64


def save(path: Path, nodes: list[Any], constants: dict[str, Any], functions: list[Any] | None = None) -> Path:
    """Write a network from ``thumbnail`` to ``alphas`` whose nodes make ``nothing``, 0, of ``mean``."""
    first = helper.make_node("ReduceMean", ["thumbnail"], ["mean"], axes=[0, 1, 2, 3], keepdims=0)
    last = [helper.make_node("Mul", ["made", "zero"], ["none"]), helper.make_node("Add", ["base", "none"], ["alphas"])]
    arrays = {"zero": np.float32(0), "one": np.float32(1), "base": ALPHAS} | constants
    graph = helper.make_graph(
        [first, *nodes, *last], "made for the test",
        [helper.make_tensor_value_info("thumbnail", FLOAT, ["n", 3, 64, 64])],
        [helper.make_tensor_value_info("alphas", FLOAT, ["n", 24, 8, 8])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in arrays.items()],
    )  # fmt: skip
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8, functions=functions or []), path)
    return path


def loop(body: list[Any]) -> Any:
    """A loop without end around some nodes, which make ``y`` of ``x``."""
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["go_on"]), *body], "body",
        [value("count", INT, []), value("go", BOOL, []), value("x", FLOAT, [])],
        [value("go_on", BOOL, []), value("y", FLOAT, [])],
    )  # fmt: skip
    return helper.make_node("Loop", ["", "true", "mean"], ["made"], body=graph)


def chain(first: str, last: str, count: int) -> list[Any]:
    names = [first, *(f"{last}{number}" for number in range(count - 1)), last]
    return [helper.make_node("Add", [one, "one"], [other]) for one, other in pairwise(names)]


def mutations(data: bytes, count: int) -> list[bytes]:
    """Change bits, bytes and lengths, outside of the weights, which any numbers may be."""
    random = np.random.default_rng(len(data))
    inside = np.ones(len(data), bool)
    for weights in onnx.load_from_string(data).graph.initializer:
        if len(weights.raw_data) > 64:
            place = data.find(weights.raw_data)
            inside[place : place + len(weights.raw_data)] = False
    found = []
    for number in range(count):
        changed, place = bytearray(data), int(random.choice(np.flatnonzero(inside)))
        if number % 4 == 0:
            changed[place] ^= 1 << int(random.integers(8))
        elif number % 4 == 1:
            changed[place] = int(random.integers(256))
        elif number % 4 == 2:
            del changed[place : place + int(random.integers(1, 20))]
        else:
            changed[place:place] = random.integers(0, 256, int(random.integers(1, 9)), np.uint8).tobytes()
        found.append(bytes(changed))
    return found


def blames_the_model(path: Path, task: str, capfd: pytest.CaptureFixture[str]) -> int:
    """Use a file that may be damaged; return whether it was refused."""
    reason = ""
    try:
        if task == "denoise":
            Enhancer(denoise_model=path, threads=1)(DARK, denoise=1.0)
        else:
            Enhancer(path, threads=1, task=task)(DARK)
    except ModelError as error:
        reason = str(error)
    assert not reason or (reason.startswith(f"{path}: ") and reason.isprintable())
    assert capfd.readouterr() == ("", "")
    return int(bool(reason))


@pytest.mark.parametrize("name", ["pie", "dehaze", "derain", "denoise"])
def test_damaged_copies_of_shipped_models(name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path, task = tmp_path / "m.onnx", name if name != "pie" else "brighten"
    refused = 0
    for data in mutations(find(name).path.read_bytes(), 60):
        path.write_bytes(data)
        refused += blames_the_model(path, task, capfd)
    assert refused > 40


@pytest.mark.parametrize(("name", "task"), [("bright", "brighten"), ("haze", "dehaze"), ("rain", "derain")])
def test_damaged_copies_of_tiny_models(
    name: str, task: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    whole, path = request.getfixturevalue(f"{name}_model").read_bytes(), tmp_path / "m.onnx"
    refused = 0
    for data in mutations(whole, 100):
        path.write_bytes(data)
        refused += blames_the_model(path, task, capfd)
    assert refused > 50
    for length in range(0, len(whole), max(1, len(whole) // 40)):
        path.write_bytes(whole[:length])
        assert blames_the_model(path, task, capfd)


def test_a_loop_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "_SECONDS", 0.3)
    monkeypatch.setattr(sessions, "_SECONDS_PER_VALUE", 0.0)
    path = save(tmp_path / "endless.onnx", [loop(chain("x", "y", 1))], {"true": np.array(True)})
    enhancer, start = Enhancer(path, threads=1), time.process_time()
    with pytest.raises(ModelError, match=r"endless\.onnx: the network fails \(more than 0 s of processor time"):
        enhancer(DARK)
    assert time.process_time() - start < 10


def test_what_a_sound_network_is_given_is_no_limit(bright_model: Path) -> None:
    """The limit is a hundred times what the largest network here takes."""
    enhancer, start = Enhancer(task="derain", threads=1), time.thread_time()
    pixels = np.broadcast_to(DARK[:64, :64].repeat(4, 0).repeat(4, 1), (256, 256, 3))
    enhancer(pixels)
    limit = sessions._SECONDS + sessions._SECONDS_PER_VALUE * pixels.size
    assert (time.thread_time() - start) * 20 < limit


def test_giant_graphs(tmp_path: Path) -> None:
    most = MOST_NODES - 3  # with the first node and the last two
    check_graph(save(tmp_path / "large.onnx", chain("mean", "made", most), {}))
    for nodes in (chain("mean", "made", most + 1), [loop(chain("x", "y", most - 1))]):
        with pytest.raises(ModelError, match=r"giant\.onnx: more than 20,000 nodes"):
            Enhancer(save(tmp_path / "giant.onnx", nodes, {"true": np.array(True)}))(DARK)


def test_functions_that_call_functions(tmp_path: Path) -> None:
    """Twenty functions, each of which calls the next twice, are a million nodes."""
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
    functions = []
    for level in range(20):
        operator, domain = (f"F{level + 1}", "own") if level < 19 else ("Neg", "")
        calls = [helper.make_node(operator, [a], [b], domain=domain) for a, b in (("x", "half"), ("half", "y"))]
        functions.append(helper.make_function("own", f"F{level}", ["x"], ["y"], calls, opsets))
    call = helper.make_node("F0", ["mean"], ["made"], domain="own")
    start = time.process_time()
    with pytest.raises(ModelError, match="with those of its functions"):
        Enhancer(save(tmp_path / "laughs.onnx", [call], {}, functions))(DARK)
    assert time.process_time() - start < 10
    few = save(tmp_path / "few.onnx", [helper.make_node("F15", ["mean"], ["made"], domain="own")], {}, functions)
    assert Enhancer(few, threads=1)(DARK).mean() > DARK.mean()


@pytest.mark.parametrize("side", [200_000, 10**9])
def test_a_network_that_wants_all_memory(side: int, tmp_path: Path) -> None:
    nodes = [
        helper.make_node("ConstantOfShape", ["shape"], ["large"]),
        helper.make_node("ReduceMean", ["large"], ["made"], keepdims=0),
    ]
    path = save(tmp_path / "large.onnx", nodes, {"shape": np.array([side, side])})
    with pytest.raises(ModelError, match=r"large\.onnx"):
        Enhancer(path, threads=1)(DARK)


@pytest.mark.skipif(not hasattr(time, "pthread_getcpuclockid"), reason="no clock of a thread's time")
def test_time_in_which_nothing_is_done_does_not_count() -> None:
    stopped: list[bool] = []
    with time_limit(0.1, lambda: stopped.append(True)) as limit:
        time.sleep(0.3)
    assert (limit.is_over, stopped) == (False, [])
    with time_limit(0.1, lambda: stopped.append(True)) as limit:
        while not stopped:
            sum(range(1000))
    assert limit.is_over


def test_what_the_runtime_says_while_it_is_loaded(tmp_path: Path) -> None:
    """Of machines that it does not know; here by a package in its place."""
    (tmp_path / "onnxruntime.py").write_text(
        'import os\nos.write(2, b"[W:onnxruntime:Default, device.cc:211] GPU discovery failed\\nof others\\n")\n'
    )
    code = "from pielight.inference.onnx_session import runtime; runtime()"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {code}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stderr == "of others\n"


def test_what_is_no_array_of_numbers(tmp_path: Path) -> None:
    nodes = [helper.make_node("Identity", ["mean"], ["made"])]
    path = save(tmp_path / "double.onnx", nodes, {})
    model = onnx.load(path)
    model.graph.output[0].type.tensor_type.elem_type = TensorProto.DOUBLE
    model.graph.node[-1].output[0] = "single"
    model.graph.node.append(helper.make_node("Cast", ["single"], ["alphas"], to=TensorProto.DOUBLE))
    onnx.save(model, path)
    values: dict[str, NDArray[Any]] = {"thumbnail": np.zeros((1, 3, 64, 64), np.float32)}
    with pytest.raises(sessions.NetworkError, match="something else than arrays of float32"):
        sessions.run_session(sessions.open_session(path, 1), ["alphas"], values)
    (found,) = sessions.run_session(sessions.open_session(path, 1), None, values)
    assert found.dtype == np.float64
