"""Tell what becomes of photographs as they were published, and of the same photographs underexposed.

Usage: python benchmarks/published.py FOLDER... [--method [LABEL=]SPEC]... [--stops 2] [--limit N]

A photograph as it was published should stay. For each folder and method: the share of photographs that stay above 35 dB
to themselves (PSNR), the median, the worst and its name; the share that is taken for underexposed; and the share of the
same photographs at -2 EV (--stops; linear light, shot and read noise, 8 bits) that is taken for well exposed. Taken for
underexposed: the result is brighter by more than 0.5 EV, of the one exposure E_k that would give the input the mean
level of the result, so that any method can be asked. PSNR stops at 60 dB. In brackets, 95 % intervals (Wilson). The
last row of a method is of all folders together.
"""

from __future__ import annotations

import _command as command

command.needs("evaluate")

from pathlib import Path
from typing import NamedTuple

import numpy as np

import _methods as methods
from pielight.evaluation.downstream.darkness import Darkness
from pielight.evaluation.methods.spec import Enhance
from pielight.evaluation.metrics.fidelity import unchanged
from pielight.io.load_rgb import load_rgb8
from quality import KEPT

UNDEREXPOSED = 0.5  # EV


class Photograph(NamedTuple):
    """What a method makes of one photograph: its PSNR to itself, and the changes of exposure in EV."""

    name: str
    psnr: float
    published: float
    darkened: float


def measure(path: Path, enhance: Enhance, darkness: Darkness) -> Photograph:
    """Enhance a photograph as it is and darkened."""
    before = load_rgb8(path)
    dark = darkness.degrade(before, path.name)
    after = enhance(before)
    changes = methods.change_of_exposure(before, after), methods.change_of_exposure(dark, enhance(dark))
    return Photograph(path.stem, unchanged(after, before), *changes)


def cells(found: list[Photograph]) -> list[str]:
    """Return the cells of a row."""
    worst = min(found, key=lambda one: one.psnr)
    return [
        str(len(found)),
        methods.share([one.psnr > KEPT for one in found]),
        f"{np.median([one.psnr for one in found]):.1f}",
        f"{worst.psnr:.1f} ({worst.name})",
        methods.share([one.published > UNDEREXPOSED for one in found]),
        methods.share([one.darkened <= UNDEREXPOSED for one in found]),
    ]


def main() -> None:
    """Run."""
    parser = command.Command(__doc__)
    parser.add_argument("folders", type=command.folder, nargs="+")
    methods.add_option(parser)
    parser.add_argument("--stops", type=float, default=2.0)
    parser.add_argument("--limit", type=command.at_least(1), help="only the first N of each folder")
    options = parser.parse_args()
    darkness, opened = Darkness(options.stops), methods.opened(options.methods)
    stops = f"at -{options.stops:g} EV taken for well exposed, %"
    print(methods.head("photographs", "method", "n", "above 35 dB, %", "median, dB", "worst, dB",
                       "taken for underexposed, %", stops))  # fmt: skip
    for label, enhance in opened.items():
        every: list[Photograph] = []
        for folder in options.folders:
            paths = methods.photographs(folder, options.limit)
            found = [measure(path, enhance, darkness) for path in paths]
            every += found
            print(methods.row(methods.set_name(folder), label, *cells(found)), flush=True)
        if len(options.folders) > 1:
            print(methods.row("all", label, *cells(every)), flush=True)


if __name__ == "__main__":
    command.run(main)
