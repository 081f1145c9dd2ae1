"""Joint training: who learns and who does not, resuming to the bit, what is left behind, and errors in one line."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from pielight.enhancer import Enhancer
from pielight.errors import ConfigError, DataError, ModelError, PielightError
from pielight.training.checkpoint import read_checkpoint
from pielight.training.data import bank
from pielight.training.data.preparation import FOLDER
from pielight.training.export.joint_files import model_names
from pielight.training.networks.joint_model import JointModel, load_enhancer
from pielight.training.networks.segmenter import Segmenter
from pielight.training.objectives.downstream_model import load_downstream
from pielight.training.schema import (
    ConstraintsConfig,
    DimmingConfig,
    DownstreamConfig,
    ExamplesConfig,
    JointConfig,
    JointWeights,
    OptimizerConfig,
    RawDarkeningConfig,
)
from pielight.training.trainer import StepReport, train

Make = Callable[..., JointConfig]
TOY = """
import torch
from torch import nn

class Mean(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Conv2d(3, 2, 3, stride=2)
        self.off = nn.Dropout(0.5)
    def forward(self, x):
        y = self.off(self.layer(x))
        return {"map": y, "mean": [y.mean((2, 3))]}

def mean(): return Mean()
def loss(outputs, targets): return (outputs["mean"][0] - targets["mean"][0]).square().sum()
def wide(outputs, targets): return outputs["map"]
def nothing(outputs, targets): return outputs["mean"][0].sum() * float("nan")
def blind(outputs, targets): return outputs["mean"][0].detach().sum()
def text(): return "no module"
def crash(outputs, targets): raise ValueError("first line\\nsecond")
"""


@pytest.fixture
def tiny(scenes: Path, start: Path) -> Callable[..., JointConfig]:
    """Make the settings of a run of four steps."""

    def make(out: Path, **changes: Any) -> JointConfig:
        settings = JointConfig(
            name="tiny", steps=4, batch=2, out=str(out), enhancer=str(start.with_suffix(".safetensors")),
            optimizer=OptimizerConfig(lr=1e-4, warmup_steps=1, ema_decay=0.5),
            data=ExamplesConfig(str(scenes / "well"), str(scenes / "labels"), width=48, height=40),
            darkening=DimmingConfig(stops=(-3, -2), untouched=0.2),
            downstream=DownstreamConfig(classes=2, ignore_index=2),
            constraints=ConstraintsConfig(
                batch=6, bank=2, vgg_weights="random",
                darkening=RawDarkeningConfig(versions=1),
            ),
        )  # fmt: skip
        return dataclasses.replace(settings, **changes)

    return make


def nothing(_: StepReport) -> None:
    pass


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor], prefix: str) -> bool:
    return all(torch.equal(one[key], other[key]) for key in one if key.startswith(prefix))


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    path = tmp_path / "toy.py"
    path.write_text(TOY)
    return path


@pytest.mark.parametrize("who", ["enhancer", "both", "downstream"])
def test_only_those_learn_that_should(who: str, tiny: Make, tmp_path: Path) -> None:
    config = tiny(tmp_path / "run", train=who, weights=JointWeights(task=1.0, distillation=0.0))
    seen: list[StepReport] = []
    train(config, seen.append, every=2)
    torch.manual_seed(config.seed)
    module = load_downstream(config.downstream).module  # first, as its weights are drawn
    start = JointModel(load_enhancer(config.enhancer)[0], module).state_dict()
    end = read_checkpoint(tmp_path / "run" / "checkpoint.pt").network
    assert same(start, end, "enhancer") == (who == "downstream")
    assert same(start, end, "downstream") == (who == "enhancer")
    assert sorted({path.stem for path in (tmp_path / "run").glob("*.json")}) == sorted(model_names(config))
    assert not list((tmp_path / "run").glob("*.part"))
    terms = seen[-1].terms
    assert ("constraints" in terms) == (who != "downstream")
    assert {"total", "task"} <= set(terms)
    assert all(np.isfinite(value) for value in terms.values())


@pytest.mark.parametrize(("who", "weight"), [("enhancer", 10.0), ("both", 0.0), ("downstream", 10.0)])
def test_an_enhancer_that_learns_to_denoise_keeps_to_the_picture(
    who: str, weight: float, tiny: Make, tmp_path: Path
) -> None:
    parts_of_the_loss = JointWeights(distillation=0.0, constraints=0.0, denoising=weight)
    seen: list[StepReport] = []
    train(tiny(tmp_path, train=who, denoise=True, weights=parts_of_the_loss), seen.append, every=1)
    assert all(("denoising" in progress.terms) == (who == "enhancer") for progress in seen)
    if who == "enhancer":
        assert seen[0].terms["total"] == pytest.approx(
            seen[0].terms["task"] + 10 * seen[0].terms["denoising"], rel=1e-4
        )


def test_half_precision_is_near_full_precision(tiny: Make, tmp_path: Path) -> None:
    seen: list[StepReport] = []
    for precision in ("no", "bf16"):
        train(tiny(tmp_path / precision, precision=precision, denoise=True, steps=1), seen.append)
    full, half = (report.terms["total"] for report in seen)
    assert half != full
    assert half == pytest.approx(full, rel=0.05)


def test_stopped_and_resumed_to_the_bit(tiny: Make, tmp_path: Path) -> None:
    straight, halting = tiny(tmp_path / "a", train="both"), tiny(tmp_path / "b", train="both")
    train(straight, nothing)
    train(halting, nothing, stop_at=2)
    assert not (tmp_path / "b" / "tiny.json").exists()
    train(halting, nothing)
    one, other = (read_checkpoint(tmp_path / name / "checkpoint.pt") for name in "ab")
    assert same(one.network, other.network, "")
    assert same(one.average, other.average, "")
    with pytest.raises(ConfigError, match=r"other settings \(seed\)"):
        train(dataclasses.replace(straight, seed=1), nothing)


@pytest.mark.parametrize("denoise", [False, True])
def test_one_graph_is_what_torch_does(denoise: bool, tiny: Make, tmp_path: Path) -> None:
    config = tiny(tmp_path, train="both", denoise=denoise, steps=1, weights=JointWeights(constraints=0.0))
    train(config, nothing)
    enhancer, _ = load_enhancer(config.enhancer, denoise)
    unified = JointModel(enhancer, Segmenter(2))
    unified.load_state_dict(load_file(tmp_path / "tiny-unified.safetensors"))
    unified.eval()
    options = {"providers": ["CPUExecutionProvider"]}
    graph = onnxruntime.InferenceSession(tmp_path / "tiny-unified.onnx", **options)
    assert [item.name for item in graph.get_outputs()] == ["enhanced", "logits"]
    alone = onnxruntime.InferenceSession(tmp_path / "tiny-downstream.onnx", **options)
    only = onnxruntime.InferenceSession(tmp_path / "tiny-enhancer.onnx", **options)
    for shape in ((1, 3, 60, 90), (2, 3, 37, 51)):
        pictures = 0.2 * torch.rand(shape)
        enhanced, logits = graph.run(None, {"pictures": pictures.numpy()})
        with torch.no_grad():
            expected = unified(pictures)
        np.testing.assert_allclose(enhanced, expected[0].numpy(), atol=1e-3)
        np.testing.assert_allclose(logits, expected[1].numpy(), atol=1e-3)
        np.testing.assert_allclose(alone.run(["logits"], {"pictures": enhanced})[0], logits, atol=1e-3)
        np.testing.assert_allclose(only.run(["enhanced"], {"pictures": pictures.numpy()})[0], enhanced, atol=1e-3)


def test_inference_takes_the_enhancer(tiny: Make, tmp_path: Path) -> None:
    train(tiny(tmp_path, steps=1), nothing)
    dark = (30 * np.random.default_rng(0).random((40, 50, 3))).astype(np.uint8)
    assert Enhancer(tmp_path / "tiny.onnx", threads=1)(dark).mean() > 1.5 * dark.mean()
    again, config = load_enhancer(str(tmp_path / "tiny.safetensors"))
    assert (config.name, config.width) == ("tiny", 0.25)
    with torch.no_grad():
        found = again(torch.from_numpy(dark.transpose(2, 0, 1).copy())[None].float() / 255)[0].numpy()
    expected = Enhancer(tmp_path / "tiny.onnx", threads=1)(dark, denoise=0) / 255
    assert np.abs(found.transpose(1, 2, 0) - expected).mean() < 0.01


def test_curves_are_no_start(tiny: Make, tmp_path: Path) -> None:
    curves = tmp_path / "curves.safetensors"
    save_file({"a": torch.zeros(1)}, curves, {"config": "network: lattice"})
    with pytest.raises(ModelError, match=r"holds no exposure map .*; make one with `pielight train`"):
        train(tiny(tmp_path / "run", enhancer=str(curves)), nothing)


def test_the_task_alone_moves_the_map(tiny: Make, tmp_path: Path) -> None:
    config = tiny(tmp_path, weights=JointWeights(constraints=0.0), steps=1)
    before = load_enhancer(config.enhancer)[0]
    train(config, nothing)
    after = read_checkpoint(tmp_path / "checkpoint.pt").network
    moved = [key for key, value in before.state_dict().items() if not torch.equal(value, after[f"enhancer.{key}"])]
    assert {"network.level.bias", "network.local.weight", "network.down.0.0.weight"} <= set(moved)


def test_a_folder_without_dark_pictures_is_refused(tiny: Make, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    config = tiny(tmp_path / "run")
    own = dataclasses.replace(config.constraints, dark=(str(tmp_path / "none"),))
    with pytest.raises(DataError, match="none: no usable dark picture"):
        train(dataclasses.replace(config, constraints=own), nothing)


def test_real_dark_pictures_join_the_constraints(tiny: Make, scenes: Path, tmp_path: Path) -> None:
    config = tiny(tmp_path)
    own = dataclasses.replace(config.constraints, dark=(str(scenes / "dark"),), batch=6)
    seen: list[StepReport] = []
    train(dataclasses.replace(config, constraints=own), seen.append, stop_at=1)
    assert np.isfinite(seen[-1].terms["constraints"])


def test_the_segmenter_alone_learns(tiny: Make, tmp_path: Path) -> None:
    config = tiny(tmp_path, enhancer="none", train="downstream", steps=25, batch=4)
    config = dataclasses.replace(
        config, darkening=dataclasses.replace(config.darkening, untouched=1.0),
        downstream=dataclasses.replace(config.downstream, lr=5e-3),
    )  # fmt: skip
    seen: list[StepReport] = []
    train(config, seen.append, every=5)
    assert seen[-1].terms["task"] < 0.8 * seen[0].terms["task"]
    assert sorted(path.name for path in tmp_path.glob("*.onnx")) == ["tiny-downstream.onnx"]


def test_where_both_learn_a_trained_model_keeps_its_statistics() -> None:
    unified = JointModel(nn.Identity(), nn.Sequential(nn.Conv2d(3, 2, 1), nn.BatchNorm2d(2)))
    for settled in (True, False):
        unified.learns("both", settled)
        before = unified.state_dict()["downstream.1.running_mean"].clone()
        unified(torch.rand(2, 3, 4, 4))
        assert torch.equal(before, unified.state_dict()["downstream.1.running_mean"]) is settled
        assert all(weight.requires_grad for weight in unified.parameters())


def test_faces(detector: Path, tiny: Make, scenes: Path, tmp_path: Path) -> None:
    config = tiny(
        tmp_path, downstream=DownstreamConfig(module="faces", weights=str(detector)), denoise=True,
        data=ExamplesConfig(str(scenes / "well"), boxes=str(scenes / "boxes.json"), width=64, height=48),
        weights=JointWeights(task=1.0, distillation=1.0, constraints=0.0),
    )  # fmt: skip
    seen: list[StepReport] = []
    train(config, seen.append)
    assert seen[-1].terms["distillation"] > 0
    session = onnxruntime.InferenceSession(tmp_path / "tiny-unified.onnx", providers=["CPUExecutionProvider"])
    names = [item.name for item in session.get_outputs()]
    assert names[0] == "enhanced"
    assert "bbox_16" in names
    found = dict(zip(names, session.run(None, {"pictures": np.zeros((2, 3, 70, 50), np.float32)}), strict=True))
    assert found["cls_8"].shape == (2, 12 * 8, 1)
    assert found["enhanced"].shape == (2, 3, 70, 50)


def test_a_users_module_is_taught_by_clean_pictures(toy: Path, tiny: Make, scenes: Path, tmp_path: Path) -> None:
    config = tiny(
        tmp_path / "run", data=ExamplesConfig(str(scenes / "well"), width=40, height=40), train="both",
        downstream=DownstreamConfig(f"{toy}:mean", loss=f"{toy}:loss"), weights=JointWeights(1.0, 1.0, 0.0),
    )  # fmt: skip
    train(config, nothing)
    session = onnxruntime.InferenceSession(tmp_path / "run" / "tiny-unified.onnx", providers=["CPUExecutionProvider"])
    assert [item.name for item in session.get_outputs()] == ["enhanced", "map", "mean_0"]


@pytest.mark.parametrize(
    ("module", "loss", "kind", "reason"),
    [
        ("mean", "wide", ModelError, r"returned a tensor \(2, 2, 19, 19\); expected a tensor of one number"),
        ("mean", "nothing", ModelError, "is nan on pictures"),
        ("mean", "blind", ModelError, "has no gradient"),
        ("mean", "crash", ModelError, r"fails on pictures \(2, 3, 40, 40\) \(ValueError: first line\)"),
        ("mean", "segmentation", DataError, "learns from labels; set data.labels"),
        ("mean", "gone", ConfigError, "has no gone"),
        ("text", "loss", ConfigError, "returned str, no torch.nn.Module"),
    ],
)
def test_modules_that_cannot_be_scored(
    module: str, loss: str, kind: type[PielightError], reason: str, toy: Path, tiny: Make, scenes: Path, tmp_path: Path
) -> None:
    import_path = loss if loss == "segmentation" else f"{toy}:{loss}"
    config = tiny(
        tmp_path / "run", data=ExamplesConfig(str(scenes / "well"), width=40, height=40),
        downstream=DownstreamConfig(f"{toy}:{module}", loss=import_path),
    )  # fmt: skip
    with pytest.raises(kind, match=reason) as raised:
        train(config, nothing)
    assert "\n" not in str(raised.value)


def test_logits_of_another_size_are_named(toy: Path, tiny: Make, tmp_path: Path) -> None:
    toy.write_text("from torch import nn\ndef small(): return nn.Conv2d(3, 2, 3, stride=2)\n")
    config = tiny(
        tmp_path / "run", downstream=DownstreamConfig(f"{toy}:small", loss="segmentation", classes=2, ignore_index=2)
    )
    expected = r"returned \(2, 2, 19, 23\); expected logits \(N, classes, H, W\) = \(2, 2, 40, 48\)"
    with pytest.raises(ModelError, match=expected):
        train(config, nothing)


def test_a_step_that_is_not_finite_is_skipped(toy: Path, tiny: Make, scenes: Path, tmp_path: Path) -> None:
    toy.write_text(TOY + "calls = []\ndef late(o, t):\n    calls.append(1)\n    return loss(o, t) / (len(calls) < 3)\n")
    toy.write_text(toy.read_text().replace("/ (len(calls) < 3)", "* (1.0 if len(calls) < 3 else float('nan'))"))
    config = tiny(
        tmp_path / "run", data=ExamplesConfig(str(scenes / "well"), width=40, height=40),
        downstream=DownstreamConfig(f"{toy}:mean", loss=f"{toy}:late"), weights=JointWeights(1.0, 0.0, 0.0),
    )  # fmt: skip
    seen: list[Any] = []
    train(config, seen.append)
    assert seen[-1].skipped == 3


def test_a_killed_run_does_not_prepare_again(tiny: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    train(tiny(tmp_path), nothing, stop_at=1)
    assert (tmp_path / FOLDER).is_dir()
    monkeypatch.setattr(bank, "_expose", lambda *_: pytest.fail("computed again"))
    train(tiny(tmp_path), nothing)
    assert not (tmp_path / FOLDER).exists()
