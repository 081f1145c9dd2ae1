"""Change one thing at a time and measure what comes of it: the ablation tables of the docs.

Usage: python benchmarks/ablation.py DATA NIQE.npz [--of constraints|curves] [--seeds N] [--steps N] [--against ROW]
       [--out DIR] [--set key=value]...

Short runs of configs/pie.yaml on DATA/dark and DATA/well as benchmarks/research_data.py laid them out, measured as
benchmarks/quality.py does. With several seeds, a value is the mean over them with its 95 % interval (Student's t), and
a second table holds the mean differences to one row, seed by seed: a seed has the same first weights, crops, darkening
and positives in every row, so that these intervals are narrower. A run that is finished is neither trained nor measured
again, and one that was stopped goes on.
"""

from __future__ import annotations

import _command as command

command.needs("train", "evaluate")

import argparse
import functools
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.stats import t as student

from pielight import Enhancer
from pielight.evaluation.metrics.pristine import read_pristine
from pielight.training.objectives import restoration
from pielight.training.recipe import read_train_config
from pielight.training.schema import TrainConfig
from pielight.training.trainer import train
from quality import measure

CONTRAST = ("contrastive", "exposure", "brightness_balance")
PRESERVATION = (
    "feature_preservation",
    "color_constancy",
    "curve_smoothness",
    "cast_smoothness",
    "highlight_preservation",
)
COLUMNS = (("lol", "psnr"), ("lol", "ssim"), ("sice_ref", "psnr"), ("sice_fused", "psnr"), ("dicm", "dark30"),
           ("dicm", "niqe"), ("kodak", "psnr to input"), ("faces", "above 35 dB"),
           ("faces", "skin error at -3 EV"))  # fmt: skip

Report = dict[str, dict[str, list[float]]]  # every value of every picture, by set and measure


@dataclass(frozen=True)
class Ablation:
    """Rows of settings, and what all of them share."""

    rows: dict[str, list[str]]
    shared: tuple[str, ...] = ()
    seeds: int = 1


ABLATIONS = {
    "constraints": Ablation(
        {
            "all terms": [],
            "without InfoNCE": ["losses.contrastive=0"],
            "without the exposure estimator": ["losses.exposure=0"],
            "without brightness balance": ["losses.brightness_balance=0"],
            "without all three of these": [f"losses.{name}=0" for name in CONTRAST],
            "without regional brightness consistency": ["losses.regional_consistency=0"],
            "without feature preservation": [f"losses.{name}=0" for name in PRESERVATION],
            "without inversion": ["losses.inversion=0"],
            "inversion alone": [f"losses.{name}=0" for name in (*CONTRAST, "regional_consistency", *PRESERVATION)],
        },
        ("optimizer.warmup_steps=20",),
    ),
    "curves": Ablation(
        {
            "fixed, the paper's": ["negatives=paper"],
            "uniform ranges": ["negatives=mild"],
            "adaptive": ["negatives=adaptive"],
            "adaptive, harder": ["negatives=adaptive", "curriculum=true"],
        },
        # Negatives act through contrast alone: it weighs ten times as much here, more pictures pass VGG16, the
        # estimator (which needs no negatives) does not speak for it, and warm-up leaves most of a short run.
        ("losses.contrastive=1", "losses.exposure=0", "feature_batch=3", "optimizer.warmup_steps=20"),
        seeds=3,
    ),
}


def resolved(out: Path, changes: Sequence[str], options: argparse.Namespace) -> TrainConfig:
    """Return configs/pie.yaml with the folders and steps of the command line, and changes."""
    folders = [f"data.dark=[{options.data}/dark]", f"data.well=[{options.data}/well]"]
    settings = [f"steps={options.steps}", f"out={out}", *folders, *changes]
    return read_train_config(Path(__file__).parents[1] / "configs" / "pie.yaml", settings)


def reporter(data: Path, niqe: Path) -> Callable[[Path], Report]:
    """Return what measures a model that brightens, as benchmarks/quality.py does."""
    pristine = read_pristine(niqe, own=False)
    return lambda model: measure(data, Enhancer(model), pristine)


