"""Change one thing at a time and measure what comes of it: the table of what each term of the loss adds.

Usage: python benchmarks/ablation.py DATA [--seeds SEED...] [--steps N] [--every N] [--against ROW] [--only ROW...]
       [--out DIR] [--set key=value]...

Short runs of configs/pie.yaml on the folders below DATA that benchmarks/research_data.py laid out: from the closed form
(the method `exposure` of `pielight evaluate`, not trained) terms are added one after another, and then each is left out
of the whole; PIE's constraints have the weight 0.02. Measured on LOL and SICE (all of them brightened: `auto` is off,
since a short run is unsure of what is underexposed), on the portraits of faces/val as published and darkened by 3 EV,
and on Kodak: above 35 dB is the share of published photographs that stay as they are; skin shift, the mean change of
the median L* of a face. With several seeds a value is the mean over them with its 95 % interval (Student's t), and a
second table holds the mean differences to one row, seed by seed: a seed has the same samples and first weights in every
row, so that these intervals are narrower. Samples are drawn once for each seed and kept in DIR/samples. A run that is
finished is neither trained nor measured again, and one that was stopped goes on.
"""

from __future__ import annotations

import _command as command

command.needs("train", "evaluate")

import argparse
import dataclasses
import functools
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import t as student

import _methods as methods
from pielight import Enhancer
from pielight.evaluation.metrics.fidelity import unchanged
from pielight.training.recipe import read_recipe
from pielight.training.schema import ExposureConfig
from pielight.training.trainer import train
from quality import KEPT, faces, pairs, read

CLOSED = "closed form"
ADDED = {
    "inversion": ("inversion", "published", "underexposed", "shrinkage"),
    "contrast": ("contrastive",),
    "regional consistency": ("regional_consistency",),
    "feature preservation": ("feature_preservation",),
    "brightness": ("brightness", "spread"),
}
PIE = ("contrastive", "regional_consistency", "feature_preservation")
LEFT_OUT = {
    "PIE's constraints": PIE,
    **{name: ADDED[name] for name in list(ADDED)[1:-1]},
    "inversion": ("inversion",),
    "published photographs": ("published",),
    "shrinkage": ("shrinkage",),
}
PIE_WEIGHT = 0.02  # of each of PIE's constraints
COLUMNS = (("lol", "psnr"), ("lol", "ssim"), ("sice_ref", "psnr"), ("sice_fused", "psnr"), ("faces", "above 35 dB"),
           ("kodak", "above 35 dB"), ("faces", "skin shift"), ("faces", "skin error at -3 EV"))  # fmt: skip

Report = dict[str, dict[str, list[float]]]  # every value of every picture, by set and measure


def rows() -> dict[str, list[str]]:
    """Return the changes of settings of each row that is trained."""
    found, kept = {}, []
    for name, terms in ADDED.items():
        kept += terms
        rest = [term for terms in ADDED.values() for term in terms if term not in kept]
        found[f"+ {name}" if found else name] = [f"losses.{term}=0" for term in rest]
    return found | {f"without {name}": [f"losses.{term}=0" for term in terms] for name, terms in LEFT_OUT.items()}


def resolved(out: Path, changes: Sequence[str], options: argparse.Namespace) -> ExposureConfig:
    """Return configs/pie.yaml with the folders and steps of the command line, and changes."""
    settings = [
        f"steps={options.steps}",
        f"out={out}",
        f"optimizer.warmup_steps={options.steps // 10}",
        "optimizer.ema_decay=0.99",
        *(f"losses.{term}={PIE_WEIGHT}" for term in PIE),
        *changes,
    ]
    config = read_recipe(Path(__file__).parents[1] / "configs" / "pie.yaml", settings, ExposureConfig)

    def there(folders: Sequence[str]) -> tuple[str, ...]:
        return tuple(str(options.data / Path(folder).relative_to("data")) for folder in folders)

    domains = tuple(
        dataclasses.replace(one, dark=there(one.dark), well=there(one.well), fused=there(one.fused))
        for one in config.data.domains
    )
    data = dataclasses.replace(
        config.data, published=there(config.data.published), domains=domains, cache=str(options.out / "samples")
    )
    return dataclasses.replace(config, data=data)


