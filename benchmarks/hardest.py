"""Draw a contact sheet of the 24 hardest pictures, before and after.

Usage: python benchmarks/hardest.py DATA SHEET.png [--model FILE.onnx] [--denoise auto]

DATA is what benchmarks/research_data.py laid out. Hardest says nothing of the model: of LOL and SICE the eight darkest
pictures by their mean; of DICM the eight with the widest range between their darkest 30 % and their
brightest hundredth (night with lamps, rooms with windows). The sheet holds pictures of the data sets: it is for looking
at, not for publishing.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

import _command as command
from pielight import Enhancer

_EACH, _COLUMNS, _WIDTH, _HEIGHT, _GAP = 8, 4, 320, 240, 8


def darkness(path: Path) -> float:
    """Return how dark a picture is."""
    return -float(_small(path).mean())


def span(path: Path) -> float:
    """Return the range between the darkest 30 % and the brightest hundredth, in EV of their sRGB means."""
    gray = np.sort(_small(path).mean(2).ravel()) + 1
    return float(np.log2(gray[-len(gray) // 100 :].mean() / gray[: 3 * len(gray) // 10].mean()))


def hardest(folder: Path, measure: Callable[[Path], float]) -> list[Path]:
    """Return the pictures of the highest measure."""
    return sorted(folder.iterdir(), key=measure, reverse=True)[:_EACH]


def panel(path: Path, enhance: Callable[[Image.Image], Image.Image]) -> Image.Image:
    """Return a picture above what becomes of it."""
    before = Image.open(path).convert("RGB")
    shown = [before, enhance(before)]
    for image in shown:
        image.thumbnail((_WIDTH, _HEIGHT), Image.Resampling.LANCZOS)
    sheet = Image.new("RGB", (_WIDTH, 2 * _HEIGHT + 20), (24, 24, 27))
    for place, image in enumerate(shown):
        sheet.paste(image, ((_WIDTH - image.width) // 2, 20 + place * _HEIGHT))
    ImageDraw.Draw(sheet).text(
        (4, 4),
        f"{(path.parent.parent if path.parent.name == 'dark' else path.parent).name}/{path.stem}",
        (161, 161, 170),
    )
    return sheet


def _small(path: Path) -> np.ndarray:
    image = Image.open(path).convert("RGB")
    image.thumbnail((256, 256), Image.Resampling.BOX)
    return np.asarray(image, np.float64)


def main() -> None:
    """Run."""
    parser = command.Command(__doc__)
    parser.add_argument("data", type=command.folder)
    parser.add_argument("sheet", type=command.new_file)
    parser.add_argument("--model", default=None)
    parser.add_argument("--denoise", type=command.denoise, default="auto")
    options = parser.parse_args()
    enhancer = Enhancer(options.model)
    val = options.data / "val"
    sets = (("lol/dark", darkness), ("sice_ref/dark", darkness), ("dicm", span))
    chosen = [path for folder, measure in sets for path in hardest(val / folder, measure)]
    panels = [panel(path, lambda image: enhancer(image, denoise=options.denoise)) for path in chosen]
    rows = -(-len(panels) // _COLUMNS)
    width, height = (side + _GAP for side in panels[0].size)
    sheet = Image.new("RGB", (_COLUMNS * width, rows * height), (24, 24, 27))
    for number, image in enumerate(panels):
        sheet.paste(image, (number % _COLUMNS * width, number // _COLUMNS * height))
    sheet.save(options.sheet)
    print(options.sheet)


if __name__ == "__main__":
    command.run(main)
