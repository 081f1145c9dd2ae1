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
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor

from ablation import Report, cells, folder, head, run
from pielight import Enhancer
from pielight.evaluation.datasets.pairing import pair, pictures
from pielight.evaluation.metrics.fidelity import psnr
from pielight.evaluation.metrics.structure import ssim
from pielight.training.export.onnx import lattice_onnx
from pielight.training.networks.haze_net import LEVELS, HazeNet
from pielight.training.networks.lattice_net import LatticeNet, render
from pielight.training.objectives import restoration
from pielight.training.objectives.dehaze import DEHAZE
from pielight.training.objectives.derain import DERAIN
from pielight.training.objectives.restoration import find_task
from pielight.training.objectives.restoration_task import (
    RestorationTask,
    curve_smoothness_term,
    regional_consistency_term,
)
from pielight.training.recipe import read_train_config
from pielight.training.schema import LatticeConfig, TrainConfig
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


def curves_alone(task: RestorationTask, lattice: LatticeConfig) -> RestorationTask:
    """Return a task whose network is that of brightening: a lattice of curves."""
    terms = {**task.terms, "regional_consistency": regional_consistency_term, "curve_smoothness": curve_smoothness_term}
    return replace(
        task, build=lambda _config: LatticeNet(lattice), render=render, terms=terms, inference_task="brighten",
        spatial=False,
        encode=lambda network, config: lattice_onnx(network, config.data.size),
    )  # fmt: skip


HAZE_CURVES, RAIN_CURVES = curves_alone(DEHAZE, LatticeConfig()), curves_alone(DERAIN, LatticeConfig())
HAZE_ONE = replace(DEHAZE, build=lambda config: OneTransmission(config.lattice))
HERE = f"{Path(__file__)}:"
ROWS: dict[str, dict[str, list[str]]] = {
    "haze": {
        "as it is": [],
        "one transmission for all brightnesses": [f"task={HERE}HAZE_ONE"],
        "curves alone": [f"task={HERE}HAZE_CURVES"],
        "without the contrast": ["losses.contrastive=0"],
        "without the regional term": ["losses.regional_consistency=0"],
    },
    "rain": {
        "as it is": [],
        "curves alone": [f"task={HERE}RAIN_CURVES", "data.size=256", "data.crop=[0.6, 1.0]"],
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


def rendered(config: TrainConfig) -> Callable[[Any], Any]:
    """Return a trained network as training renders it, since curves in the engine darken nothing."""
    task, out = find_task(config.task), Path(config.out)
    network = task.build(config).eval()
    network.load_state_dict(load_file(out / f"{config.name}.safetensors"))

    @torch.no_grad()
    def enhance(pixels: Any) -> Any:
        picture = torch.from_numpy(pixels.transpose(2, 0, 1)[None] / np.float32(255))
        seen = F.interpolate(picture, (config.data.size,) * 2, mode="area")
        result = task.render(picture, network(seen)).clamp(0, 1)[0].numpy().transpose(1, 2, 0)
        return np.rint(255 * result).astype(np.uint8)

    return enhance


def report(config: TrainConfig, data: Path, task: str, model: Path) -> Report:
    """Measure a trained model."""
    tasks = {"haze": "dehaze", "rain": "derain"}
    is_curves = config.task.endswith("_CURVES")
    return measure(
        data, task, rendered(config) if is_curves else Enhancer(model, auto=task != "haze", task=tasks[task])
    )


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
            found.append(run(config, partial(report, config, options.data, options.task), COLUMNS[options.task]))
        print(f"| {label} | {' | '.join(cells(np.array(found)))} |", flush=True)


if __name__ == "__main__":
    command.run(main)
