"""Change one thing at a time in dehazing or deraining and measure it: tables of docs/results/ablations.md.

Usage: python benchmarks/task_ablation.py DATA haze|rain [--seeds N] [--steps N] [--out DIR] [--set key=value]...

Short runs of configs/haze.yaml or rain.yaml on the pictures in DATA/well, measured on the pairs in DATA/val/sots or
DATA/val/rain (PSNR, SSIM, and of rain what is left of the streaks, as in streaks.py) and on clear photographs in
DATA/val/kodak, which should stay as they are (PSNR to themselves, at most 60). A value is the mean over the seeds, with
several its 95 % interval (Student's t). A run that is finished is neither trained nor measured again, and one that was
stopped goes on.
"""

from __future__ import annotations

import _command as command

command.needs("train", "evaluate")

import functools
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from ablation import Report, cells, folder, head, run
from pielight import Enhancer
from pielight.evaluation.datasets.pairing import pair, pictures
from pielight.evaluation.metrics.fidelity import psnr
from pielight.evaluation.metrics.structure import ssim
from pielight.training.networks.haze_net import LEVELS, HazeNet
from pielight.training.objectives import restoration
from pielight.training.objectives.dehaze import DEHAZE
from pielight.training.recipe import read_train_config
from quality import read
from streaks import streaks_left

SHARED = (("pairs", "psnr"), ("pairs", "ssim"), ("kodak", "psnr to itself"))
COLUMNS = {"haze": SHARED, "rain": (*SHARED, ("pairs", "streaks left"))}


class OneTransmission(HazeNet):
    """A node has one transmission for all brightnesses."""

    def forward(self, pictures: Tensor) -> Tensor:
        """Return transmissions and airlight, the transmissions of a node alike."""
        outputs = super().forward(pictures).clone()
        outputs[:, :LEVELS] = outputs[:, :LEVELS].mean(1, keepdim=True)
        return outputs


HAZE_ONE = replace(DEHAZE, build=lambda _config: OneTransmission())
HERE = f"{Path(__file__)}:"
ROWS: dict[str, dict[str, list[str]]] = {
    "haze": {
        "as it is": [],
        "one transmission for all brightnesses": [f"task={HERE}HAZE_ONE"],
        "without the contrast": ["losses.contrastive=0"],
        "without the regional term": ["losses.regional_consistency=0"],
    },
    "rain": {
        "as it is": [],
        "without the detail": ["losses.gradient=0"],
        "without the contrast": ["losses.contrastive=0"],
        "without the feature and regional terms": ["losses.feature_preservation=0", "losses.regional_consistency=0"],
    },
}
PAIRS = {"haze": ("sots", "hazy", "gt"), "rain": ("rain", "rainy", "gt")}


def measure(data: Path, task: str, enhance: Callable[[Any], Any]) -> Report:
    """Return every value of every picture, by set and measure."""
    name, spoiled, clean = PAIRS[task]
    found: dict[str, list[float]] = {"psnr": [], "ssim": [], "streaks left": []}
    for before, wanted in pair(pictures(data / "val" / name / spoiled), pictures(data / "val" / name / clean)):
        damaged, reference = read(before), read(wanted)
        out = enhance(damaged)
        found["psnr"].append(psnr(out, reference))
        found["ssim"].append(ssim(out, reference))
        found["streaks left"].append(streaks_left(damaged, out, reference))
    kept = [read(path) for path in pictures(data / "val" / "kodak")]
    return {"pairs": found, "kodak": {"psnr to itself": [min(psnr(enhance(p), p), 60.0) for p in kept]}}


def report(data: Path, task: str, model: Path) -> Report:
    """Measure a trained model."""
    tasks = {"haze": "dehaze", "rain": "derain"}
    return measure(data, task, Enhancer(model, auto=task != "haze", task=tasks[task]))


def main() -> None:
    """Run."""
    parser = command.Command(__doc__)
    parser.add_argument("data", type=command.folder)
    parser.add_argument("task", choices=ROWS)
    parser.add_argument("--seeds", type=command.at_least(1), default=1)
    parser.add_argument("--steps", type=command.at_least(1), default=600)
    parser.add_argument("--out", type=Path, default=Path("runs/task-ablation"))
    parser.add_argument("--set", dest="changes", action="append", default=[])
    options = parser.parse_args()
    recipe = Path(__file__).parents[1] / "configs" / f"{options.task}.yaml"
    wells = [str(options.data / Path(name).relative_to("data")) for name in read_train_config(recipe).data.well]
    restoration.load = functools.cache(restoration.load)  # runs share their pictures
    print(head("run", columns=COLUMNS[options.task]))
    for label, changes in ROWS[options.task].items():
        found = []
        for seed in range(options.seeds):
            out = options.out / options.task / folder(label) / f"seed-{seed}"
            shared = [f"seed={seed}", f"steps={options.steps}", f"out={out}", f"data.well={wells}"]
            settings = [*shared, *options.changes, *changes]
            config = read_train_config(recipe, settings)
            found.append(run(config, partial(report, options.data, options.task), COLUMNS[options.task]))
        print(f"| {label} | {' | '.join(cells(np.array(found)))} |", flush=True)


if __name__ == "__main__":
    command.run(main)
