"""Measure the shipped models trained with several seeds: mean and spread, for the model card.

Usage: python benchmarks/seeds.py DATA NIQE.npz [--runs DIR] [--seeds 0 1 2]

DATA is what benchmarks/research_data.py laid out, DIR what `make models` wrote: NAME-SEED/NAME.onnx. Columns as in
benchmarks/quality.py; the spread is the standard deviation over the seeds. The denoiser is measured with
`--denoise auto` behind the curves of the shipped default model, its noise gain in flat parts of LOL against the same
curves alone.
"""

from __future__ import annotations

import _command as command

command.needs("train", "evaluate")

import json
from pathlib import Path
from typing import Any

import numpy as np

from ablation import head
from pielight import Enhancer
from pielight.evaluation.metrics.noise import noise_gain
from pielight.evaluation.metrics.pristine import read_pristine
from quality import COLUMNS, measure, pairs, read


def brightening(model: Path, data: Path, pristine: Any) -> list[float]:
    """Return the columns of a model, measured once and kept beside it."""
    kept = model.with_name("quality.json")
    if not kept.exists() or kept.stat().st_mtime < model.stat().st_mtime:
        kept.write_text(json.dumps(measure(data, Enhancer(model), pristine)))
    report = json.loads(kept.read_text())
    return [float(np.mean(report[group][name])) for group, name in COLUMNS]


def denoising(model: Path, data: Path) -> list[float]:
    """Return PSNR, SSIM and noise gain on LOL, and PSNR and SSIM on SICE, of a denoiser behind the default curves."""
    enhancer = Enhancer(denoise_model=model)
    gains = [
        noise_gain(enhancer(read(path)), enhancer(read(path), denoise=0))
        for path in sorted((data / "val" / "lol" / "dark").iterdir())
    ]
    found = {name: pairs(data / "val" / name, enhancer) for name in ("lol", "sice_ref")}
    means = {name: [float(np.mean(values[key])) for key in ("psnr", "ssim")] for name, values in found.items()}
    return [*means["lol"], float(np.mean(gains)), *means["sice_ref"]]


def rows(name: str, seeds: list[int], values: list[list[float]]) -> str:
    """Return a line per seed, and one of mean and spread."""
    lines = [f"| {name}, seed {seed} | {' | '.join(f'{v:.3f}' for v in line)} |"
             for seed, line in zip(seeds, values, strict=True)]  # fmt: skip
    means, spreads = np.mean(values, 0), np.std(values, 0, ddof=1)
    cells = " | ".join(f"{mean:.3f} ± {spread:.3f}" for mean, spread in zip(means, spreads, strict=True))
    return "\n".join([*lines, f"| {name}, mean ± spread | {cells} |"])


def main() -> None:
    """Run."""
    parser = command.Command(__doc__)
    parser.add_argument("data", type=command.folder)
    parser.add_argument("niqe", type=command.file)
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--seeds", type=command.at_least(0), nargs="+", default=[0, 1, 2])
    options = parser.parse_args()
    if len(options.seeds) < 2:
        parser.error("--seeds: a spread needs at least two")
    pristine = read_pristine(options.niqe, own=False)
    print(head("model", columns=COLUMNS))
    for name in ("pie", "free"):
        models = [options.runs / f"{name}-{seed}" / f"{name}.onnx" for seed in options.seeds]
        print(rows(name, options.seeds, [brightening(model, options.data, pristine) for model in models]), flush=True)
    print(
        "\n| model | lol psnr | lol ssim | lol noise gain | sice_ref psnr | sice_ref ssim |\n|---|---|---|---|---|---|"
    )
    models = [options.runs / f"denoise-{seed}" / "denoise.onnx" for seed in options.seeds]
    print(rows("denoise", options.seeds, [denoising(model, options.data) for model in models]))


if __name__ == "__main__":
    command.run(main)
