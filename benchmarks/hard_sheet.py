"""Draw a contact sheet of 24 hard pictures, before and after.

Usage: python benchmarks/hard_sheet.py SOURCE SHEET.png [--method [LABEL=]SPEC]...

SOURCE is what benchmarks/research_data.py lays out from. The pictures are those that methods get wrong: some must stay
(stage, dark skin, black suits, candles, lamps, lit walls, wildlife on black, sunsets, fog), others want light (backlit
people, near-black rooms), all in one model's hands. Above each result stands by how many EV the one exposure E_k that
gives the same mean brightens the picture. The sheet holds pictures of the data sets: it is for looking at, not for
publishing.
"""

from __future__ import annotations

import _command as command

command.needs("evaluate")

from pathlib import Path

from PIL import Image, ImageDraw

import _methods as methods
from pielight.evaluation.methods.spec import Enhance
from pielight.io.load_rgb import load_rgb8

PICTURES = {
    "faces_dev/images/0839.jpg": "stage",
    "faces_dev/images/0444.jpg": "stage",
    "faces_dev/images/0388.jpg": "dark skin, suit",
    "faces_dev/images/0533.jpg": "dark skin on black",
    "kodak/15.jpg": "dark skin on white",
    "faces_dev/images/0926.jpg": "black suit",
    "faces_dev/images/0345.jpg": "low-key portrait",
    "imagenet_sample/n02883205_bow_tie.jpg": "dark skin, old film",
    "imagenet_sample/n02948072_candle.jpg": "candle",
    "imagenet_sample/n04418357_theater_curtain.jpg": "theater",
    "dicm_dev/06.jpg": "lamps",
    "dicm_dev/22.jpg": "lit church",
    "dicm_dev/27.jpg": "monument at night",
    "dicm_dev/39.jpg": "lit wall at dusk",
    "bsds/42044.jpg": "wildlife on black",
    "bsds/42078.jpg": "wildlife on black",
    "dicm_dev/10.jpg": "backlit",
    "bsds/26031.jpg": "silhouette",
    "dicm_dev/44.jpg": "sunset",
    "sice/images/1790.jpg": "low sun",
    "lol/val/low/86.webp": "near-black room",
    "lol/val/low/242.webp": "near-black room",
    "imagenet_sample/n02108551_Tibetan_mastiff.jpg": "black dog, snow",
    "bsds/15088.jpg": "fog",
}
_WIDTH, _HEIGHT, _TEXT, _GAP = 260, 200, 14, 6
_ACROSS = 9  # panels at most, but for more methods
_PAPER, _INK = (24, 24, 27), (200, 200, 205)


def panels(path: Path, why: str, opened: dict[str, Enhance]) -> Image.Image:
    """Return a picture, and beside it what becomes of it."""
    before = load_rgb8(path)
    shown = {f"{path.stem[-18:]}: {why}": before}
    for label, enhance in opened.items():
        after = enhance(before)
        shown[f"{label} {round(methods.change_of_exposure(before, after), 1) + 0.0:+g} EV"] = after
    strip = Image.new("RGB", (len(shown) * _WIDTH + _GAP, _HEIGHT + _TEXT + _GAP), _PAPER)
    draw = ImageDraw.Draw(strip)
    for number, (text, pixels) in enumerate(shown.items()):
        image = Image.fromarray(pixels)
        image.thumbnail((_WIDTH - 2, _HEIGHT), Image.Resampling.LANCZOS)
        strip.paste(image, (number * _WIDTH, _TEXT))
        draw.text((number * _WIDTH, 1), text, _INK)
    return strip


def main() -> None:
    """Run."""
    parser = command.Command(__doc__)
    parser.add_argument("source", type=command.folder)
    parser.add_argument("sheet", type=command.new_file)
    methods.add_option(parser)
    options = parser.parse_args()
    opened = methods.opened(options.methods)
    strips = [panels(options.source / name, why, opened) for name, why in PICTURES.items()]
    columns = max(1, _ACROSS // (len(opened) + 1))
    width, height = strips[0].size
    sheet = Image.new("RGB", (columns * width, -(-len(strips) // columns) * height), _PAPER)
    for number, strip in enumerate(strips):
        sheet.paste(strip, (number % columns * width, number // columns * height))
    sheet.save(options.sheet)


if __name__ == "__main__":
    command.run(main)
