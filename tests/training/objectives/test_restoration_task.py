"""Tasks: what each has to keep to, those that settings name, and a user's own.

Covers ``pielight.training.objectives.derain``, too.
"""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from pielight import Enhancer
from pielight.errors import ConfigError
from pielight.training.data.batches import load
from pielight.training.data.pictures import check
from pielight.training.data.toy import write_toy_pictures
from pielight.training.objectives.restoration import TASKS, find_task
from pielight.training.recipe import read_train_config
from pielight.training.schema import DataConfig, TrainConfig
from pielight.training.trainer import train

ROOT = Path(__file__).parents[3]
OWN = f"{ROOT / 'examples' / 'underwater.py'}:UNDERWATER"


@pytest.mark.parametrize("name", [*TASKS, OWN])
def test_what_every_task_keeps_to(name: str) -> None:
    task, config = find_task(name), read_train_config(None, [f"task={name}"])
    generator = torch.Generator().manual_seed(0)
    side, small = config.data.size, config.data.loss_size
    pictures, labels = torch.rand(2, 3, side, side), torch.zeros(2, small, small).int()
    first = torch.Generator().manual_seed(1)
    again = torch.Generator().manual_seed(1)
    degraded, target = task.degrade(pictures, labels, config, first)
    assert (degraded.shape, target.shape) == (pictures.shape, (2, 3, small, small))
    assert degraded.min() >= 0
    assert degraded.max() <= 1
    assert torch.equal(degraded, task.degrade(pictures, labels, config, again)[0])
    good = task.positives(target, labels, config, generator)
    assert good.shape == target.shape
    distances = [(degrade(target, labels, config, generator) - target).abs().mean() for degrade in task.negatives]
    assert len(distances) >= 2
    assert min(distances) > 0.005
    torch.manual_seed(0)
    outputs = task.build(config)(pictures)
    restored = task.render(target, outputs)
    assert restored.shape == target.shape
    weights = dataclasses.asdict(config.losses)
    assert set(task.terms) <= set(weights)
    assert any(weights[term] for term in task.terms)


@pytest.mark.parametrize("name", ["dehaze", "derain", OWN])
def test_a_task_learns_and_its_model_is_taken(name: str, tmp_path: Path) -> None:
    """On damage that it has not seen it is nearer to what should come back than the fresh network, and than nothing."""
    _, well = write_toy_pictures(tmp_path, 6, 128)
    torch.set_num_threads(1)
    config = read_train_config(None, [
        f"task={name}", "steps=40", "losses.contrastive=0", "losses.feature_preservation=0",
        "dark_batch=1", "well_batch=4", "bank=2", "pairs=2", "optimizer.warmup_steps=2", "optimizer.ema_decay=0",
        "optimizer.lr=2e-3",
        "rain.untouched=0", "haze.untouched=0", "rain.cover=[0.3,0.5]", "rain.brightness=[0.4,0.5]",
    ])  # fmt: skip
    data = dataclasses.replace(config.data, well=(str(well),), size=64, stored_size=96, min_size=32,
                               loss_size=64 if name == "derain" else 32,
                               well_mean=(0.0, 1.0), cache=str(tmp_path / "cache"))  # fmt: skip
    config = dataclasses.replace(config, data=data, out=str(tmp_path / "run"))
    seen: list[float] = []
    train(config, lambda p: seen.append(p.terms["total"]), 1)
    assert len(seen) == 40
    assert np.isfinite(seen).all()
    task = find_task(name)
    original, labels = load((str(well),), "well", data).batch(6, torch.Generator().manual_seed(5))
    degraded, target = task.degrade(original, labels, config, torch.Generator().manual_seed(6))
    small = torch.nn.functional.interpolate(degraded, target.shape[-2:], mode="area")
    torch.manual_seed(config.seed)
    network = task.build(config).eval()

    @torch.no_grad()
    def error() -> float:
        return float((task.render(small, network(degraded)) - target).abs().mean())

    fresh = error()
    network.load_state_dict(load_file(tmp_path / "run" / f"{config.name}.safetensors"))
    assert error() < 0.7 * fresh
    assert error() < 0.7 * float((small - target).abs().mean())
    model = tmp_path / "run" / f"{config.name}.onnx"
    picture = np.random.default_rng(0).integers(0, 256, (50, 70, 3), dtype=np.uint8)
    assert Enhancer(model, task=task.inference_task)(picture).shape == picture.shape


def test_real_pictures_of_haze_and_rain_may_be_bright(tmp_path: Path) -> None:
    """Fog by day is brighter than any dark picture."""
    fog = np.random.default_rng(0).integers(180, 230, (160, 160, 3), dtype=np.uint8)
    Image.fromarray(fog).save(tmp_path / "fog.png")
    for name in ("dehaze", "derain"):
        data = read_train_config(None, [f"task={name}"]).data
        assert [verdict.reason for verdict in check([str(tmp_path)], "dark", data)] == [""]
    assert next(check([str(tmp_path)], "dark", DataConfig())).kind == "too bright"


def test_defaults_lie_below_the_settings() -> None:
    config = read_train_config(None, ["task=derain", "data.size=64", "data.loss_size=64"])
    assert (config.name, config.data.size, config.data.stored_size) == ("derain", 64, 320)
    assert read_train_config(None, []) == TrainConfig()
    assert DataConfig().stored_size == 0


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("dust", "choose one of brighten, dehaze, derain, or file.py:NAME"),
        ("gone.py:TASK", "cannot be imported"),
        ("math:pi", "is float, no pielight"),
        ("math:nothing", "has no nothing"),
        ("[1]", "should be a name"),
    ],
)
def test_what_is_no_task_is_refused(name: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        read_train_config(None, [f"task={name}"])


def test_a_users_own_file_is_loaded_once_unless_it_changes(tmp_path: Path) -> None:
    """Not at every step, though every step asks for its task."""
    example, loads = ROOT / "examples" / "underwater.py", tmp_path / "loads"
    own, name = tmp_path / "own.py", f"{tmp_path / 'own.py'}:UNDERWATER"
    own.write_text(example.read_text() + f"\nopen({str(loads)!r}, 'a').write('x')\n")
    _, well = write_toy_pictures(tmp_path, 6, 96)
    config = read_train_config(None, [
        f"task={name}", "steps=4", "losses.contrastive=0", "losses.feature_preservation=0", "dark_batch=1",
        "well_batch=1", "bank=2", "pairs=2", f"data.well=[{well}]", "data.size=64",
        "data.loss_size=32", "data.min_size=32", "data.well_mean=[0,1]", f"data.cache={tmp_path / 'cache'}",
        f"out={tmp_path / 'run'}", "data.well_clipped=1",
    ])  # fmt: skip
    train(config, lambda _: None)
    assert loads.read_text() == "x"
    os.utime(own, (0, 0))
    find_task(name)
    assert loads.read_text() == "xx"
