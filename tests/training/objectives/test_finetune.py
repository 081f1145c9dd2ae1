"""Fine-tuning from end to end, on toy pictures and from a tiny model."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from pielight.enhancer import Enhancer
from pielight.errors import ConfigError, DataError
from pielight.training.data.toy import write_toy_pictures
from pielight.training.export.export import export
from pielight.training.networks.lattice_net import LatticeNet
from pielight.training.objectives import finetune as module
from pielight.training.objectives import finetune_loop as tuning
from pielight.training.objectives import finetune_validation as watchdog
from pielight.training.objectives.finetune import Tuned, finetune
from pielight.training.objectives.finetune_start import read_start
from pielight.training.schema import FinetuneConfig, TrainConfig


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory, tiny: Callable[..., TrainConfig]) -> Path:
    """A folder with ten dark and ten well-exposed pictures and a tiny model that brightens them a little."""
    folder = tmp_path_factory.mktemp("finetune")
    write_toy_pictures(folder, 10, 96)
    torch.manual_seed(0)
    network = LatticeNet()
    torch.nn.init.constant_(network.head.get_parameter("bias"), -0.08)
    export(network, tiny(folder, steps=1), folder)
    return folder


@pytest.fixture(autouse=True)
def quick(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(place))  # of the region cache
    monkeypatch.setattr(module, "_BANK", 4)
    monkeypatch.setattr(watchdog, "_DRAWS", 4)


def settings(place: Path, out: Path, **changes: object) -> FinetuneConfig:
    made = FinetuneConfig(str(place / "dark"), str(place / "well"), str(place / "tiny.onnx"), steps=4, out=str(out))
    return dataclasses.replace(made, **changes)


def run(made: FinetuneConfig) -> tuple[Tuned, list[str]]:
    said: list[str] = []
    tuned = finetune(made, lambda progress, look: None, said.append)
    assert tuned is not None
    return tuned, said


def test_with_normal(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_RATE", 3e-3)
    monkeypatch.setattr(module, "FORGOTTEN", 60.0)  # the toy model has nothing to forget
    monkeypatch.setattr(tuning, "_KEEP", 0.0)
    tuned, said = run(settings(place, tmp_path / "run", steps=12))
    assert "8 dark and 8 well-exposed pictures to learn from, 2 and 2 held out" in " ".join(said)
    assert tuned.share > 0
    assert tuned.after.score > tuned.before.score + 0.1
    card = json.loads(tuned.model.with_suffix(".json").read_text())
    assert (card["dark_pictures"], card["well_pictures"], card["share"]) == (10, 10, tuned.share)
    assert card["start"]["name"] == "tiny"
    assert str(place) not in json.dumps(card)
    picture = np.asarray(Image.open(place / "dark" / "002.png"))
    assert (Enhancer(tuned.model)(picture) != Enhancer(place / "tiny.onnx")(picture)).any()
    with Image.open(tuned.sheet) as sheet:
        assert sheet.format == "PNG"
    assert read_start(tuned.model).config.name == "tiny-tuned"  # which can be fine-tuned again


def test_no_better_than_the_start(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_RATE", 1e-9)
    tuned, said = run(settings(place, tmp_path / "run", normal=None, steps=2))
    assert "the results of tiny take the place of well-exposed pictures" in " ".join(said)
    assert (tuned.share, tuned.after) == (0.0, tuned.before)
    start, result = (load_file(path.with_suffix(".safetensors")) for path in (place / "tiny.onnx", tuned.model))
    assert all(torch.equal(start[key], result[key]) for key in start)


def test_says_early_that_it_will_not_help(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_RATE", 1e-9)
    _, said = run(settings(place, tmp_path / "run"))
    doubts = [line.removeprefix("not likely to help: ") for line in said if line.startswith("not likely to help: ")]
    assert doubts == [
        "10 dark pictures are few, 50 will do: chance decides what is found better",
        "after 1 of 4 steps the held-out score is +0.00 dB (standard error 0.00)",
    ]


def test_settings_of_training_can_be_changed(place: Path, tmp_path: Path) -> None:
    changes = ("optimizer.lr=1e-2", "losses.regional_consistency=0.5", "data.min_size=48")
    tuned, _ = run(settings(place, tmp_path / "run", changes=changes))
    config = read_start(tuned.model).config
    assert (config.optimizer.lr, config.losses.regional_consistency, config.data.min_size) == (1e-2, 0.5, 48)
    with pytest.raises(ConfigError, match=r"holds a run with other settings \(changes\)"):
        run(settings(place, tmp_path / "run"))
    for change, said in (
        ("steps=3", "--set steps=3: not free in fine-tuning"),
        ("lattice.cell=4", "not free in fine-tuning"),
        ("data.dark=x", "not free in fine-tuning"),
        ("optimzer.rate=1", "unknown setting optimzer; did you mean optimizer"),
        ("optimizer.lr=-1", "optimizer.lr: -1 should be"),
        ("losses.contrastive=1", "need --features"),
        ("losses.contrastive", "should look like key=value"),
    ):
        with pytest.raises(ConfigError, match=said):
            run(settings(place, tmp_path / "other", changes=(change,)))
    assert not (tmp_path / "other").exists()


def test_goes_on_bit_for_bit(place: Path, tmp_path: Path) -> None:
    whole, _ = run(settings(place, tmp_path / "whole"))
    parts = settings(place, tmp_path / "parts")
    assert finetune(parts, lambda progress, look: None, stop_at=2) is None
    assert not (tmp_path / "parts" / "tiny-tuned.onnx").exists()
    resumed, said = run(parts)
    assert any("going on after step 2 of 4" in line for line in said)
    states = [torch.load(tmp_path / name / "checkpoint.pt", weights_only=True) for name in ("whole", "parts")]
    for part in ("network", "average", "best"):
        assert all(torch.equal(value, states[1][part][key]) for key, value in states[0][part].items())
    assert resumed.after == whole.after


def test_refusals(place: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nothing: no such folder"):
        finetune(settings(place, tmp_path / "run", dark=str(tmp_path / "nothing")), lambda progress, look: None)
    assert not (tmp_path / "run").exists()
    made = settings(place, tmp_path / "run")
    finetune(made, lambda progress, look: None, stop_at=1)
    with pytest.raises(ConfigError, match=r"holds a run with other settings \(seed\)"):
        finetune(dataclasses.replace(made, seed=1), lambda progress, look: None)
    again = place / "tiny-tuned.onnx"
    for suffix in (".onnx", ".safetensors"):
        again.with_suffix(suffix).write_bytes((place / f"tiny{suffix}").read_bytes())
    with pytest.raises(ConfigError, match="holds the model to start from; set another out"):
        finetune(settings(place, place, model=str(again)), lambda progress, look: None)
