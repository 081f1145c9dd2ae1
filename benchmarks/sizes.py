"""Change the size of the default network, one thing at a time: what it is worth, and what it costs.

Usage: python benchmarks/sizes.py DATA NIQE.npz [--steps 150] [--seed 0] [--out DIR] [--set key=value]...

Short runs of configs/pie.yaml on DATA/dark and DATA/well as benchmarks/research_data.py laid them out, measured as
benchmarks/quality.py does. A run that is finished is neither trained nor measured again, and one that was stopped goes
on. Costs are taken by turns at the end: medians of 20 runs of the network alone, on one and on two threads, and of 10
runs of a 1920 x 1080 array through everything, on all cores.

Smoothness is a mean of squared differences between neighboring nodes, which fall with the distance of the nodes. Its
weights are therefore multiplied by (nodes / 32)^2, so that the same slope across a picture costs the same in every row.
"""

from __future__ import annotations

import _command as command

command.needs("train", "evaluate")

import argparse
import functools
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ablation import cells, folder, head, reporter, resolved, run, share_work
from pielight import Enhancer
from pielight.bench.machine import machine
from pielight.bench.pictures import picture
from pielight.bench.timing import alternate
from pielight.inference.onnx_session import open_session
from pielight.training.schema import TrainConfig

NODES = 32  # of the default network, along each side
ROWS = {  # those of one thumbnail beside each other, since pictures are read anew for another one
    "default: 256 x 256, 32 x 32 nodes, 4 iterations": [],
    "16 x 16 nodes": ["lattice.cell=16"],
    "64 x 64 nodes": ["lattice.cell=4"],
    "8 iterations": ["lattice.iterations=8"],
    "12 iterations": ["lattice.iterations=12"],
    "one curve for R, G and B": ["lattice.channels=1"],
    "thumbnail 128, 16 x 16 nodes": ["data.size=128"],
    "thumbnail 384, 48 x 48 nodes": ["data.size=384"],
}
COSTS = ("parameters", "ONNX kB", "network ms, 1 thread", "network ms, 2 threads", "1080p ms")


def settings(label: str, options: argparse.Namespace) -> TrainConfig:
    """Return the settings of a row."""
    out, changes = options.out / folder(label), [f"seed={options.seed}", *options.changes, *ROWS[label]]
    config = resolved(out, changes, options)
    share = (config.data.size / config.lattice.cell / NODES) ** 2
    smooth = [
        f"losses.{name}={share * getattr(config.losses, name)}" for name in ("curve_smoothness", "cast_smoothness")
    ]
    return resolved(out, [*changes, *smooth], options)


def costs(models: list[Path]) -> list[list[str]]:
    """Return the COSTS of models."""
    frame = picture(1920, 1080)
    one, two = (alternate([alone(model, threads) for model in models], 20) for threads in (1, 2))
    whole = alternate([functools.partial(Enhancer(model), frame) for model in models], 10)
    found = []
    for model, *times in zip(models, one, two, whole, strict=True):
        parameters = json.loads(model.with_suffix(".json").read_text())["parameters"]
        spent = [f"{1000 * time.median:.2f}" for time in times]
        found.append([f"{parameters:,}", f"{model.stat().st_size / 1000:.0f}", *spent])
    return found


def alone(model: Path, threads: int) -> Callable[[], Any]:
    """Return what runs a network on one thumbnail, as the engine does."""
    session = open_session(model, threads)
    size = session.get_inputs()[0].shape[2]
    thumbnail = np.random.default_rng(0).random((1, 3, size, size), np.float32)
    return lambda: session.run(["alphas"], {"thumbnail": thumbnail})


def main() -> None:
    """Run."""
    parser = command.Command(__doc__)
    parser.add_argument("data", type=command.folder)
    parser.add_argument("niqe", type=command.file)
    parser.add_argument("--steps", type=command.at_least(1), default=150)
    parser.add_argument("--seed", type=command.at_least(0), default=0)
    parser.add_argument("--out", type=Path, default=Path("runs/sizes"))
    parser.add_argument("--set", dest="changes", action="append", default=[])
    options = parser.parse_args()
    report = reporter(options.data, options.niqe)
    configs = {label: settings(label, options) for label in ROWS}
    share_work(2)  # dark and well-exposed pictures, the same in most runs
    worth = {}
    for label, config in configs.items():
        print(label, file=sys.stderr, flush=True)
        worth[label] = cells([run(config, report)])
    models = [Path(config.out) / f"{config.name}.onnx" for config in configs.values()]
    print(head("network", *COSTS))
    for (label, quality), cost in zip(worth.items(), costs(models), strict=True):
        print(f"| {label} | {' | '.join([*quality, *cost])} |")
    print(f"\n{machine()}", file=sys.stderr)


if __name__ == "__main__":
    command.run(main)
