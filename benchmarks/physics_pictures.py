"""Draw what the physics of haze and rain do to a photograph, for docs/concepts/physics.md.

Usage: python benchmarks/physics_pictures.py OUT.jpg

The photographs are scikit-image's, free of terms: coffee (CC0) and astronaut (NASA, public domain). From the left: as
it is, then three strengths, which are those of the contrast's negatives, and last what physics adds on top: haze that
is colored and uneven, rain with drops on the lens; haze above, rain below.
"""

from __future__ import annotations

import _command as command

command.needs("train")

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from skimage import data

from pielight.training.data.regions import segment
from pielight.training.objectives.restoration import find_task
from pielight.training.recipe import read_train_config

MORE = {"dehaze": ["haze.color=0.15", "haze.uneven=1"], "derain": ["rain.drops=1"]}


def row(name: str, picture: Image.Image) -> np.ndarray:
    """Return a picture beside itself degraded at every strength of a task, and at the middle one with more physics."""
    pixels = np.asarray(picture)
    labels = torch.from_numpy(segment(pixels, "felzenszwalb").astype(np.int32))[None]
    clear = torch.from_numpy(pixels.transpose(2, 0, 1).copy())[None] / 255
    generator = torch.Generator().manual_seed(3)
    plain, more = (read_train_config(None, [f"task={name}", "rain.drops=0", *changes]) for changes in ([], MORE[name]))
    strengths = find_task(name).negatives
    degraded = [degrade(clear, labels, plain, generator) for degrade in strengths]
    degraded.append(strengths[1](clear, labels, more, generator.manual_seed(10)))  # where a drop lies on the face
    panels = [(one[0].permute(1, 2, 0).numpy() * 255).round().astype(np.uint8) for one in (clear, *degraded)]
    return np.hstack(panels)


def main() -> None:
    """Run."""
    parser = command.Command(__doc__)
    parser.add_argument("out", type=command.new_file)
    out: Path = parser.parse_args().out
    photos = {"dehaze": data.coffee()[:390, 40:560], "derain": data.astronaut()[:384]}
    rows = [row(name, Image.fromarray(photo).resize((256, 192))) for name, photo in photos.items()]
    Image.fromarray(np.vstack(rows)).save(out, quality=85)


if __name__ == "__main__":
    command.run(main)