def run(
    config: TrainConfig, report: Callable[[Path], Report], columns: Sequence[tuple[str, str]] = COLUMNS
) -> list[float]:
    """Train with some settings and measure the model, or read what was measured; return the means of the columns."""
    out = Path(config.out)
    train(config, report=lambda _: None)  # at once, if it is finished; an error, if its settings were others
    kept = out / "report.json"
    if not kept.exists():
        partial = kept.with_suffix(".part")
        partial.write_text(json.dumps(report(out / f"{config.name}.onnx")))
        partial.replace(kept)
    known = json.loads(kept.read_text())
    return [float(np.mean(known[group][name])) for group, name in columns]


def share_work(sets: int | None = None) -> None:
    """Let runs share what many of them begin with: the last so many sets of pictures, None for all, and the
    estimator."""
    restoration.load = functools.lru_cache(maxsize=sets)(restoration.load)
    restoration.train_exposure_estimator = learned_once(restoration.train_exposure_estimator)


def learned_once(train_exposure_estimator: Any) -> Any:
    """Return a function that learns the estimator once for all that it follows from: settings and random states.

    Its first weights are torch's own draws, which come after those for the network that it is to estimator.
    """
    known: dict[tuple[Any, ...], Any] = {}

    def learned(well: Any, how: Any, generator: Any, *more: Any) -> Any:
        states = (generator.get_state(), torch.get_rng_state())
        key = (well.data, how, *(state.numpy().tobytes() for state in states))
        if key not in known:
            known[key] = train_exposure_estimator(well, how, generator, *more)
        return known[key]

    return learned


def cells(values: Any) -> list[str]:
    """Return the mean of each column of ``(seeds, columns)``, and with several seeds half its 95 % interval."""
    n = len(values)
    means = np.mean(values, 0)
    if n == 1:
        return [f"{mean:.3f}" for mean in means]
    half = student.ppf(0.975, n - 1) * np.std(values, 0, ddof=1) / n**0.5
    return [f"{mean:.3f} ± {width:.3f}" for mean, width in zip(means, half, strict=True)]


def head(first: str, *more: str, columns: Sequence[tuple[str, str]] = COLUMNS) -> str:
    """Return the first two lines of a table: a row's name, columns, and more of them."""
    names = [first, *(f"{group} {name}" for group, name in columns), *more]
    return f"| {' | '.join(names)} |\n{'|---' * len(names)}|"


def folder(label: str) -> str:
    """Return the name of the folder of a row."""
    return "".join(c if c.isalnum() else "-" for c in label)


def main() -> None:
    """Run."""
    parser = command.Command(__doc__)
    parser.add_argument("data", type=command.folder)
    parser.add_argument("niqe", type=command.file)
    parser.add_argument("--of", choices=ABLATIONS, default="constraints")
    parser.add_argument("--seeds", type=command.at_least(1))
    parser.add_argument("--steps", type=command.at_least(1), default=150)
    parser.add_argument("--against", help="the row that the others are compared with; the first")
    parser.add_argument("--out", type=Path, default=Path("runs/ablation"))
    parser.add_argument("--set", dest="changes", action="append", default=[])
    options = parser.parse_args()
    ablation = ABLATIONS[options.of]
    against = options.against or next(iter(ablation.rows))
    if against not in ablation.rows:
        parser.error(f"--against {against}: choose one of {', '.join(ablation.rows)}")
    seeds = range(ablation.seeds if options.seeds is None else options.seeds)
    share_work()
    report = reporter(options.data, options.niqe)
    found = {}
    print(head("run"))
    for label, changes in ablation.rows.items():
        configs = [
            resolved(
                options.out / options.of / folder(label) / f"seed-{seed}",
                [f"seed={seed}", *ablation.shared, *options.changes, *changes],
                options,
            )
            for seed in seeds
        ]
        found[label] = np.array([run(config, report) for config in configs])
        print(f"| {label} | {' | '.join(cells(found[label]))} |", flush=True)
    if len(seeds) > 1:
        print("\n" + head(f"difference to “{against}”"))
        for label, values in found.items():
            if label != against:
                print(f"| {label} | {' | '.join(cells(values - found[against]))} |")


if __name__ == "__main__":
    command.run(main)
