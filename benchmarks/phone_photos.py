"""Print how large HEIC and AVIF results are beside their sources, how near to what was enhanced, and what they take.

Usage: python benchmarks/phone_photos.py PHOTO... [--megapixels N] [--quality Q,Q,..] [--preset NAME] [--speed N]

The photos are laid side by side up to 12 megapixels, as they are and at an eighth of the light, and coded as phones
do: HEIC in tiles of 512 pixels, AVIF in one piece, 4:2:0. Of each: its size; the size of the result in its own format
and as JPEG over that; PSNR of the source to the uncompressed picture, and of the result to the enhanced pixels;
wall-clock and processor time for decoding, enhancing and encoding.
"""

from __future__ import annotations

import _command as command

command.needs("evaluate", "heif")

import io
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pielight import Enhancer
from pielight.core.color import linear_to_srgb, srgb_to_linear
from pielight.evaluation.metrics.fidelity import psnr
from pielight.io.codecs.heif import container
from pielight.io.codecs.heif import still as heif
from pielight.io.decode import decode
from pielight.io.encode import encode
from quality import read

SHAPE = (3, 4)
TILE, LIGHT, QUALITIES = 512, 1 / 8, (45, 55, 65)
CODINGS: dict[str, dict[str, Any]] = {"HEIF": {"tile_size": TILE}, "AVIF": {"speed": 6}}


def laid_out(paths: list[Path], megapixels: float) -> NDArray[np.uint8]:
    """Lay photos side by side, again and again, in rows as high as the lowest."""
    photos = [read(path) for path in paths]
    low = min(photo.shape[0] for photo in photos)
    height, width = (2 * round(np.sqrt(megapixels * 1e6 / 12) * side / 2) for side in SHAPE)
    strip = np.concatenate([photo[:low] for photo in photos], axis=1)
    strip = np.tile(strip, (1, -(-width // strip.shape[1]) + 1, 1))
    rows = [np.roll(strip, -97 * row, axis=1)[:, :width] for row in range(-(-height // low))]
    return np.ascontiguousarray(np.concatenate(rows)[:height])


def darker(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Take light away, as a shorter exposure would."""
    table = linear_to_srgb(LIGHT * srgb_to_linear(np.arange(256) / 255))
    return np.rint(255 * table).astype(np.uint8)[pixels]


def measure(pixels: NDArray[np.uint8], light: str, qualities: list[int]) -> None:
    """Print the rows of a picture."""
    enhancer = Enhancer()
    for name, coding in CODINGS.items():
        for quality in qualities:
            file = io.BytesIO()
            Image.fromarray(pixels).save(file, name, quality=quality, **coding)
            source = file.getvalue()
            for target in (name, "JPEG"):
                start, worked = time.perf_counter(), time.process_time()
                picture = decode(source)
                enhanced = enhancer(picture.pixels)
                result = encode(replace(picture, pixels=enhanced), target)
                seconds, worked = time.perf_counter() - start, time.process_time() - worked
                came, near = psnr(picture.pixels, pixels), psnr(decode(result).pixels, enhanced)
                print(f"| {name} {quality}, {light} | {len(source) / 1e6:.2f} | {came:.1f} | {target} | "
                      f"{len(result) / len(source):.2f} | {near:.1f} | {seconds:.1f} | {worked:.1f} |")  # fmt: skip


def main() -> None:
    """Run."""
    parser = command.Command(__doc__)
    parser.add_argument("photos", type=command.file, nargs="+")
    parser.add_argument("--megapixels", type=float, default=12.2)
    parser.add_argument("--quality", type=lambda text: [int(part) for part in text.split(",")], default=[*QUALITIES])
    parser.add_argument("--preset", default=heif.HEIF_PRESET, help="of x265, which codes HEIC results")
    parser.add_argument("--speed", type=int, default=heif.AVIF_SPEED, help="of aom, which codes AVIF results")
    options = parser.parse_args()
    heif.HEIF_PRESET, heif.AVIF_SPEED = options.preset, options.speed
    container.enable()
    pixels = laid_out(options.photos, options.megapixels)
    print("| source, light | MB | PSNR, dB | result | size, of the source's | PSNR, dB | seconds | of processors |")
    print("|---|---|---|---|---|---|---|---|")
    measure(pixels, "all", options.quality)
    measure(darker(pixels), "1/8", options.quality)


if __name__ == "__main__":
    command.run(main)
