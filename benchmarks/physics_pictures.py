"""Draw what the physics of haze and rain do to a photograph, for docs/tasks.md.

Usage: python benchmarks/physics_pictures.py OUT.jpg

The photographs are scikit-image's, free of terms: coffee (CC0) and astronaut (NASA, public domain). From the left: as
it is, then three strengths, which are those of the contrast's negatives; haze above, rain below.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from skimage import data

import command
from pielight.train.config import Training
from pielight.train.regions import segment
from pielight.train.tasks import find_task


def row(name: str, picture: Image.Image) -> np.ndarray:
    """Return a picture beside itself spoiled at every strength of a task."""
    pixels = np.asarray(picture)
    labels = torch.from_numpy(segment(pixels, "felzenszwalb").astype(np.int32))[None]
    clear = torch.from_numpy(pixels.transpose(2, 0, 1).copy())[None] / 255
    generator = torch.Generator().manual_seed(4)
    spoiled = [spoil(clear, labels, Training(), generator) for spoil in find_task(name).negatives]
    panels = [(one[0].permute(1, 2, 0).numpy() * 255).round().astype(np.uint8) for one in (clear, *spoiled)]
    return np.hstack(panels)


def main() -> None:
    """Run."""
    parser = command.Command(__doc__)
    parser.add_argument("out", type=command.new_file)
    out: Path = parser.parse_args().out
    photos = {"haze": data.coffee()[:390, 40:560], "rain": data.astronaut()[:384]}
    rows = [row(name, Image.fromarray(photo).resize((320, 240))) for name, photo in photos.items()]
    Image.fromarray(np.vstack(rows)).save(out, quality=85)


if __name__ == "__main__":
    command.run(main)
