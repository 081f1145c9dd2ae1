"""Take light from well-exposed photographs, stop by stop: does less light in ever give a brighter picture?

Usage: python benchmarks/brackets.py FOLDER...

Every picture of a FOLDER, 256 pixels wide, is exposed by 0 to -4 EV in linear light and rounded to 8 bits; no noise.
The shipped curves are then faded by `auto` as it is, by wider ramps, and not at all. One row per ramp: the greatest
fall of the result's mean from a darker to a lighter exposure of a scene, on the average and at most, in levels of 255;
in how many scenes it is above 15; and what the ramp is for, the PSNR of the picture at 0 EV to itself (60 at most).
"""

from __future__ import annotations

import _command as command

command.needs("evaluate")

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from pielight import Enhancer
from pielight.core.color import linear_to_srgb, smooth_step, srgb_to_linear
from pielight.evaluation.metrics.fidelity import psnr
from pielight.ops.exposure_gate import exposure_gate

EXPOSURES = (0.0, -0.5, -1.0, -1.5, -2.0, -2.5, -3.0, -3.5, -4.0)
SHARES = np.linspace(0, 1, 9)
RAMPS = ((0.35, 0.2), (0.35, 0.4), (0.5, 0.4), (0.5, 0.6), (0.6, 0.4))


def exposed(picture: Any, stops: float) -> Any:
    """Return a picture (H, W, 3) uint8 with so many stops more light, by the curve of sRGB."""
    coded = linear_to_srgb(srgb_to_linear(picture / 255) * 2.0**stops)
    return np.round(255 * coded.clip(0, 1)).astype(np.uint8)


def ramp(thumbnail: Any, lit: float, enough: float) -> float:
    """Return what share of its enhancement a picture gets; as in pielight.ops.exposure_gate, with other limits."""
    blocks = thumbnail.mean(0).reshape(32, 8, 32, 8).mean((1, 3))
    return float(smooth_step(np.clip((lit - blocks) / (lit - 0.05), 0, 1).mean(), 0, enough))


def main() -> None:
    """Run."""
    parser = command.Command(__doc__)
    parser.add_argument("folders", type=command.folder, nargs="+")
    enhancer = Enhancer(auto=False)
    ramps = {"as it is": exposure_gate, **{f"lit at {lit}, enough {enough}": partial(ramp, lit=lit, enough=enough)
             for lit, enough in RAMPS}, "`--no-auto`": lambda _: 1.0}  # fmt: skip
    falls: dict[str, list[float]] = {name: [] for name in ramps}
    kept: dict[str, list[float]] = {name: [] for name in ramps}
    for path in sorted(path for folder in parser.parse_args().folders for path in folder.iterdir()):
        _one(path, enhancer, ramps, falls, kept)
    print("| ramp | mean fall | greatest fall | above 15 | PSNR at 0 EV |\n|---|---|---|---|---|")
    for name, values in falls.items():
        above = sum(value > 15 for value in values)
        print(f"| {name} | {np.mean(values):.1f} | {max(values):.1f} | {above} of {len(values)} "
              f"| {np.mean(kept[name]):.1f} |")  # fmt: skip


def _one(path: Path, enhancer: Enhancer, ramps: Any, falls: Any, kept: Any) -> None:
    """Add one scene to every ramp's falls and PSNR."""
    image = Image.open(path).convert("RGB")
    image.thumbnail((256, 256), Image.Resampling.BOX)
    means: dict[str, list[float]] = {name: [] for name in ramps}
    for stops in EXPOSURES:
        picture = exposed(np.asarray(image), stops)
        curves = enhancer.curves(picture)
        small = np.asarray(Image.fromarray(picture).resize((256, 256), Image.Resampling.BOX)).transpose(2, 0, 1) / 255
        levels = [curves.faded(share).apply(picture).mean() for share in SHARES]
        for name, share in ramps.items():
            means[name].append(float(np.interp(share(small), SHARES, levels)))
            if not stops:
                kept[name].append(min(60.0, psnr(curves.faded(share(small)).apply(picture), picture)))
    for name, values in means.items():
        darker = np.maximum.accumulate(values[::-1])[::-1]
        falls[name].append(float((darker - values).max()))


if __name__ == "__main__":
    command.run(main)
