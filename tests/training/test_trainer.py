"""The trainer: it resumes to the bit, survives what goes wrong, and leaves everything behind that it promises."""

from __future__ import annotations

import dataclasses
import json
import math
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import Tensor, nn

from pielight.errors import ConfigError, DataError, ModelError
from pielight.training.checkpoint import State, read_checkpoint, save_checkpoint
from pielight.training.data.toy import write_toy_pictures
from pielight.training.networks.features import VGGFeatures
from pielight.training.objectives.restoration import Restoration
from pielight.training.recipe import read_train_config
from pielight.training.schema import TrainConfig
from pielight.training.schema.config_file import read_values
from pielight.training.trainer import StepReport, flushed_denormals, train, update_ema

Make = Callable[..., TrainConfig]
CONFIGS = [
    path for path in sorted((Path(__file__).parents[2] / "configs").glob("*.yaml")) if "recipe" not in read_values(path)
]


def nothing(_: StepReport) -> None:
    pass


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory, tiny: Make) -> Path:
    """A finished run of six steps."""
    return train(tiny(tmp_path_factory.mktemp("straight")), nothing, every=2)


@pytest.fixture
def copy(straight: Path, tmp_path: Path) -> Path:
    """The finished run, free to be changed."""
    return Path(shutil.copytree(straight, tmp_path / "copy"))


def tensors(value: Any, name: str = "") -> dict[str, torch.Tensor]:
    if isinstance(value, torch.Tensor):
        return {name: value}
    items = enumerate(value) if isinstance(value, list) else value.items() if isinstance(value, dict) else ()
    return {key: tensor for part, item in items for key, tensor in tensors(item, f"{name}.{part}").items()}


def assert_same(one: State, other: State) -> None:
    for part in ("network", "average", "optimizer"):
        a, b = tensors(getattr(one, part)), tensors(getattr(other, part))
        assert a.keys() == b.keys()
        assert len(a) > 10
        for name in a:
            assert torch.equal(a[name], b[name]), f"{part}{name}"
    assert (one.step, one.skipped) == (other.step, other.skipped)


def test_resumed_run_is_the_same_to_the_bit(straight: Path, tiny: Make, tmp_path: Path) -> None:
    train(tiny(tmp_path), nothing, stop_at=3)
    assert read_checkpoint(tmp_path / "checkpoint.pt").step == 3
    assert not (tmp_path / "tiny.onnx").exists()
    said: list[str] = []
    train(tiny(tmp_path), nothing, log=said.append)
    assert any("going on after step 3 of 6" in line for line in said)
    assert_same(read_checkpoint(straight / "checkpoint.pt"), read_checkpoint(tmp_path / "checkpoint.pt"))
    assert (straight / "tiny.onnx").read_bytes() == (tmp_path / "tiny.onnx").read_bytes()


def test_adaptive_and_harder_runs_resume_to_the_bit(tiny: Make, tmp_path: Path) -> None:
    settings = {"negatives": "adaptive", "curriculum": True, "steps": 4}
    train(tiny(tmp_path / "straight", **settings), nothing)
    train(tiny(tmp_path / "resumed", **settings), nothing, stop_at=2)
    train(tiny(tmp_path / "resumed", **settings), nothing)
    assert_same(*(read_checkpoint(tmp_path / name / "checkpoint.pt") for name in ("straight", "resumed")))


def test_ctrl_c_saves_a_whole_step(straight: Path, tiny: Make, tmp_path: Path) -> None:
    def press(progress: StepReport) -> None:
        if progress.step == 2:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        train(tiny(tmp_path), press, every=1)
    assert read_checkpoint(tmp_path / "checkpoint.pt").step == 2
    train(tiny(tmp_path), nothing)
    assert_same(read_checkpoint(straight / "checkpoint.pt"), read_checkpoint(tmp_path / "checkpoint.pt"))


def test_what_a_run_leaves_behind(straight: Path, tiny: Make) -> None:
    assert read_train_config(straight / "config.yaml") == tiny(straight)
    card = json.loads((straight / "tiny.json").read_text())
    assert (card["dark_pictures"], card["well_pictures"], card["skipped_steps"]) == (6, 6, 0)
    assert card["commit"] == read_checkpoint(straight / "checkpoint.pt").facts["commit"]
    with safe_open(straight / "tiny.safetensors", "pt") as stored:
        assert stored.metadata()["commit"] == card["commit"]
        assert "dark_batch: 2" in stored.metadata()["config"]
    (events,) = {path.parent for path in straight.rglob("events.out.tfevents*")}
    accumulator = EventAccumulator(str(events))
    accumulator.Reload()
    assert "before, after" in accumulator.Tags()["images"]
    assert [event.step for event in accumulator.Scalars("loss/total")] == [2, 4, 6]
    assert list(straight.glob("*.part")) == []


