import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pielight.errors import ModelError
from pielight.inference.descriptor import describe, kind_for

CURVES = describe("curve_lattice")


def test_channels_are_ordered_by_iteration_then_color(save_model: Callable[..., Path], tmp_path: Path) -> None:
    alphas = np.arange(24, dtype=np.float32).reshape(1, 24, 1, 1) / 24 * np.ones((1, 24, 2, 3), np.float32)
    lattice = CURVES.open(save_model(tmp_path / "m.onnx", alphas)).predict(np.zeros((9, 9, 3), np.uint8))
    assert lattice.alphas.shape == (8, 3, 2, 3)
    assert lattice.alphas[5, 2, 0, 0] == pytest.approx((3 * 5 + 2) / 24)


def test_one_session_for_all_threads(bright_model: Path) -> None:
    predict = CURVES.open(bright_model, threads=1)
    sessions = set()
    workers = [threading.Thread(target=lambda: sessions.add(id(predict.open()))) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(sessions) == 1
    assert predict.predict(np.zeros((5, 5, 1), np.uint8)).nodes == (8, 8)


@pytest.mark.parametrize("content", [b"", b"junk", b"\x08\x08" * 100])
def test_damaged_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"bad\.onnx") as caught:
        CURVES.open(path).predict(np.zeros((4, 4, 3), np.uint8))
    assert "\n" not in str(caught.value)


def test_network_of_another_kind(tmp_path: Path, bright_model: Path) -> None:
    import onnx

    model = onnx.load(bright_model)
    model.graph.input[0].name = "image"
    model.graph.node[0].input[0] = "image"
    onnx.save(model, tmp_path / "other.onnx")
    with pytest.raises(ModelError, match="not a network to"):
        _ = CURVES.open(tmp_path / "other.onnx").thumbnail_side


@pytest.mark.parametrize("value", [np.nan, 2.0])
def test_network_that_returns_nonsense(save_model: Callable[..., Path], tmp_path: Path, value: float) -> None:
    path = save_model(tmp_path / "nonsense.onnx", np.full((1, 24, 2, 2), value, np.float32))
    with pytest.raises(ModelError, match=r"nonsense\.onnx.*finite"):
        CURVES.open(path).predict(np.zeros((4, 4, 3), np.uint8))


@pytest.mark.parametrize(
    ("side", "said"),
    [
        (0, r"\(n, 3, 0, 0\)"),
        (15, r"\(n, 3, 15, 15\)"),
        (2049, r"\(n, 3, 2049, 2049\)"),
        (100_000_000, r"\(n, 3, 100000000, 100000000\)"),
        ("side", r"\(n, 3, side, side\)"),
        (None, r"\(n, 3, \?, \?\)"),
    ],
)
def test_thumbnails_of_impossible_sizes(
    save_model: Callable[..., Path], tmp_path: Path, side: int | str | None, said: str
) -> None:
    path = save_model(tmp_path / "odd.onnx", np.zeros((1, 24, 2, 2), np.float32), side)
    with pytest.raises(
        ModelError, match=rf"odd\.onnx: thumbnail has shape {said}; expected .* a number from 16 to 2048$"
    ) as caught:
        CURVES.open(path).predict(np.zeros((4, 4, 3), np.uint8))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("shape", [(1, 24, 1, 513), (1, 24, 513, 1), (1, 195, 2, 2), (1, 4, 2, 2), (2, 24, 2, 2)])
def test_lattices_of_impossible_sizes(save_model: Callable[..., Path], tmp_path: Path, shape: tuple[int, ...]) -> None:
    path = save_model(tmp_path / "odd.onnx", np.zeros(shape, np.float32))
    with pytest.raises(ModelError, match=r"odd\.onnx: alphas .*; expected .*3 N up to 192, h up to 512, w up to 512$"):
        CURVES.open(path).predict(np.zeros((4, 4, 3), np.uint8))


@pytest.mark.parametrize(("side", "shape"), [(16, (1, 192, 1, 1)), (2048, (1, 3, 1, 512))])
def test_sizes_at_the_limits(
    save_model: Callable[..., Path], tmp_path: Path, side: int, shape: tuple[int, ...]
) -> None:
    path = save_model(tmp_path / "large.onnx", np.zeros(shape, np.float32), side)
    assert CURVES.open(path).predict(np.zeros((4, 4, 3), np.uint8)).nodes == shape[2:]


def test_curves_that_are_no_floats(bright_model: Path, tmp_path: Path) -> None:
    import onnx

    model = onnx.load(bright_model)
    model.graph.node[-1].output[0] = "floats"
    model.graph.node.append(onnx.helper.make_node("Cast", ["floats"], ["alphas"], to=onnx.TensorProto.STRING))
    model.graph.output[0].type.tensor_type.elem_type = onnx.TensorProto.STRING
    onnx.save(model, tmp_path / "text.onnx")
    with pytest.raises(ModelError, match=r"alphas is tensor\(string\); expected tensor\(float\)"):
        CURVES.open(tmp_path / "text.onnx").predict(np.zeros((4, 4, 3), np.uint8))


def test_a_network_of_another_task_says_whose_it_is(bright_model: Path, haze_model: Path, rain_model: Path) -> None:
    for path, task, whose in (
        (haze_model, "brighten", "dehaze"),
        (rain_model, "brighten", "derain"),
        (bright_model, "dehaze", "brighten"),
        (rain_model, "dehaze", "derain"),
    ):
        with pytest.raises(ModelError, match=f"not a network to .*; it is for --task {whose}$"):
            kind_for(task).open(path).open()
    for path, whose in ((haze_model, "dehaze"), (rain_model, "derain")):
        with pytest.raises(ModelError, match=f"not a network to .*; it is for --task {whose}$"):
            CURVES.open(path).open()


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such model file"):
        CURVES.open(tmp_path / "none.onnx")


def test_the_arithmetic_of_the_process_stays_as_it_is(bright_model: Path) -> None:
    CURVES.open(bright_model).predict(np.zeros((4, 4, 3), np.uint8))
    assert np.float32(1e-40) * np.float32(0.5) > 0  # denormals are not flushed to zero
