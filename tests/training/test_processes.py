"""Several processes train as one: the same draws, losses and files, stopped and resumed with any number of them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from pielight.errors import DataError
from pielight.training import processes
from pielight.training.checkpoint import read_checkpoint
from pielight.training.parts import Dropout, run_in_parts
from pielight.training.recipe import RECIPES
from pielight.training.schedules import sample_generator
from pielight.training.schema.config_file import as_yaml, validate
from pielight.training.trainer import StepReport, train
from tests.training import several

STEPS = 6
FOLLOWS = {"warmup_steps": 2, "ema_decay": 0.9}


def recipes(toy: Path) -> dict[str, dict[str, Any]]:
    """Return recipes of seconds, by name: with a loss of the whole batch, with noise, with features, and with haze."""
    dark, well = str(toy / "dark"), str(toy / "well")
    limits = {"min_size": 32, "well_mean": [0, 1], "dark_mean": [0, 1], "well_clipped": 1.0}
    small = limits | {"well": [well], "size": 64, "loss_size": 32, "cache": str(toy / "cache")}
    shared = {"steps": STEPS, "optimizer": FOLLOWS, "checkpoint_minutes": 60.0}
    of_task = {"bank": 2, "pairs": 2, "dark_batch": 2, "well_batch": 3, "vgg_weights": "random"}
    return {
        "exposure": shared | {
            "recipe": "exposure", "batch": 14, "bank": 2, "width": 0.25, "darkening": {"versions": 1},
            "losses": {"contrastive": 0, "feature_preservation": 0},
            "data": {"domains": [{"dark": dark, "well": well}], "min_size": 32},
        },
        "denoise": shared | {
            "recipe": "denoise", "batch": 3, "patch_size": 32, "precision": "bf16", "data": limits | {"well": [well]},
        },
        "dehaze": shared | of_task | {
            "task": "dehaze", "data": small, "losses": {"contrastive": 0.0, "feature_preservation": 0.0},
        },
    }  # fmt: skip


def curve(values: dict[str, Any], stop_at: int | None = None) -> several.Losses:
    """Train in this process and return each step's losses."""
    found: several.Losses = []

    def note(report: StepReport) -> None:
        found.append(report.terms)

    train(validate(RECIPES[values.get("recipe", "")], values), note, every=1, stop_at=stop_at)
    return found


def farthest(one: several.Losses, other: several.Losses) -> float:
    assert [step.keys() for step in one] == [step.keys() for step in other]
    return max(abs(a[name] - b[name]) for a, b in zip(one, other, strict=True) for name in a)


@pytest.fixture(scope="module")
def alone(toy: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, several.Losses]:
    """Losses of one process."""
    out = tmp_path_factory.mktemp("alone")
    return {name: curve(values | {"out": str(out / name)}) for name, values in recipes(toy).items()}


