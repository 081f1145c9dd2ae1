"""Train a model from Python, and brighten a photo with it: python examples/train.py PHOTOS DARK.jpg"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

from pielight import Enhancer
from pielight.training import ExposureConfig, StepReport, read_recipe, train


def show(progress: StepReport) -> None:
    """Print how far a run has come, and its loss."""
    print(f"step {progress.step} of {progress.steps}: {progress.terms['total']:.3f}")


def main(photos: str, dark: str, *changes: str) -> None:
    """Train on a folder of published photos, without VGG16; more settings as ``KEY=VALUE``."""
    config = read_recipe(None, [
        "recipe=exposure", "name=mine", "out=runs/mine", f"data.published=[{photos}]",
        "losses.contrastive=0", "losses.feature_preservation=0", *changes,
    ], ExposureConfig)  # fmt: skip
    run = train(config, show, log=print)  # resumes a run that was stopped
    bright = Enhancer(run / "mine.onnx")(Image.open(dark))
    bright.save(Path(dark).with_name(f"{Path(dark).stem}_mine.jpg"))


if __name__ == "__main__":
    main(*sys.argv[1:])
