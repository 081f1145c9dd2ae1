"""Tell how near to the references exposures can come at best, with help from the references.

Usage: python benchmarks/bounds.py DATA [--method [LABEL=]SPEC]... [--every 1]

DATA is what benchmarks/research_data.py laid out. PSNR at 160 pixels a side, so that noise does not count, mean over
every EVERYth pair: of methods as they are; then, of the dark picture after the reference has said what no method can
know: one exposure E_k for the picture, in steps of 1/8 EV; one for each channel; one for each of 4 x 4 and of 8 x 8
parts; one gamma; and one tone curve for all channels (isotonic regression).
"""

from __future__ import annotations

import _command as command

command.needs("evaluate")

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import _methods as methods
from pielight.core.color import linear_to_srgb, srgb_to_linear
from pielight.evaluation.metrics.lightness import tone_curve
from pielight.io.load_rgb import load_rgb8
from pielight.ops.exposure import exposure_curve
from quality import paired

SETS = ("lol", "sice_ref", "sice_fused")
SIDE = 160
STOPS = np.arange(-3, 14.01, 0.125)
GAMMAS = np.exp2(np.arange(-5, 1.01, 0.05))
BOUNDS = ("one exposure", "one per channel", "4 x 4 parts", "8 x 8 parts", "one gamma", "one tone curve")


def small(pixels: Any) -> Any:
    """Return a picture with a longer side of 160 pixels."""
    image = Image.fromarray(pixels)
    image.thumbnail((SIDE, SIDE), Image.Resampling.BOX)
    return np.asarray(image)


def decibels(squared_error: float) -> float:
    """Return the PSNR of a mean squared error of values in [0, 1]."""
    return float(-10 * np.log10(squared_error))


def exposures(dark: Any, reference: Any) -> Iterator[Any]:
    """Yield the squared errors (H, W, 3) of every exposure of a picture; values in [0, 1]."""
    linear = srgb_to_linear(dark)
    for ev in STOPS:
        yield (linear_to_srgb(exposure_curve(linear, ev)) - reference) ** 2


def parts(errors: Any, count: int) -> Any:
    """Return the mean error of each of count x count parts, with its share of the pixels (2, count^2)."""
    rows, columns = (np.array_split(np.arange(side), count) for side in errors.shape[:2])
    blocks = [errors[np.ix_(row, column)] for row in rows for column in columns]
    return np.array([[block.mean() for block in blocks], [block.size / errors.size for block in blocks]])


def bounds(dark: Any, reference: Any) -> list[float]:
    """Return the PSNR of each of BOUNDS for one pair (H, W, 3) uint8."""
    low, wanted = dark / 255, reference / 255
    whole, channels, fours, eights = [], [], [], []
    for errors in exposures(low, wanted):
        whole.append(errors.mean())
        channels.append(errors.mean((0, 1)))
        fours.append(parts(errors, 4))
        eights.append(parts(errors, 8))
    of_parts = [float((np.min([one[0] for one in every], axis=0) * every[0][1]).sum()) for every in (fours, eights)]
    gamma = min(float(((low**exponent - wanted) ** 2).mean()) for exponent in GAMMAS)
    curve = tone_curve(dark, reference)[dark] / 255
    found = [min(whole), np.min(channels, axis=0).mean(), *of_parts, gamma, ((curve - wanted) ** 2).mean()]
    return [decibels(float(error)) for error in found]


def main() -> None:
    """Run."""
    parser = command.Command(__doc__)
    parser.add_argument("data", type=command.folder)
    methods.add_option(parser)
    parser.add_argument("--every", type=command.at_least(1), default=1)
    options = parser.parse_args()
    opened = methods.opened(options.methods)
    print(methods.head("set", "n", *opened, *BOUNDS))
    for name in SETS:
        found = []
        for dark_path, reference_path in paired(Path(options.data, "val", name))[:: options.every]:
            dark, reference = load_rgb8(dark_path), small(load_rgb8(reference_path))
            results = [small(enhance(dark)) / 255 for enhance in opened.values()]
            as_they_are = [decibels(float(((result - reference / 255) ** 2).mean())) for result in results]
            found.append([*as_they_are, *bounds(small(dark), reference)])
        print(methods.row(name, len(found), *(f"{value:.1f}" for value in np.mean(found, axis=0))), flush=True)


if __name__ == "__main__":
    command.run(main)
