"""Darken photographs by physics, as pairs: a domain of dark pictures whose references are known.

Usage: python benchmarks/dark_pictures.py FOLDER TARGET [--ev 5]

TARGET/dark gets every picture of FOLDER at half its size, darkened by EV stops with shot and read noise
(pielight.evaluation.downstream.darkness), and TARGET/reference the same without; both as PNG.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

import _command as command
from pielight.evaluation.downstream.darkness import Darkness


def main() -> None:
    """Run."""
    parser = command.Command(__doc__)
    parser.add_argument("folder", type=command.folder)
    parser.add_argument("target", type=Path)
    parser.add_argument("--ev", type=float, default=5.0)
    options = parser.parse_args()
    darkness = Darkness(ev=options.ev, shrink=0.5)
    places = [options.target / name for name in ("dark", "reference")]
    for place in places:
        place.mkdir(parents=True, exist_ok=True)
    for path in sorted(options.folder.iterdir()):
        pixels = np.asarray(Image.open(path).convert("RGB"))
        for place, result in zip(places, (darkness.degrade(pixels, path.name), darkness.clean(pixels)), strict=True):
            Image.fromarray(result).save(place / f"{path.stem}.png")


if __name__ == "__main__":
    command.run(main)
