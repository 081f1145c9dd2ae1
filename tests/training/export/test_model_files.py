"""Export: ONNX renders what torch renders, and the card tells the truth.

Covers ``pielight.training.export.onnx``, too.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper
from PIL import Image
from safetensors.torch import load_file
from torch import nn

from pielight import Enhancer
from pielight.errors import ModelError
from pielight.inference.descriptor import describe
from pielight.models import find
from pielight.ops.apply import apply
from pielight.ops.thumbnail import thumbnail
from pielight.options import EnhanceOptions
from pielight.training.export import model_files as module
from pielight.training.export.model_files import NO_RECORD, RunRecord, exported, git_commit
from pielight.training.networks.dce_net import DCENet, render
from pielight.training.objectives.restoration import Restoration
from pielight.training.schema import TrainConfig

Make = Callable[..., TrainConfig]
TINY = float(np.finfo(np.float32).tiny)


def export(network: nn.Module, config: TrainConfig, folder: Path, record: RunRecord = NO_RECORD) -> None:
    Restoration(config).export(network, folder, record)


def loud() -> nn.Module:
    """A network that changes a picture a lot, with some denormal weights."""
    torch.manual_seed(0)
    network = DCENet()
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.dim() > 1:
                nn.init.kaiming_normal_(parameter)
            parameter.view(-1)[0] = 1e-40
    return network


def test_onnx_renders_what_torch_renders(tiny: Make, toy: Path, tmp_path: Path) -> None:
    network = loud()
    export(network, tiny(tmp_path), tmp_path)
    predictor = describe("curve_lattice").open(tmp_path / "tiny.onnx")
    for path in sorted((toy / "well").iterdir())[:3]:
        pixels = np.asarray(Image.open(path)).astype(np.float32) / 255
        small = thumbnail(pixels, predictor.thumbnail_side).copy()
        with torch.no_grad():
            alphas = network(torch.from_numpy(small)[None])
            thumb = render(torch.from_numpy(small)[None], alphas)
        lattice = predictor.predict(pixels, auto=False)
        assert np.abs(lattice.alphas.reshape(1, -1, *lattice.nodes) - alphas.numpy()).max() < 1e-4
        with torch.no_grad():
            again = render(torch.from_numpy(small)[None], torch.tensor(lattice.alphas).view_as(alphas))
        assert (again - thumb).abs().max() <= 1 / 255
        assert np.abs(thumb.numpy() - small).max() > 0.1  # it does something


@pytest.mark.parametrize("size", [64, 96])
def test_the_engine_is_near_torch_on_smooth_curves(size: int, tiny: Make, toy: Path, tmp_path: Path) -> None:
    """The two blend different things between nodes (docs of render); what ships must agree to 3/255."""
    torch.manual_seed(0)
    network = DCENet()
    network.e_conv7.get_parameter("bias").data = -(2 + torch.rand(24)) / 8  # bounds of the gain stay away
    config = tiny(tmp_path)
    export(network, dataclasses.replace(config, data=dataclasses.replace(config.data, size=size)), tmp_path)
    predictor = describe("curve_lattice").open(tmp_path / "tiny.onnx")
    assert predictor.thumbnail_side == size
    pixels = np.asarray(Image.open(toy / "well" / "000.png")).astype(np.float32) / 1000
    with torch.no_grad():
        alphas = network(torch.from_numpy(thumbnail(pixels, size).copy())[None])
        expected = render(torch.from_numpy(pixels.transpose(2, 0, 1).copy())[None], alphas)[0].numpy()
    curves = predictor.predict(pixels)
    assert curves.alphas.shape == (8, 3, size, size)
    assert np.abs(curves.alphas.reshape(alphas.shape) - alphas.numpy()).max() < 1e-4
    found = apply(pixels, curves, EnhanceOptions(highlights=0)).transpose(2, 0, 1)
    assert np.abs(expected - pixels.transpose(2, 0, 1)).mean() > 0.1
    assert np.abs(found - expected).max() <= 3 / 255
    eight = np.rint(pixels * 255).astype(np.uint8)
    brighter = Enhancer(tmp_path / "tiny.onnx")(eight).astype(int) - eight
    assert brighter.min() >= 0
    assert brighter.mean() > 5


def test_batches_of_any_size(tiny: Make, tmp_path: Path) -> None:
    import onnxruntime

    network = loud()
    export(network, tiny(tmp_path), tmp_path)
    pictures = torch.rand(3, 3, 64, 64)
    session = onnxruntime.InferenceSession(tmp_path / "tiny.onnx", providers=["CPUExecutionProvider"])
    (found,) = session.run(["alphas"], {"thumbnail": pictures.numpy()})
    with torch.no_grad():
        assert np.abs(found - network(pictures).numpy()).max() < 1e-4


def test_no_denormal_weights(tiny: Make, tmp_path: Path) -> None:
    export(loud(), tiny(tmp_path), tmp_path)
    stored = [value.numpy() for value in load_file(tmp_path / "tiny.safetensors").values()]
    graph = onnx.load(tmp_path / "tiny.onnx").graph
    constants = [numpy_helper.to_array(item) for item in graph.initializer]
    for weights in (*stored, *constants):
        if weights.dtype == np.float32:
            assert not ((weights != 0) & (np.abs(weights) < TINY)).any()
    assert len(stored) > 10


def test_card(tiny: Make, tmp_path: Path) -> None:
    config = tiny(tmp_path, seed=5)
    export(loud(), config, tmp_path, RunRecord(2, 90.0, {"commit": "abc", "dark_pictures": 7}))
    model = find(tmp_path / "tiny.onnx")
    assert model.verify()
    card = model.card
    assert card == {**card, "name": "tiny", "network": "dcenet", "seed": 5, "steps": 6, "skipped_steps": 2,
                    "minutes": 1.5, "commit": "abc", "dark_pictures": 7}  # fmt: skip
    for name, checksum in card["sha256"].items():
        assert hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() == checksum
    assert len(card["sha256"]) == 2
    assert "well_batch: 2" in card["config"]
    assert card["parameters"] == sum(p.numel() for p in DCENet().parameters())
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".json", ".onnx", ".safetensors"]


def test_exported(tiny: Make, tmp_path: Path) -> None:
    config = tiny(tmp_path)
    assert not exported(config.name, tmp_path)
    export(loud(), config, tmp_path)
    assert exported(config.name, tmp_path)
    card = tmp_path / "tiny.json"
    whole = card.read_text()
    for text in ("", "[]", "{}", json.dumps({"sha256": 1}), whole.replace("sha256", "sha")):
        card.write_text(text)
        assert not exported(config.name, tmp_path)
    card.write_text(whole)
    (tmp_path / "tiny.safetensors").write_bytes(b"")
    assert not exported(config.name, tmp_path)


def test_a_folder_that_cannot_be_made(tiny: Make, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ModelError, match=r"tiny.onnx: cannot be written \(File exists\)"):
        export(loud(), tiny(tmp_path), tmp_path / "file")


def test_files_of_others_stay(tiny: Make, tmp_path: Path) -> None:
    (tmp_path / "tiny.onnx.part").write_text("of somebody else")
    export(loud(), tiny(tmp_path), tmp_path)
    assert (tmp_path / "tiny.onnx.part").read_text() == "of somebody else"


def test_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def git(*arguments: str) -> None:
        identity = ["-c", "user.name=t", "-c", "user.email=t@t", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True, capture_output=True)

    monkeypatch.setattr(module, "_PACKAGE", tmp_path)
    assert git_commit() == "unknown"  # no repository
    git("init")
    (tmp_path / "__init__.py").write_text("")
    assert git_commit() == "unknown"  # installed into the folder of another project
    git("add", ".")
    git("commit", "-m", "x", "--no-verify")
    commit = git_commit()
    assert len(commit) == 40
    (tmp_path / "__init__.py").write_text("x = 1\n")
    assert git_commit() == commit + "+"
    monkeypatch.setenv("PATH", "")
    assert git_commit() == "unknown"


def test_a_run_without_a_step_is_not_exported(tiny: Callable[..., TrainConfig], tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no step was taken"):
        export(loud(), tiny(tmp_path), tmp_path, RunRecord(skipped=6))
    assert list(tmp_path.iterdir()) == []
