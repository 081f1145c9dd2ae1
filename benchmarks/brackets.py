"""Take light from well-exposed photographs, stop by stop: does less light in ever give a brighter picture?

Usage: python benchmarks/brackets.py FOLDER... [--method [LABEL=]SPEC]... [--limit N]

Every picture of a FOLDER, 256 pixels wide, is exposed by 0 to -5 EV in half stops, in linear light, and rounded to 8
bits; no noise. A fall is how much darker a scene's result is than that of any darker exposure of it, mean levels of
255: 0 is a method that keeps the order. Per folder and method: the mean and the greatest of the scenes' greatest falls;
in how many scenes it is above 15; how far apart the means of a scene's results lie, from its darkest to its brightest;
and PSNR of the picture at 0 EV to itself, median and worst (60 at most).
"""

from __future__ import annotations

import _command as command

command.needs("evaluate")

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import _methods as methods
from pielight.evaluation.downstream.darkness import darken
from pielight.evaluation.methods.spec import Enhance
from pielight.evaluation.metrics.fidelity import unchanged
from pielight.io.load_rgb import load_rgb8

STOPS = np.arange(0, 5.1, 0.5)
WIDTH, CLEAR = 256, 15


def scene(path: Path) -> list[Any]:
    """Return the exposures of a picture, the brightest first."""
    image = Image.fromarray(load_rgb8(path))
    image.thumbnail((WIDTH, WIDTH), Image.Resampling.BOX)
    return [darken(np.asarray(image), stops, 0, 0, np.random.default_rng(0)) for stops in STOPS]


def fall(means: list[float]) -> float:
    """Return the greatest fall from a darker exposure to a brighter one; means from the brightest exposure on.

    >>> fall([100.0, 130.0, 90.0])
    30.0
    """
    brightest_below = np.maximum.accumulate(means[::-1])[::-1]
    return float((brightest_below - means).max())


def cells(paths: list[Path], enhance: Enhance) -> list[str]:
    """Return the cells of a row."""
    falls, spans, kept = [], [], []
    for path in paths:
        exposures = scene(path)
        results = [enhance(picture) for picture in exposures]
        means = [float(result.mean()) for result in results]
        falls.append(fall(means))
        spans.append(max(means) - min(means))
        kept.append(unchanged(results[0], exposures[0]))
    above = sum(value > CLEAR for value in falls)
    return [f"{np.mean(falls):.1f}", f"{max(falls):.1f}", f"{above} of {len(falls)}", f"{np.mean(spans):.1f}",
            f"{np.median(kept):.1f}", f"{min(kept):.1f}"]  # fmt: skip


def main() -> None:
    """Run."""
    parser = command.Command(__doc__)
    parser.add_argument("folders", type=command.folder, nargs="+")
    methods.add_option(parser)
    parser.add_argument("--limit", type=command.at_least(1), help="only the first N of each folder")
    options = parser.parse_args()
    opened = methods.opened(options.methods)
    print(methods.head("scenes", "method", "mean fall", "greatest fall", "above 15", "range of means",
                       "0 EV, median dB", "worst dB"))  # fmt: skip
    for folder in options.folders:
        paths = methods.photographs(folder, options.limit)
        for label, enhance in opened.items():
            print(methods.row(methods.set_name(folder), label, *cells(paths, enhance)), flush=True)


if __name__ == "__main__":
    command.run(main)
