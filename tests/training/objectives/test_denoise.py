"""A run of the denoiser: it learns, goes on bit for bit, and exports what the core package runs."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from click.testing import CliRunner
from safetensors.torch import load_file

from pielight.cli import main
from pielight.errors import ConfigError, DataError, ModelError
from pielight.models import find
from pielight.training.networks.denoise_net import AsApplied, DenoiseNet, cells_of
from pielight.training.objectives.denoise import Denoise, denoiser_onnx, random_patches
from pielight.training.recipe import read_recipe
from pielight.training.schema import DataConfig, DenoiseConfig
from pielight.training.trainer import StepReport, train

Make = Callable[..., DenoiseConfig]


@pytest.fixture
def small(toy_data: DataConfig) -> Make:
    def make(out: Path, **changes: Any) -> DenoiseConfig:
        data = dataclasses.replace(toy_data, dark=())
        return dataclasses.replace(DenoiseConfig(steps=4, batch=2, patch_size=32, out=str(out), data=data), **changes)

    return make


def test_a_run_goes_on_bit_for_bit(small: Make, tmp_path: Path) -> None:
    seen: list[StepReport] = []
    train(small(tmp_path / "a"), seen.append, every=2)
    assert [progress.step for progress in seen] == [2, 4]
    assert set(seen[0].terms) == {"total", "error", "color", "detail"}
    train(small(tmp_path / "b"), seen.append, stop_at=2)
    assert not (tmp_path / "b" / "denoise.json").exists()
    train(small(tmp_path / "b"), seen.append)
    first, second = (torch.load(tmp_path / name / "checkpoint.pt", weights_only=True) for name in "ab")
    for key, value in first["average"].items():
        assert torch.equal(value, second["average"][key])
    card = json.loads((tmp_path / "b" / "denoise.json").read_text())
    assert card["well_pictures"] == 6
    assert card["network"] == "denoise"
    assert str(tmp_path) not in json.dumps(card)
    assert find(tmp_path / "a" / "denoise.onnx").verify()


def test_half_precision_is_near_full_precision(small: Make, tmp_path: Path) -> None:
    seen: list[StepReport] = []
    for precision in ("no", "bf16"):
        train(small(tmp_path / precision, precision=precision, steps=1), seen.append)
    full, half = (report.terms["total"] for report in seen)
    assert half != full
    assert half == pytest.approx(full, rel=0.05)


def test_a_report_after_a_stop_is_of_its_own_steps(small: Make, tmp_path: Path) -> None:
    seen: list[StepReport] = []
    train(small(tmp_path), seen.append, every=4, stop_at=3)
    train(small(tmp_path), seen.append, every=1)
    last = seen[-1].terms
    seen.clear()
    train(small(tmp_path / "again"), seen.append, every=4, stop_at=3)
    train(small(tmp_path / "again"), seen.append, every=4)
    assert seen[-1].terms == last


def test_a_run_goes_on_from_the_weights_of_another(small: Make, tmp_path: Path) -> None:
    train(small(tmp_path / "first"), lambda _: None)
    source = tmp_path / "first" / "denoise.safetensors"
    network = Denoise(small(tmp_path / "second", weights=str(source))).build(print)
    for key, value in load_file(source).items():
        assert torch.equal(network.state_dict()[key], value)
    with pytest.raises(ModelError, match=r"none\.safetensors: no such file"):
        train(small(tmp_path / "third", weights=str(tmp_path / "none.safetensors")), lambda _: None)


def test_other_settings_are_refused(small: Make, tmp_path: Path) -> None:
    train(small(tmp_path), lambda _: None, stop_at=1)
    with pytest.raises(ConfigError, match="batch"):
        train(small(tmp_path, batch=3), lambda _: None)


def test_no_pictures(small: Make, tmp_path: Path) -> None:
    nothing = DataConfig(well=(str(tmp_path),))
    with pytest.raises(DataError, match="no usable well picture"):
        train(small(tmp_path / "run", data=nothing), lambda _: None)


def test_training_takes_noise_out(small: Make, tmp_path: Path) -> None:
    torch.manual_seed(0)
    network, config = DenoiseNet(), small(tmp_path, batch=4)
    pictures = [torch.full((3, 32, 32), value, dtype=torch.uint8) for value in (80, 120, 160)]
    objective, optimizer = Denoise(config, pictures), torch.optim.Adam(network.parameters(), 3e-3)
    found = []
    for step in range(60):
        error = objective.terms(network, objective.draw(step))["error"]
        optimizer.zero_grad()
        error.backward()
        optimizer.step()
        found.append(error.item())
    assert np.mean(found[-10:]) < 0.7 * np.mean(found[:10])


def test_patches_come_from_the_pictures() -> None:
    picture = torch.arange(3 * 16 * 24, dtype=torch.int64).view(3, 16, 24).remainder(256).to(torch.uint8)
    found = random_patches([picture], 20, 8, torch.Generator().manual_seed(0))
    assert found.shape == (20, 3, 8, 8)
    assert set((found * 255).round().int().unique().tolist()) <= set(picture.unique().tolist())


def test_the_exported_network_is_the_trained_one() -> None:
    torch.manual_seed(0)
    network = DenoiseNet()
    session = onnxruntime.InferenceSession(denoiser_onnx(network), providers=["CPUExecutionProvider"])
    for height, width in ((8, 8), (24, 40)):
        cells, level = cells_of(torch.rand(1, 3, height, width)), torch.rand(1, 3, height // 4, width // 4) * 0.1
        share, chroma = torch.rand(2, 1, 1, height // 4, width // 4)
        inputs = {"cells": cells, "level": level, "share": share, "chroma": chroma, "mix": torch.rand(3, 3)}
        expected = AsApplied(network)(**inputs).detach().numpy()
        (found,) = session.run(["noise"], {name: value.numpy() for name, value in inputs.items()})
        assert found == pytest.approx(expected, abs=1e-5)


def test_noise_is_a_wiener_share(monkeypatch: pytest.MonkeyPatch) -> None:
    network = DenoiseNet()
    cells = torch.rand(1, 48, 4, 4)
    torch.nn.init.zeros_(network.doubt.weight)
    torch.nn.init.constant_(network.doubt.get_parameter("bias"), 0.4)  # a standard deviation of 0.04
    torch.nn.init.zeros_(network.clean.weight)
    torch.nn.init.constant_(network.clean.get_parameter("bias"), 0.3)
    noise = network(cells, torch.full((1, 3, 4, 4), 0.08))
    assert torch.allclose(noise, 0.8 * (cells - 0.3), atol=1e-4)


@pytest.mark.parametrize(
    "change",
    [
        "patch_size=20",
        "patch_size=256",
        "steps=0",
        "noise.stop=[1, 2]",
        "recipe=7",
        "noise.stops=[1, -3]",
        "noise.shot_noise=[0, 1e-3]",
        "noise.blur=[0, 0]",
        "noise.jpeg=2",
        "gradient_weight=.nan",
    ],
)
def test_settings_are_checked(change: str) -> None:
    with pytest.raises(ConfigError, match=change.partition("=")[0]):
        read_recipe(None, [change], DenoiseConfig)


def test_the_command(small: Make, tmp_path: Path, toy: Path) -> None:
    config = tmp_path / "c.yaml"
    config.write_text("{recipe: denoise, steps: 2, batch: 2, patch: 32, data: {smallest: 32, well_shadows: 0}}")
    words = ["train", str(config), "--well", str(toy / "well"), "--out", str(tmp_path / "run")]
    loose = ["--set", "data.well_mean=[0, 1]", "--set", "data.well_clipped=1"]
    done = CliRunner().invoke(main, [*words, *loose])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "run" / "denoise.onnx").exists()
    assert CliRunner().invoke(main, [*words, "--dark", str(toy)]).exit_code == 2
    assert "it takes none or exposure or denoise" in CliRunner().invoke(main, [*words, "--set", "recipe=other"]).output


def test_batches_are_on_the_device_of_the_network(small: Make, tmp_path: Path) -> None:
    objective = Denoise(small(tmp_path), [torch.zeros(3, 40, 40, dtype=torch.uint8)])
    objective.device = torch.device("meta")
    assert {item.device.type for item in objective.draw(0)} == {"meta"}
