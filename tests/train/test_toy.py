"""Toy pictures, and a short smoke run on them."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from pielight.train.config import Losses, Training, read_config
from pielight.train.lattice_net import Lattice
from pielight.train.networks import build
from pielight.train.smoke import Change, smoke, start_badly
from pielight.train.tasks import find_task
from pielight.train.toy import toy_scene, write_toy_pictures


def test_toy_pictures(tmp_path: Path) -> None:
    dark, well = write_toy_pictures(tmp_path, 5, 96)
    means = {}
    for folder in (dark, well):
        paths = sorted(folder.iterdir())
        assert len(paths) == 5
        pixels = np.stack([np.asarray(Image.open(path)) for path in paths]) / 255
        assert pixels.shape == (5, 96, 96, 3)
        means[folder.name] = pixels.mean((1, 2, 3))
        assert len({path.read_bytes() for path in paths}) == 5
        if folder == dark:
            assert (pixels.max((1, 2, 3)) == 1).mean() > 0.5  # lamps
    assert means["dark"].max() < 0.4 < means["well"].min()
    assert means["well"].max() < 0.6


def test_the_seed_decides(tmp_path: Path) -> None:
    written = [write_toy_pictures(tmp_path / str(i), 2, 32, seed=seed)[1] for i, seed in enumerate((3, 3, 4))]
    one, same, other = ((folder / "001.png").read_bytes() for folder in written)
    assert one == same
    assert one != other
    assert toy_scene(np.random.default_rng(0), 50).shape == (50, 50, 3)


@pytest.mark.parametrize(
    ("name", "lattice"),
    [("lattice", None), ("lattice", Lattice(channels=1)), ("lattice", Lattice(iterations=4)), ("dcenet", None)],
)
def test_a_bad_start_is_loud_and_too_bright(name: str, lattice: Lattice | None) -> None:
    torch.manual_seed(0)
    pictures = torch.rand(4, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 0.3
    network = build(name, lattice)
    with torch.no_grad():
        calm = network(pictures)
        start_badly(network, pictures)
        loud = network(pictures)
    assert calm.std() < 0.02
    assert loud.std() > 0.2
    assert loud.mean() < -0.2
    assert loud.abs().max() <= 1


def test_smoke_reports_every_term_that_counts(tmp_path: Path) -> None:
    terms = set(find_task("darkness").terms) - {"contrast", "features"}
    settings = dataclasses.replace(
        Training(network="lattice"), losses=Losses(**dict.fromkeys(terms, 0.5), contrast=0.0, features=0.0)
    )
    steps: list[int] = []
    changes = smoke(tmp_path, settings, lambda progress: steps.append(progress.step), steps=30)
    assert steps == list(range(1, 31))
    assert {change.term for change in changes} == terms | {"total"}
    assert all(math.isfinite(change.first) and math.isfinite(change.last) for change in changes)
    assert {change.term: change.fell for change in changes}["total"]
    assert (tmp_path / "run" / "smoke.onnx").exists()


def test_smoke_tries_the_lattice_that_is_set(tmp_path: Path) -> None:
    weights = Losses(contrast=0.0, features=0.0, judged=0.0)
    settings = Training(lattice=Lattice(iterations=4, channels=1, cell=16, width=0.25), losses=weights)
    changes = smoke(tmp_path, settings, lambda _: None, steps=2)
    assert "cast" not in {change.term for change in changes}  # it is 0 and cannot fall
    assert "lattice:\n  iterations: 4\n" in (tmp_path / "run" / "config.yaml").read_text()


def test_fell() -> None:
    assert Change("a", 2.0, 1.0).fell
    assert not Change("a", 1.0, 1.0).fell
    assert not Change("a", 1.0, math.nan).fell


@pytest.mark.parametrize("name", ["haze", "rain"])
def test_smoke_runs_every_task(name: str, tmp_path: Path) -> None:
    config = read_config(None, [f"task={name}", "losses.contrast=0", "losses.features=0"])
    changes = smoke(tmp_path, config, lambda _: None, steps=4)
    assert {change.term for change in changes} >= {"total", "regional"}
    assert all(math.isfinite(change.first) for change in changes)
    assert (tmp_path / "run" / "smoke.onnx").exists()
