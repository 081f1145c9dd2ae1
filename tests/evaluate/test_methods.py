"""Methods by their specs, and LIME against a plain dense solution."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from pielight import Enhancer
from pielight.errors import ConfigError, DataError, ModelError, PielightError
from pielight.evaluate.datasets import find
from pielight.evaluate.lime import ALPHA, illumination_map, lime, structure_weights
from pielight.evaluate.methods import KINDS, enhancement, method, parse, result
from pielight.evaluate.pictures import Pixels, load
from pielight.train.networks import DCENet
from pielight.train.published import published
from pielight.train.render import render


@pytest.fixture
def dark(pairs: Path) -> Pixels:
    return load(pairs / "low" / "5.png")


def dense(first: np.ndarray, alpha: float) -> np.ndarray:
    """The illumination map straight from its sum of squares."""
    height, width = first.shape
    rows, target = [np.eye(first.size)], [first.ravel()]
    for axis, (dy, dx) in enumerate(((1, 0), (0, 1))):
        weights = structure_weights(first, axis)
        for y in range(height - dy):
            for x in range(width - dx):
                here, there = y * width + x, (y + dy) * width + x + dx
                gap = abs(first[y + dy, x + dx] - first[y, x])
                row = np.zeros(first.size)
                row[[here, there]] = np.array([-1, 1]) * np.sqrt(alpha * weights[y, x] / (gap + 1e-3))
                rows.append(row[None])
                target.append(np.zeros(1))
    return np.linalg.lstsq(np.concatenate(rows), np.concatenate(target), rcond=None)[0].reshape(height, width)


def test_lime_is_the_least_squares_solution() -> None:
    first = np.random.default_rng(0).random((7, 9))
    assert np.abs(illumination_map(first) - dense(first, ALPHA)).max() < 1e-6
    assert np.abs(illumination_map(first, alpha=0) - first).max() < 1e-12


def test_lime_weights_are_small_where_gradients_agree() -> None:
    step = np.where(np.arange(20) < 10, 0.1, 0.9) * np.ones((20, 1))
    weights = structure_weights(step, 1)
    assert weights[10, 9] < 0.01 * weights[10, 2]


def test_lime_brightens_and_has_a_limit(dark: Pixels) -> None:
    assert lime(dark).mean() > 2 * dark.mean()
    assert np.array_equal(lime(np.zeros((8, 8, 3), np.uint8)), np.zeros((8, 8, 3)))
    with pytest.raises(PielightError, match="at most"):
        illumination_map(np.broadcast_to(0.5, (3000, 3000)))


@pytest.mark.parametrize("spec", ["pielight", "gamma", "gamma:0.4", "clahe", "equalize", "lime", "b=pielight:auto=off"])
def test_methods_brighten(dark: Pixels, spec: str) -> None:
    found = method(spec)
    bright = enhancement(found.spec)(dark)
    assert (bright.shape, bright.dtype) == (dark.shape, np.uint8)
    assert bright.mean() > 1.2 * dark.mean()
    assert (found.sha256 != "") == ("pielight" in spec)


def test_pielight_with_settings(dark: Pixels, bright_model: Path) -> None:
    spec = method(f"mine=pielight:model={bright_model},strength=0.8,highlights=0.1,auto=off").spec
    expected = Enhancer(bright_model, auto=False)(dark, 0.8, 0.1)
    assert np.array_equal(enhancement(spec)(dark), expected)
    assert np.array_equal(enhancement(parse("pielight:strength=0"))(dark), dark)
    assert spec.label == "mine"


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ("pilight", "did you mean pielight?"),
        ("pielight:power=1", "power is unknown"),
        ("pielight:auto=maybe", "auto is on or off"),
        ("pielight:model=none.onnx", "no such model"),
        ("gamma:x", "'x' is no number"),
        ("gamma:-1", "above 0"),
        ("clahe:2", "takes no argument"),
        ("dce", "say dce:FILE.pth"),
        ("dce:none.pth", "none.pth: no such file"),
        ("onnx:none.onnx,multiple=0", "whole number"),
        ("dir:none", "none: no folder"),
        ("a=b", "no such method"),
    ],
)
def test_specs_that_make_no_sense(spec: str, reason: str) -> None:
    with pytest.raises(PielightError, match=reason):
        method(spec)
    assert set(KINDS) >= {"pielight", "identity", "dir"}


def test_a_public_checkpoint(dark: Pixels, tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = DCENet()
    with torch.no_grad():
        network.e_conv7.bias.fill_(-0.3)
        network.e_conv1.weight[0, 0, 0, 0] = 1e-40  # a denormal
    torch.save({f"module.{key}": value for key, value in network.state_dict().items()}, tmp_path / "Epoch99.pth")
    found = method(f"dce:{tmp_path / 'Epoch99.pth'}")
    pictures = torch.from_numpy(dark.astype(np.float32) / 255).permute(2, 0, 1)[None]
    with torch.no_grad():
        expected = render(pictures, network(pictures))[0].permute(1, 2, 0).numpy() * 255
    assert np.abs(enhancement(found.spec)(dark) - expected).max() <= 0.51
    (tmp_path / "other.pth").write_bytes(b"no checkpoint")
    with pytest.raises(ModelError, match="not a safe PyTorch checkpoint"):
        published(tmp_path / "other.pth")


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
        assert np.abs(enhancement(method(spec).spec)(dark) - expected).max() <= 1
    fixed = save_network(tmp_path / "fixed.onnx", 64)
    assert enhancement(parse(f"onnx:{fixed},multiple=64"))(dark).shape == dark.shape
    with pytest.raises(DataError, match="multiple=32"):
        enhancement(parse(f"onnx:{fixed}"))(dark)
    with pytest.raises(ModelError, match="use pielight:model="):
        enhancement(parse(f"onnx:{bright_model}"))
    constant = numpy_helper.from_array(np.full((1, 3, 1, 1), 2, np.float32), "factor")
    node = helper.make_node("Mul", ["picture", "factor"], ["out"])
    shapes = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, "h", "w"]) for name in ("picture", "out")]
    graph = helper.make_graph([node], "outside", shapes[:1], shapes[1:], [constant])
    outside = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(outside, tmp_path / "out.onnx", save_as_external_data=True, size_threshold=0, location="weights.bin")
    with pytest.raises(ModelError, match="keeps its weights in other files"):
        enhancement(parse(f"onnx:{tmp_path / 'out.onnx'}"))
    (tmp_path / "bad.onnx").write_bytes(b"nonsense")
    with pytest.raises(ModelError, match="not an ONNX model"):
        enhancement(parse(f"onnx:{tmp_path / 'bad.onnx'}"))


def test_pictures_that_somebody_made(pairs: Path, tmp_path: Path) -> None:
    data = find("lol", pairs)
    folder = tmp_path / "theirs"
    folder.mkdir()
    for sample in data.samples[:-1]:
        Image.fromarray(load(sample.input) + np.uint8(9)).save(folder / f"{sample.name}_pie.png")
    theirs = method(f"dir:{folder}")
    with pytest.raises(DataError, match=r"no pictures for 1 of lol: 5"):
        theirs.check(data)
    sample = data.samples[0]
    assert np.array_equal(result(theirs, None, "lol", sample, load(sample.input)), load(sample.input) + np.uint8(9))
    before = theirs.identity("lol", sample)
    (folder / "lol").mkdir()
    Image.new("RGB", (5, 5)).save(folder / "lol" / "1.png")
    again = method(f"dir:{folder}")
    assert again.identity("lol", sample) != before  # the folder of the data set's name comes first
    with pytest.raises(DataError, match="1 of lol is 48 x 40, its result 5 x 5"):
        result(again, None, "lol", sample, load(sample.input))
    with pytest.raises(ConfigError):
        enhancement(again.spec)


def test_scenes_that_somebody_made(tmp_path: Path, draw: object) -> None:
    from pielight.evaluate.datasets import Sample

    for name in ("12_3.png", "13/3.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("RGB", (4, 4)).save(tmp_path / name)
    theirs = method(f"dir:{tmp_path}")
    found = [theirs.result_of("sice", Sample(name, Path("x"))) for name in ("12/3", "13/3", "14/3")]
    assert found == [tmp_path / "12_3.png", tmp_path / "13" / "3.png", None]


def test_results_that_could_be_either(pairs: Path, tmp_path: Path) -> None:
    sample = find("lol", pairs).samples[0]
    made = tmp_path / "made"
    made.mkdir()
    for name in ("1_pie.png", "1_result.png"):
        Image.new("RGB", (48, 40)).save(made / name)
    with pytest.raises(DataError, match=r"several pictures for 1 of lol: 1_pie\.png, 1_result\.png"):
        method(f"dir:{made}").result_of("lol", sample)
    Image.new("RGB", (48, 40)).save(made / "1.png")  # the exact name comes first
    assert method(f"dir:{made}").result_of("lol", sample) == made / "1.png"


def test_lime_of_a_line() -> None:
    column = np.full((5, 1, 3), 64, np.uint8)
    assert lime(column).tolist() == lime(column.transpose(1, 0, 2)).transpose(1, 0, 2).tolist()
    assert lime(column[:1]).tolist() == [[[193, 193, 193]]]