@pytest.fixture(scope="module")
def together(toy: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs of two processes: each recipe, and one that one process began and will go on with."""
    out = tmp_path_factory.mktemp("together")
    values = recipes(toy)
    curve(values["exposure"] | {"out": str(out / "handed")}, stop_at=2)
    runs = [each | {"out": str(out / name)} for name, each in values.items()]
    runs.append(values["exposure"] | {"out": str(out / "handed"), "stop_at": 4})
    started = several.start(2, several.command(runs, out / "losses.json"))
    said = several.finish(started)
    assert [process.returncode for process in started] == [0, 0], said
    return out


@pytest.mark.parametrize("number", range(3), ids=["exposure", "denoise", "dehaze"])
def test_two_processes_have_the_losses_of_one(number: int, alone: dict[str, several.Losses], together: Path) -> None:
    name = list(alone)[number]
    losses = json.loads((together / "losses.json").read_text())[number]
    assert len(losses) == STEPS
    assert farthest(losses, alone[name]) < (1e-2 if name == "denoise" else 1e-4)  # which runs in 8 bits of precision
    assert len(list((together / name).glob("*.onnx"))) == 1
    assert len(list((together / name).rglob("events.out.*"))) == 1


def test_a_run_goes_on_with_another_number_of_processes(
    alone: dict[str, several.Losses], together: Path, toy: Path
) -> None:
    middle = json.loads((together / "losses.json").read_text())[3]
    end = curve(recipes(toy)["exposure"] | {"out": str(together / "handed")})
    assert (len(middle), len(end)) == (2, 2)
    assert farthest(alone["exposure"][2:], [*middle, *end]) < 1e-4


def test_accumulation_is_the_whole_batch(alone: dict[str, several.Losses], toy: Path, tmp_path: Path) -> None:
    values = recipes(toy)["exposure"] | {"out": str(tmp_path / "run")}
    first = curve(values, stop_at=3)
    rest = curve(values | {"accumulation": 3})  # which may change when a run is resumed
    assert farthest(alone["exposure"], [*first, *rest]) < 1e-4


def test_sigterm_ends_all_with_a_checkpoint(toy: Path, tmp_path: Path) -> None:
    values = recipes(toy)["exposure"] | {"steps": 100_000, "checkpoint_minutes": 0.0, "out": str(tmp_path / "run")}
    settings = tmp_path / "run.yaml"
    settings.write_text(as_yaml(validate(RECIPES["exposure"], values)))
    started = several.start(2, [sys.executable, "-m", "pielight", "train", str(settings)])
    checkpoint = tmp_path / "run" / "checkpoint.pt"
    until = time.monotonic() + 100
    while not checkpoint.exists() and time.monotonic() < until:
        time.sleep(0.1)
    for process in started:
        process.send_signal(signal.SIGTERM)
    first, second = several.finish(started)
    assert [process.returncode for process in started] == [128 + signal.SIGTERM] * 2, first + second
    assert f"stopped; the same command goes on from {checkpoint}" in first
    assert second == ""
    assert read_checkpoint(checkpoint).step > 0


def test_portions_have_the_gradients_of_the_whole_batch() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), Dropout(0.5), nn.Linear(8, 2))
    batch = torch.rand(7, 6)
    gradients = []
    for portions in (1, 2, 3, 7, 9):
        network.zero_grad()
        torch.manual_seed(1)
        outputs, doubled = run_in_parts(network, lambda rows: (network(rows), 2 * rows), [batch], portions)
        assert torch.equal(doubled, 2 * batch)
        outputs.mean(0).var().backward()  # of the whole batch
        gradients.append(torch.cat([item.grad.flatten() for item in network.parameters() if item.grad is not None]))
    for other in gradients[1:]:
        torch.testing.assert_close(other, gradients[0])


def test_batch_normalization_is_not_divided() -> None:
    network = nn.BatchNorm1d(3)
    seen: list[int] = []

    def run(rows: torch.Tensor) -> torch.Tensor:
        seen.append(len(rows))
        found: torch.Tensor = network(rows)
        return found

    run_in_parts(network, run, [torch.rand(6, 3)], 3)
    network.eval()
    run_in_parts(network, run, [torch.rand(6, 3)], 3)
    assert seen == [6, 2, 2, 2]


def test_one_process_shares_with_nobody() -> None:
    assert (processes.count(), processes.index(), processes.is_first()) == (1, 0, True)
    assert list(processes.share(range(3), str)) == ["0", "1", "2"]
    assert processes.any_of(False, True) == [False, True]
    with pytest.raises(ValueError, match="no"):
        processes.from_first(lambda: int("no"))


@pytest.mark.parametrize("count", [2, 3])
def test_samples_do_not_depend_on_the_process(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def sample(number: int) -> float:
        return torch.rand(1, generator=sample_generator(3, 7, number)).item()

    whole = list(processes.share(range(11), sample, at_once=2))
    assert len(set(whole)) == 11
    done: list[list[Any]] = [[] for _ in range(count)]
    monkeypatch.setattr(processes, "count", lambda: count)
    for rank in range(count):  # one after the other, each without what the others find
        monkeypatch.setattr(processes, "index", lambda rank=rank: rank)
        monkeypatch.setattr(
            processes, "_gathered", lambda own, rank=rank: done[rank].append(own) or [[0.0] * 2] * count
        )
        list(processes.share(range(11), sample, at_once=2))
    rounds = iter(zip(*done, strict=True))
    monkeypatch.setattr(processes, "_gathered", lambda _: list(next(rounds)))
    assert list(processes.share(range(11), sample, at_once=2)) == whole


def test_an_error_of_one_process_is_raised_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "count", lambda: 2)
    monkeypatch.setattr(processes, "index", lambda: 0)
    monkeypatch.setattr(processes, "_gathered", lambda own: [own, processes._Failure(DataError("no picture"))])
    with pytest.raises(DataError, match="no picture"):
        list(processes.share(range(4), str))


@pytest.mark.slow
def test_accelerate_starts_them_without_a_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    script = tmp_path / "joined.py"
    script.write_text(
        "from pathlib import Path\nfrom pielight.training import processes\nprocesses.join()\n"
        "Path(__file__).with_name(str(processes.index())).write_text(str(processes.count()))\n"
    )
    launcher = [sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2"]
    subprocess.run([*launcher, "--main_process_port", "0", script], check=True, capture_output=True, timeout=120)
    assert [(tmp_path / name).read_text() for name in "01"] == ["2", "2"]
