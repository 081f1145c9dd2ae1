"""Tell rain that is taken away from a picture that is only darkened: the second table of docs/concepts/physics.md.

Usage: python benchmarks/streaks.py RAINY DRY CLEAR [--model derain.onnx]

Rain adds light, so whoever darkens a rainy picture is nearer to the dry one by PSNR without touching a streak. Folders
of rainy pictures and the same dry ones, paired by name, and of clear photographs that should stay as they are. For each
way: PSNR, SSIM, and what is left of the streaks, ``sum((h(y - x))^2) / sum((h(i - x))^2)`` with h what a Gaussian of 15
pixels takes away, y the result, x the dry and i the rainy picture (1: all are left; means over pictures). Then how the
clear photographs fare, PSNR to themselves (at most 60) and levels of 255 darker.
"""

from __future__ import annotations

import _command as command

command.needs("evaluate")

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter

from pielight import Enhancer
from pielight.evaluation.datasets.pairing import pair, pictures
from pielight.evaluation.metrics.fidelity import psnr
from pielight.evaluation.metrics.structure import ssim
from quality import read

Way = Callable[[Any], Any]


def rounded(pixels: Any) -> Any:
    """Return levels as bytes."""
    return np.rint(pixels.clip(0, 255)).astype(np.uint8)


def fine(error: Any) -> Any:
    """Return what a Gaussian of 15 pixels takes away."""
    return error - gaussian_filter(error, (15, 15, 0))


def streaks_left(rainy: Any, result: Any, dry: Any) -> float:
    """Return the share of the streaks that is left."""
    before, after = (fine(one.astype(float) - dry) for one in (rainy, result))
    return float(np.square(after).sum() / np.square(before).sum())


def ways(derain: Way) -> dict[str, Way]:
    """Return what is compared, by name."""
    return {
        "rainy": lambda rainy: rainy,
        "0.9 x, no network": lambda rainy: rounded(0.9 * rainy),
        "only the mean color of what derain takes": lambda rainy: rounded(
            rainy - (rainy - derain(rainy).astype(float)).mean((0, 1))
        ),
        "derain": derain,
    }


def main() -> None:
    """Run."""
    parser = command.Command(__doc__)
    for name in ("rainy", "dry", "clear"):
        parser.add_argument(name, type=command.folder)
    parser.add_argument("--model", type=command.file)
    options = parser.parse_args()
    derain = Enhancer(options.model, task="derain")
    pairs = [(read(a), read(b)) for a, b in pair(pictures(options.rainy), pictures(options.dry))]
    print("| way | PSNR | SSIM | streaks left |\n|---|---|---|---|")
    for name, way in ways(derain).items():
        rows = []
        for rainy, dry in pairs:
            result = way(rainy)
            rows.append((psnr(result, dry), ssim(result, dry), streaks_left(rainy, result, dry)))
        means = np.mean(rows, axis=0)
        print(f"| {name} | {means[0]:.2f} | {means[1]:.3f} | {means[2]:.2f} |", flush=True)
    photos = [read(path) for path in pictures(options.clear)]
    kept = [derain(photo) for photo in photos]
    same = [min(60.0, psnr(after, before)) for before, after in zip(photos, kept, strict=True)]
    darker = np.mean([before.mean() - after.mean() for before, after in zip(photos, kept, strict=True)])
    print(f"\nclear photographs: {np.mean(same):.1f} dB to themselves, the worst {min(same):.1f}, {darker:.2f} darker")


if __name__ == "__main__":
    command.run(main)
