"""Take each constraint out in turn and measure what is lost: the ablation table of the docs.

Usage: python benchmarks/ablation.py DATA NIQE.npz [--steps N] [--out DIR] [--set key=value]...

Short runs of configs/pie.yaml with the same seed, on DATA as benchmarks/research_data.py laid it out; every row is one
run, measured as benchmarks/quality.py does. A run that is finished is not trained again.
"""

from __future__ import annotations

import argparse
import functools
from pathlib import Path

import numpy as np

import pielight.train.loop as loop
from pielight import Enhancer
from pielight.evaluate.metrics.niqe import read_pristine
from pielight.train.config import read_config
from quality import measure

PRESERVATION = ("features", "colour", "smoothness", "cast", "highlights")
VARIANTS = {
    "all terms": [],
    "without contrast": ["losses.contrast=0", "losses.brightness=0"],
    "without regional brightness consistency": ["losses.regional=0"],
    "without feature preservation": [f"losses.{name}=0" for name in PRESERVATION],
    "without inversion": ["losses.inversion=0"],
    "inversion alone": [f"losses.{name}=0" for name in ("contrast", "brightness", "regional", *PRESERVATION)],
}
COLUMNS = (("lol", "psnr"), ("lol", "ssim"), ("sice_ref", "psnr"), ("sice_fused", "psnr"), ("dicm", "dark30"),
           ("dicm", "bright10 shift"), ("dicm", "niqe"), ("kodak", "psnr to input"))  # fmt: skip


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("niqe", type=Path)
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--out", type=Path, default=Path("runs/ablation"))
    parser.add_argument("--set", dest="changes", action="append", default=[])
    options = parser.parse_args()
    pristine = read_pristine(options.niqe)
    loop.load = functools.cache(loop.load)  # the pictures are the same in every run
    folders = [f"data.dark=[{options.data}/dark]", f"data.well=[{options.data}/well]"]
    config = Path(__file__).parents[1] / "configs" / "pie.yaml"
    print("| run | " + " | ".join(f"{group} {name}" for group, name in COLUMNS) + " |")
    print("|---" * (len(COLUMNS) + 1) + "|")
    for label, off in VARIANTS.items():
        out = options.out / label.replace(" ", "-")
        changes = [f"steps={options.steps}", f"out={out}", *folders, *options.changes, *off]
        loop.train(read_config(config, changes), report=lambda _: None)
        enhancer = Enhancer(out / "pie.onnx")
        report = measure(options.data, enhancer, pristine)
        values = [f"{np.mean(report[group][name]):.3f}" for group, name in COLUMNS]
        print(f"| {label} | " + " | ".join(values) + " |", flush=True)


if __name__ == "__main__":
    main()