def test_without_a_term_that_needs_features_none_are_read(tiny: Make, tmp_path: Path) -> None:
    config = tiny(tmp_path, vgg_weights=str(tmp_path / "gone.pth"))
    without = dataclasses.replace(config.losses, contrastive=0.0, feature_preservation=0.0)
    said: list[str] = []
    train(dataclasses.replace(config, losses=without), nothing, stop_at=1, log=said.append)
    assert "6 pictures to restore, 6 good ones" in said
    for one in ("contrastive", "feature_preservation"):
        losses = dataclasses.replace(without, **{one: 0.1})
        with pytest.raises(ModelError, match=r"gone\.pth: no such file"):
            train(dataclasses.replace(config, losses=losses, out=str(tmp_path / one)), nothing, stop_at=1)


def test_the_bank_has_features_only_for_the_contrast(
    tiny: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Tensor] = []
    real = VGGFeatures.forward

    def watched(self: VGGFeatures, pictures: Tensor, last: str = "relu4_3") -> Any:
        seen.append(pictures)
        return real(self, pictures, last)

    monkeypatch.setattr(VGGFeatures, "forward", watched)
    config = tiny(tmp_path)
    config = dataclasses.replace(config, losses=dataclasses.replace(config.losses, contrastive=0.0))
    train(config, nothing, stop_at=1)
    assert [len(pictures) for pictures in seen] == [1, 1]  # of the step, before and after


def test_first_weights_do_not_depend_on_the_terms(tiny: Make, tmp_path: Path) -> None:
    first: list[dict[str, Tensor]] = []

    class Noting(Restoration):
        def prepare(self, network: nn.Module, *arguments: Any) -> None:
            super().prepare(network, *arguments)
            first.append({name: value.clone() for name, value in network.state_dict().items()})

    for contrast, features in ((0.1, 0.1), (0.0, 0.0)):
        config = tiny(tmp_path / f"{contrast}")
        losses = dataclasses.replace(config.losses, contrastive=contrast, feature_preservation=features)
        train(Noting(dataclasses.replace(config, losses=losses)), nothing, stop_at=1)
    assert all(torch.equal(value, first[1][name]) for name, value in first[0].items())


def test_progress(tiny: Make, tmp_path: Path) -> None:
    seen: list[StepReport] = []
    train(tiny(tmp_path, steps=5), seen.append, every=2, stop_at=5)
    assert [(item.step, item.steps, item.skipped) for item in seen] == [(2, 5, 0), (4, 5, 0), (5, 5, 0)]
    assert seen[0].seconds_left > seen[1].seconds_left > seen[2].seconds_left == 0
    assert all(math.isfinite(value) for item in seen for value in item.terms.values())
    assert {"total", "inversion", "regional_consistency"} <= seen[0].terms.keys()