def measured(
    data: Path, enhance: Callable[[Any], Any], every: int, always: Callable[[Any], Any] | None = None
) -> Report:
    """Return every value of every picture, or of every so many of them; pairs are brightened by `always`, if given."""
    report = {name: pairs(data / "val" / name, always or enhance, every) for name in ("lol", "sice_ref", "sice_fused")}
    report["faces"] = faces(data / "faces" / "val", enhance, every=every)
    photographs = map(read, sorted((data / "val" / "kodak").iterdir())[::every])
    report["kodak"] = {"above 35 dB": [float(unchanged(enhance(one), one) > KEPT) for one in photographs]}
    return report


def run(config: Any, report: Callable[[Path], Report], columns: Sequence[tuple[str, str]] = COLUMNS) -> list[float]:
    """Train with some settings and measure the model, or read what was measured; return the means of the columns."""
    out = Path(config.out)
    train(config, report=lambda _: None)  # at once, if it is finished; an error, if its settings were others
    known = kept_report(out / "report.json", lambda: report(out / f"{config.name}.onnx"))
    return means(known, columns)


def means(report: Report, columns: Sequence[tuple[str, str]] = COLUMNS) -> list[float]:
    """Return the means of the columns."""
    return [float(np.mean(report[group][name])) for group, name in columns]


def kept_report(path: Path, report: Callable[[], Report]) -> Report:
    """Return what was measured, or measure it and keep it."""
    if not path.exists():
        partial = path.with_suffix(".part")
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(json.dumps(report()))
        partial.replace(path)
    known: Report = json.loads(path.read_text())
    return known


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
    names = [CLOSED, *rows()]
    parser = command.Command(__doc__)
    parser.add_argument("data", type=command.folder)
    parser.add_argument("--seeds", type=command.at_least(0), nargs="+", default=[0])
    parser.add_argument("--steps", type=command.at_least(1), default=600)
    parser.add_argument("--every", type=command.at_least(1), default=1, help="measure every so many pictures")
    parser.add_argument("--against", choices=names, default=CLOSED, help="the row that others are compared with")
    parser.add_argument("--only", choices=names, nargs="+", default=names)
    parser.add_argument("--out", type=Path, default=Path("runs/ablation"))
    parser.add_argument("--set", dest="changes", action="append", default=[])
    options = parser.parse_args()
    found = {}
    print(head("run"))
    for label in dict.fromkeys([options.against, *options.only]):
        if label == CLOSED:
            enhance = methods.opened(["exposure"])["exposure"]
            path = options.out / f"{folder(CLOSED)}-{options.every}.json"
            once = kept_report(path, lambda enhance=enhance: measured(options.data, enhance, options.every))
            found[label] = np.array([means(once)] * len(options.seeds))
        else:
            configs = [
                resolved(
                    options.out / folder(label) / f"seed-{seed}",
                    [f"seed={seed}", *options.changes, *rows()[label]],
                    options,
                )
                for seed in options.seeds
            ]
            report = functools.partial(report_of, options.data, options.every)
            found[label] = np.array([run(config, report) for config in configs])
        print(f"| {label} | {' | '.join(cells(found[label]))} |", flush=True)
    if len(options.seeds) > 1:
        print("\n" + head(f"difference to “{options.against}”"))
        for label, values in found.items():
            if label != options.against:
                print(f"| {label} | {' | '.join(cells(values - found[options.against]))} |")


def report_of(data: Path, every: int, model: Path) -> Report:
    """Measure a model."""
    return measured(data, Enhancer(model), every, Enhancer(model, auto=False))


if __name__ == "__main__":
    command.run(main)
