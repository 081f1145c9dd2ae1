"""Fine-tuning from end to end, on toy pictures and from a tiny model."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from pielight.enhancer import Enhancer
from pielight.errors import ConfigError, DataError
from pielight.training.checkpoint import read_checkpoint
from pielight.training.data.toy import write_toy_pictures
from pielight.training.objectives import finetune
from pielight.training.objectives.finetune import Finetuning, Tuned
from pielight.training.objectives.finetune_start import read_start
from pielight.training.schema import FinetuneConfig
from pielight.training.trainer import train
from tests.training.scenes import save_start


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ten dark and ten well-exposed pictures and a tiny model that exposes everything."""
    folder = tmp_path_factory.mktemp("finetune")
    write_toy_pictures(folder, 10, 96)
    save_start(folder)
    return folder


SMALL = ("data.min_size=32", "darkening.versions=1", "batch=12")


def settings(place: Path, out: Path, **changes: object) -> FinetuneConfig:
    made = FinetuneConfig(
        str(place / "dark"),
        str(place / "well"),
        str(place / "tiny.onnx"),
        steps=4,
        out=str(out),
        crops=4,
        changes=SMALL,
    )
    return dataclasses.replace(made, **changes)


def run(made: FinetuneConfig) -> tuple[Tuned, list[str]]:
    said: list[str] = []
    objective = Finetuning(made)
    train(objective, log=said.append)
    assert objective.result is not None
    return objective.result, said


def test_with_normal(place: Path, tmp_path: Path) -> None:
    free = {"lr": 3e-2, "max_forgotten": 60.0, "distillation": 0.0}  # the toy model has nothing to forget
    tuned, said = run(settings(place, tmp_path / "run", steps=12, **free))
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


def test_no_better_than_the_start(place: Path, tmp_path: Path) -> None:
    tuned, said = run(settings(place, tmp_path / "run", normal=None, steps=2, lr=1e-9))
    assert "the results of tiny take the place of well-exposed pictures" in " ".join(said)
    assert (tuned.share, tuned.after) == (0.0, tuned.before)
    start, result = (load_file(path.with_suffix(".safetensors")) for path in (place / "tiny.onnx", tuned.model))
    assert all(torch.equal(start[key], result[key]) for key in start)


def test_says_early_that_it_will_not_help(place: Path, tmp_path: Path) -> None:
    _, said = run(settings(place, tmp_path / "run", lr=1e-9))
    doubts = [line.removeprefix("not likely to help: ") for line in said if line.startswith("not likely to help: ")]
    assert doubts == [
        "10 dark pictures are few, 50 will do: chance decides what is found better",
        "after 1 of 4 steps the held-out score is +0.00 dB (standard error 0.00)",
    ]


def test_settings_of_training_can_be_changed(place: Path, tmp_path: Path) -> None:
    changes = (*SMALL, "optimizer.lr=1e-2", "losses.regional_consistency=0.5", "data.min_size=48")
    tuned, _ = run(settings(place, tmp_path / "run", changes=changes))
    config = read_start(tuned.model).config
    assert (config.optimizer.lr, config.losses.regional_consistency, config.data.min_size) == (1e-2, 0.5, 48)
    with pytest.raises(ConfigError, match=r"holds a run with other settings \(changes\)"):
        run(settings(place, tmp_path / "run"))
    for change, said in (
        ("steps=3", "--set steps=3: not free in fine-tuning"),
        ("width=2", "not free in fine-tuning"),
        ("data.published=[x]", "not free in fine-tuning"),
        ("optimzer.lr=1", "unknown setting optimzer; did you mean optimizer"),
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
    stopped = Finetuning(parts)
    train(stopped, stop_at=2)
    assert stopped.result is None
    assert not (tmp_path / "parts" / "tiny-tuned.onnx").exists()
    resumed, said = run(parts)
    assert any("going on after step 2 of 4" in line for line in said)
    states = [torch.load(tmp_path / name / "checkpoint.pt", weights_only=True) for name in ("whole", "parts")]
    for part in ("network", "average", "best"):
        assert all(torch.equal(value, states[1][part][key]) for key, value in states[0][part].items())
    assert resumed.after == whole.after


def test_refusals(place: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nothing: no such folder"):
        train(settings(place, tmp_path / "run", dark=str(tmp_path / "nothing")))
    (tmp_path / "empty").mkdir()
    for role in ("dark", "normal"):
        with pytest.raises(DataError, match=r"empty: 0 usable (dark|well) pictures, and 8 are needed"):
            train(settings(place, tmp_path / "run", **{role: str(tmp_path / "empty")}))
    assert not (tmp_path / "run").exists()
    made = settings(place, tmp_path / "run")
    train(made, stop_at=1)
    with pytest.raises(ConfigError, match=r"holds a run with other settings \(seed\)"):
        train(dataclasses.replace(made, seed=1))
    again = place / "tiny-tuned.onnx"
    for suffix in (".onnx", ".safetensors"):
        again.with_suffix(suffix).write_bytes((place / f"tiny{suffix}").read_bytes())
    with pytest.raises(ConfigError, match="holds the model to start from; set another out"):
        train(settings(place, place, model=str(again)))


def test_settings_are_checked(place: Path, tmp_path: Path) -> None:
    for name, value in (("lr", 0.0), ("distillation", -1.0), ("max_forgotten", -1.0), ("crops", 0)):
        with pytest.raises(ValueError, match=name):
            settings(place, tmp_path / "run", **{name: value})


def test_an_unsound_validation_ends_the_run(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finetune, "fault_of", lambda *_: "it burns out")
    tuned, _ = run(settings(place, tmp_path / "run"))
    assert (tuned.ended, tuned.share) == ("it burns out", 0.0)
    state = read_checkpoint(tmp_path / "run" / "checkpoint.pt")
    assert (state.step, state.ended, state.best) == (1, "it burns out", {})


def test_patience_ends_the_run_which_stays_ended(place: Path, tmp_path: Path) -> None:
    made = settings(place, tmp_path / "run", steps=12, lr=1e-9)
    tuned, _ = run(made)
    state = read_checkpoint(tmp_path / "run" / "checkpoint.pt")
    assert tuned.ended == f"no better score since step {state.best_step}"
    assert state.step == state.best_step + 4
    again, _ = run(made)
    assert again == tuned