@pytest.mark.parametrize("poison", ["loss", "gradient"])
def test_a_step_that_is_not_finite_is_skipped_and_counted(
    poison: str, tiny: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Restoration.loss

    def poisoned(self: Restoration, network: nn.Module, step: int) -> Any:
        total, terms = real(self, network, step)
        if step != 1:
            return total, terms
        if poison == "loss":
            return total * math.nan, {name: term * math.nan for name, term in terms.items()}
        parameter = next(network.parameters())
        return total + torch.sqrt((parameter * 0).sum()), terms  # the root's slope at 0 is infinite

    monkeypatch.setattr(Restoration, "loss", poisoned)
    seen: list[StepReport] = []
    train(tiny(tmp_path, steps=4), seen.append, every=1, stop_at=1)
    before = read_checkpoint(tmp_path / "checkpoint.pt")
    train(tiny(tmp_path, steps=4), seen.append, every=1, stop_at=2)
    after = read_checkpoint(tmp_path / "checkpoint.pt")
    assert (after.step, after.skipped) == (2, 1)
    for part in ("network", "average"):
        for key, value in getattr(before, part).items():
            assert torch.equal(value, getattr(after, part)[key])
    train(tiny(tmp_path, steps=4), seen.append, every=1)
    assert [item.skipped for item in seen] == [0, 1, 1, 1]
    assert seen[1].terms == {}
    assert json.loads((tmp_path / "tiny.json").read_text())["skipped_steps"] == 1


def test_a_finished_run_is_exported_again_only_if_a_file_is_missing(copy: Path, tiny: Make) -> None:
    def never(_: StepReport) -> None:
        pytest.fail("nothing is left to train")

    config = tiny(copy)
    onnx, commit = (copy / "tiny.onnx").read_bytes(), json.loads((copy / "tiny.json").read_text())["commit"]
    times = {path: path.stat().st_mtime_ns for path in copy.glob("tiny.*")}
    train(config, never)
    assert {path: path.stat().st_mtime_ns for path in copy.glob("tiny.*")} == times
    (copy / "tiny.onnx").write_bytes(b"damaged")
    (copy / "tiny.json").unlink()
    train(config, never)
    assert (copy / "tiny.onnx").read_bytes() == onnx
    assert json.loads((copy / "tiny.json").read_text())["commit"] == commit


def test_other_settings_are_refused_by_name(copy: Path, tiny: Make) -> None:
    config = tiny(copy, steps=7)
    config = dataclasses.replace(config, optimizer=dataclasses.replace(config.optimizer, lr=0.5))
    with pytest.raises(ConfigError, match=r"other settings \(steps, optimizer.lr\); set another out"):
        train(config, nothing)
    train(tiny(copy, checkpoint_minutes=9.0), nothing)  # changes nothing in the weights


def test_other_pictures_are_refused(tiny: Make, tmp_path: Path) -> None:
    write_toy_pictures(tmp_path, 4, 96)
    config = tiny(tmp_path / "run")
    config = dataclasses.replace(config, data=dataclasses.replace(config.data, dark=(str(tmp_path / "dark"),)))
    train(config, nothing, stop_at=1)
    one, other = tmp_path / "dark" / "000.png", tmp_path / "dark" / "001.png"
    kept = one.read_bytes()
    one.write_bytes(other.read_bytes())  # as many, but others
    with pytest.raises(DataError, match="the dark pictures are not the 4 that the run began with; bring them back"):
        train(config, nothing)
    one.unlink()
    with pytest.raises(DataError, match="the dark pictures are not the 4"):
        train(config, nothing)
    one.write_bytes(kept)
    train(config, nothing)


def test_a_checkpoint_of_another_network_is_refused(copy: Path, tiny: Make) -> None:
    state = read_checkpoint(copy / "checkpoint.pt")
    state.step = 1
    state.network.popitem()
    save_checkpoint(copy / "checkpoint.pt", state)
    with pytest.raises(ModelError, match=r"checkpoint.pt: holds weights of another network"):
        train(tiny(copy), nothing)


def test_missing_pictures(tiny: Make, tmp_path: Path) -> None:
    config = tiny(tmp_path / "run")
    data = dataclasses.replace(config.data, dark=(str(tmp_path / "none"),))
    with pytest.raises(DataError, match="none: no such folder"):
        train(dataclasses.replace(config, data=data), nothing)


def test_a_folder_that_cannot_be_made(tiny: Make, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"config\.yaml: cannot be written \([^\n]+\); set another out$"):
        train(tiny(tmp_path / "file" / "run"), nothing)


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_configuration_takes_three_steps(path: Path, tiny: Make, tmp_path: Path) -> None:
    small = tiny(tmp_path)
    config = read_train_config(path)
    side = 32 if config.data.loss_size < config.data.size else small.data.size
    train(
        dataclasses.replace(
            config, steps=3, out=str(tmp_path), bank=2, pairs=2, dark_batch=2, well_batch=1, feature_batch=1,
            vgg_weights="random", data=dataclasses.replace(small.data, loss_size=side),
        ),
        nothing,
    )  # fmt: skip
    assert (tmp_path / f"{config.name}.onnx").exists()


def kept() -> bool:
    """Say whether denormal numbers count."""
    return bool(torch.tensor(1e-38) / 2 > 0)


def test_denormals_are_flushed_until_the_outermost_block_ends() -> None:
    assert kept()
    with flushed_denormals():
        with flushed_denormals():
            assert not kept()
        assert not kept()
    assert kept()


def test_denormals_that_the_caller_flushes_stay_flushed() -> None:
    torch.set_flush_denormal(True)
    try:
        with pytest.raises(KeyboardInterrupt), flushed_denormals():
            raise KeyboardInterrupt
        assert not kept()
    finally:
        torch.set_flush_denormal(False)


def test_the_average_follows_the_weights() -> None:
    average, network = nn.Linear(1, 1), nn.Linear(1, 1)
    nn.init.constant_(average.weight, 1.0)
    nn.init.constant_(network.weight, 3.0)
    update_ema(average, network, 0.75)
    assert average.weight.item() == pytest.approx(1.5)
    assert not any(weight.grad_fn for weight in average.parameters())


def test_statistics_of_normalization_are_copied_into_the_average() -> None:
    average, network = nn.BatchNorm1d(2), nn.BatchNorm1d(2)
    network(torch.randn(8, 2))
    update_ema(average, network, 0.9)
    assert torch.equal(average.running_mean, network.running_mean)


def test_modules_draw_by_seed_and_step(tiny: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A network with dropout resumes to the bit too, since torch's own randomness is seeded at every step."""
    draws: list[float] = []
    real = Restoration.loss

    def noting(self: Restoration, network: nn.Module, step: int) -> Any:
        draws.append(torch.rand(1).item())
        return real(self, network, step)

    monkeypatch.setattr(Restoration, "loss", noting)
    train(tiny(tmp_path / "a", steps=2), nothing)
    train(tiny(tmp_path / "b", steps=2), nothing, stop_at=1)
    train(tiny(tmp_path / "b", steps=2), nothing)
    assert draws[:2] == draws[2:]
    assert draws[0] != draws[1]
