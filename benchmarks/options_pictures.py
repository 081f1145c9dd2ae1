"""Draw what each option does to free photographs: the pictures of docs/guides/options.md.

Usage: python benchmarks/options_pictures.py FOLDER

The photographs come with scikit-image: the rocket (SpaceX) and Eileen Collins (NASA) are in the public domain, the
cameraman (Lav Varshney) is CC0.
"""

from __future__ import annotations

import _command as command

command.needs("evaluate")

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from skimage import data

from pielight import EnhanceOptions, enhance
from pielight.comparison.png import panel_sheet
from pielight.core.color import linear_to_srgb, srgb_to_linear
from pielight.ops.exposure import exposure_curve
from pielight.ops.white_balance import white_balance

WIDTH = 300  # of a picture
Wishes = tuple[Mapping[str, Any], ...]
SHEETS: Mapping[str, Mapping[str, Wishes]] = {
    "options-target": {"rocket": ({"target_ev": -1.0}, {}, {"target_ev": 1.0})},
    "options-black": {
        "cameraman": ({"target_ev": 1.5}, {"target_ev": 1.5, "black": 0.5}, {"target_ev": 1.5, "black": 1.0})
    },
    "options-warmth": {"lamplight": ({}, {"warmth": "auto", "tint": "auto"}, {"warmth": -0.5})},
    "options-preset": {
        "rocket": ({}, {"preset": "night"}, {"preset": "subtle"}),
        "portrait": ({}, {"preset": "portrait"}, {"preset": "subtle"}),
        "cameraman": ({}, {"preset": "backlit"}, {"preset": "subtle"}),
    },
}


def photograph(name: str) -> Image.Image:
    """Return a photograph, 300 pixels wide.

    The portrait has an eighth of its light, and in lamplight it is one stop darker in light of 4500 K.
    """
    light = srgb_to_linear(data.astronaut() / 255)
    if name == "portrait":
        pixels = _encoded(light[:420, 20:440] / 8)
    elif name == "lamplight":
        pixels = _encoded(np.clip(exposure_curve(light[:300, 100:400], -1.0) @ white_balance(0.7, 0.1).T, 0, 1))
    else:
        pixels = {"rocket": data.rocket, "cameraman": data.camera}[name]()
    photo = Image.fromarray(pixels).convert("RGB")
    return photo.resize((WIDTH, round(photo.height * WIDTH / photo.width)), Image.Resampling.LANCZOS)


def _encoded(light: NDArray[np.float64]) -> NDArray[np.uint8]:
    return np.rint(linear_to_srgb(light) * 255).astype(np.uint8)


def caption(wish: Mapping[str, Any]) -> str:
    """Return the options as the command line takes them.

    >>> caption({"target_ev": -1.0, "warmth": "auto"})
    '--target -1 --warmth auto'
    """
    given = (
        f"--{name.removesuffix('_ev')} {f'{value:g}' if isinstance(value, float) else value}"
        for name, value in wish.items()
    )
    return " ".join(given) or "default"


def main() -> None:
    """Run."""
    parser = command.Command(__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    for name, photos in SHEETS.items():
        rows = []
        for photo, wishes in photos.items():
            before = photograph(photo)
            after = {caption(wish): enhance(before, options=EnhanceOptions.of(**wish)) for wish in wishes}
            rows.append((photo, {"photo": before, **after}))
        Image.open(io.BytesIO(panel_sheet(rows))).save(folder / f"{name}.jpg", quality=85)


if __name__ == "__main__":
    command.run(main)
