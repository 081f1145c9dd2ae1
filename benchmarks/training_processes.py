"""Measure how far the losses of two processes are from those of one, on generated pictures.

Usage: python benchmarks/training_processes.py RECIPE... [--steps N]

Trains every recipe, of pie, free, denoise, haze, rain and paper, for some steps: by one process, by two with half of
the batch each (torchrun, gloo), and by one in portions of the batch. Prints the largest difference of any loss at any
step.
"""

from __future__ import annotations

import _command as command

command.needs("train")

import argparse
import dataclasses
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from pielight.training.data.toy import write_toy_pictures
from pielight.training.recipe import read_recipe
from pielight.training.schema import DenoiseConfig, ExposureConfig, TrainConfig
from pielight.training.trainer import StepReport, train

CONFIGS = Path(__file__).resolve().parents[1] / "configs"
RECIPES = ("pie", "free", "denoise", "haze", "rain", "paper")
KINDS = {"one": [], "two": ["-m", "torch.distributed.run", "--nproc-per-node", "2"], "portions": []}


def small(name: str, folder: Path, steps: int) -> Any:
    """Return a recipe of the repository on generated pictures, with small batches."""
    config: Any = read_recipe(CONFIGS / f"{name}.yaml", (), TrainConfig, ExposureConfig, DenoiseConfig)
    dark, well = (str(folder / role) for role in ("dark", "well"))
    shared: dict[str, Any] = {"steps": steps, "precision": "no", "checkpoint_minutes": 60.0}
    if isinstance(config, ExposureConfig):
        domain = dataclasses.replace(config.data.domains[0], dark=(dark,), well=(well,), fused=())
        data: Any = dataclasses.replace(config.data, published=(), domains=(domain,), min_size=64)
        darkening = dataclasses.replace(config.darkening, versions=2)
        return dataclasses.replace(config, data=data, batch=24, bank=8, darkening=darkening, **shared)
    limits = {"min_size": 64, "dark_mean": (0.0, 1.0), "well_mean": (0.0, 1.0), "well_shadows": 0.0}
    data = dataclasses.replace(config.data, well=(well,), cache=str(folder / "cache"), **limits)
    if isinstance(config, DenoiseConfig):
        return dataclasses.replace(config, data=data, batch=8, patch_size=32, **shared)
    losses = dataclasses.replace(config.losses, contrastive=0.0, feature_preservation=0.0)  # which need VGG16
    side = 64 if config.data.loss_size == config.data.size else 32
    data = dataclasses.replace(data, size=64, loss_size=side, dark=(dark,) if name == "paper" else ())
    return dataclasses.replace(
        config, data=data, dark_batch=2, well_batch=4, bank=8, pairs=4, losses=losses,
        **shared,
    )  # fmt: skip


def curves(folder: Path, kind: str, steps: int, names: list[str]) -> list[list[dict[str, float]]]:
    """Train by recipes and return every loss of every step."""
    found: list[list[dict[str, float]]] = []
    for name in names:
        config = small(name, folder, steps)
        portions = 3 if kind == "portions" else 1
        curve: list[dict[str, float]] = []

        def note(report: StepReport, curve: list[dict[str, float]] = curve) -> None:
            curve.append(report.terms)

        train(dataclasses.replace(config, out=str(folder / kind / name), accumulation=portions), note, every=1)
        found.append(curve)
    return found


def main() -> None:
    """Print the table."""
    parser = command.Command(__doc__)
    parser.add_argument("recipes", nargs="+", choices=RECIPES, metavar="RECIPE")
    parser.add_argument("--steps", type=command.at_least(1), default=50, metavar="N")
    parser.add_argument("--worker", nargs=2, metavar=("FOLDER", "KIND"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.worker:
        folder, kind = Path(given.worker[0]), given.worker[1]
        losses = curves(folder, kind, given.steps, given.recipes)
        if losses[0]:  # those of the first process
            (folder / f"{kind}.json").write_text(json.dumps(losses))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_toy_pictures(folder, 6, 96)
        for kind, launcher in KINDS.items():
            asked = [*given.recipes, "--steps", str(given.steps), "--worker", name, kind]
            subprocess.run([sys.executable, *launcher, __file__, *asked], check=True)
        one, *others = (json.loads((folder / f"{kind}.json").read_text()) for kind in KINDS)
        print(f"largest difference of a loss in {given.steps} steps, from one process with the whole batch")
        print(f"{'recipe':<10} {'two processes':>14} {'three portions':>15}")
        for number, recipe in enumerate(given.recipes):
            far = [
                max(abs(step[term] - again[term]) for step, again in zip(one[number], other[number], strict=True)
                    for term in step)
                for other in others
            ]  # fmt: skip
            print(f"{recipe:<10} {far[0]:>14.1e} {far[1]:>15.1e}")


if __name__ == "__main__":
    main()
