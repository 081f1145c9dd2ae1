"""Put a lit object on black: does a method take night for underexposure, and burn the object out?

Usage: python benchmarks/lit_object.py --method [LABEL=]SPEC... [--light 0.6] [--seed 0]

An object of sRGB 0.6 fills 5, 10 and 20 % of a black frame of 640 x 480 pixels, at three places, as a wall, a disc, a
row of windows and a facade (a wall with dark windows), neutral and in warm light, without and with noise. The
background is black but for that noise: such a frame is well exposed, and the object should stay. Per method and size:
the share of the object's pixels that come out above 0.94 (any channel), mean and worst over the pictures; and the mean
level of the object, and of the background, in the result.
"""

from __future__ import annotations

import _command as command

command.needs("evaluate")

from collections.abc import Iterator
from typing import Any

import numpy as np

import _methods as methods
from pielight.evaluation.metrics.lightness import NEARLY, lightness

HEIGHT, WIDTH = 480, 640
SIZES = (0.05, 0.1, 0.2)
PLACES = ((0.5, 0.5), (0.35, 0.35), (0.6, 0.7))  # of the center: down, across
TINTS = {"neutral": (1.0, 1.0, 1.0), "warm": (1.1, 1.0, 0.75)}
WINDOW = 24  # pixels from a window to the next
NOISES = (0.0, 1.5)  # levels
KINDS = ("wall", "disc", "windows", "facade")


def mask(kind: str, size: float, place: tuple[float, float]) -> Any:
    """Return which pixels are lit, (H, W) bool: so many that they fill that share of the frame, near enough."""
    down, across = np.mgrid[:HEIGHT, :WIDTH].astype(float)
    down, across = down - place[0] * HEIGHT, across - place[1] * WIDTH
    grid = ((down // (WINDOW / 2)) % 2 == 0) & ((across // (WINDOW / 2)) % 2 == 0)  # a quarter of all pixels
    area = size * HEIGHT * WIDTH * {"windows": 4, "facade": 4 / 3}.get(kind, 1)
    if kind == "disc":
        return down**2 + across**2 <= area / np.pi
    half = min(0.48 * HEIGHT, np.sqrt(area * 0.75) / 2)
    inside = (np.abs(down) <= half) & (np.abs(across) <= area / (4 * half))
    return inside & {"wall": True, "windows": grid, "facade": ~grid}[kind]


def pictures(size: float, light: float, seed: int) -> Iterator[tuple[Any, Any]]:
    """Yield pictures (H, W, 3) uint8 and the masks of their objects."""
    rng = np.random.default_rng(seed)
    for kind in KINDS:
        for place in PLACES:
            lit = mask(kind, size, place)
            for tint in TINTS.values():
                texture = 1 + 0.04 * rng.standard_normal((HEIGHT // 8, WIDTH // 8)).repeat(8, 0).repeat(8, 1)
                values = 255 * light * (lit * texture)[..., np.newaxis] * tint
                for noise in NOISES:
                    noisy = values + noise * rng.standard_normal(values.shape)
                    yield np.rint(noisy.clip(0, 255)).astype(np.uint8), lit


def main() -> None:
    """Run."""
    parser = command.Command(__doc__)
    methods.add_option(parser, required=True)
    parser.add_argument("--light", type=float, default=0.6)
    parser.add_argument("--seed", type=command.at_least(0), default=0)
    options = parser.parse_args()
    opened = methods.opened(options.methods)
    print(methods.head("method", "of the frame, %", "above 0.94, mean %", "worst %", "object, level",
                       "background, level"))  # fmt: skip
    for label, enhance in opened.items():
        for size in SIZES:
            found = []
            for picture, lit in pictures(size, options.light, options.seed):
                result = enhance(picture)
                white = 100 * (lightness(result)[lit] >= NEARLY).mean()
                found.append((white, result[lit].mean(), result[~lit].mean()))
            shares, lit_level, dark_level = np.array(found).T
            print(methods.row(label, f"{100 * size:g}", f"{shares.mean():.1f}", f"{shares.max():.1f}",
                              f"{lit_level.mean():.0f}", f"{dark_level.mean():.0f}"), flush=True)  # fmt: skip


if __name__ == "__main__":
    command.run(main)
