"""Compare the denoiser with filters of libraries, behind the same exposure.

Usage: python benchmarks/denoisers.py DARK REFERENCE [EVERY]
       python benchmarks/denoisers.py --clean FOLDER

DARK and REFERENCE hold pairs of one name, as benchmarks/research_data.py lays them out in val/lol. Each dark picture
is brought to its reference's mean by one exposure, so that nothing but noise and color is compared. Prints the means of
PSNR, SSIM on RGB, the shift of neutral patches, noise gain against the exposure alone, and seconds on one thread, of
every EVERYth pair. With --clean: how many pictures of a folder `auto` leaves as they are without it, bit for bit, and
how near the others stay.
"""

from __future__ import annotations

import _command as command

command.needs("evaluate", "dev")

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio
from skimage.restoration import denoise_tv_chambolle

from pielight import Enhancer, ExposureMap
from pielight.evaluation.datasets.pairing import pair, pictures
from pielight.evaluation.metrics.color import neutral_shift
from pielight.evaluation.metrics.noise import noise_gain
from pielight.evaluation.metrics.structure import ssim
from pielight.ops.exposure import expose

Pixels = NDArray[np.uint8]


def total_variation(pixels: Pixels) -> Pixels:
    """Denoise by total variation of weight 0.1."""
    return (denoise_tv_chambolle(pixels / 255, 0.1, channel_axis=2) * 255).clip(0, 255).round().astype(np.uint8)


def table(dark: Path, reference: Path, every: int) -> None:
    """Print the table."""
    cv2.setNumThreads(1)
    filters: dict[str, Callable[[Pixels], Any]] = {"nothing": lambda y: y}
    for h in (5, 10, 15):
        filters[f"non-local means, h = {h}"] = lambda y, h=h: cv2.fastNlMeansDenoisingColored(y, None, h, h, 7, 21)
    filters["bilateral, 9, 50, 5"] = lambda y: cv2.bilateralFilter(y, 9, 50, 5)
    filters["total variation, 0.1"] = total_variation
    filters["Gaussian blur, 1.5"] = lambda y: cv2.GaussianBlur(y, (0, 0), 1.5)
    rows: dict[str, list[tuple[float, ...]]] = {}
    for both in pair(pictures(dark), pictures(reference))[::every]:
        pixels, wanted = (np.asarray(Image.open(one).convert("RGB")) for one in both)
        exposure = ExposureMap(np.full((1, 1), stops(pixels, wanted.mean() / 255)))
        start = time.perf_counter()
        bright = exposure.apply(pixels, highlights=0, threads=1, denoise=0)
        alone = time.perf_counter() - start
        for name, function in filters.items():
            start = time.perf_counter()
            result = function(bright)
            measure(rows, name, (result, bright, pixels, wanted), time.perf_counter() - start)
        for denoise in ("auto", 0.5, 1):
            start = time.perf_counter()
            result = exposure.apply(pixels, highlights=0, threads=1, denoise=denoise)
            seconds = time.perf_counter() - start - alone
            measure(rows, f"--denoise {denoise}", (result, bright, pixels, wanted), seconds)
    print("| | PSNR | SSIM | neutral shift | noise gain | seconds |\n|---|---|---|---|---|---|")
    for name, values in rows.items():
        psnr, structure, shift, gain, seconds = np.nanmean(values, axis=0)
        print(f"| {name} | {psnr:.2f} | {structure:.3f} | {shift:.2f} | {gain:.2f} | {seconds:.3f} |")


def stops(pixels: Pixels, brightness: float) -> float:
    """Return the exposure in EV that brings a picture to a mean brightness, by bisection."""
    levels, share = np.arange(256) / 255, np.bincount(pixels.ravel(), minlength=256) / pixels.size
    low, high = -4.0, 14.0
    while high - low > 1e-3:
        middle = (low + high) / 2
        is_bright = share @ expose(levels, middle) > brightness
        low, high = (low, middle) if is_bright else (middle, high)
    return low


def clean(folder: Path) -> None:
    """Print what ``auto`` does to pictures without noise."""
    enhancer, near = Enhancer(threads=1), []
    for path in sorted(folder.iterdir()):
        pixels = np.asarray(Image.open(path).convert("RGB"))
        without, result = enhancer(pixels, denoise=0), enhancer(pixels)
        if not np.array_equal(without, result):
            near.append(round(float(peak_signal_noise_ratio(without, result)), 1))
    print(
        f"{len(list(folder.iterdir())) - len(near)} of {len(list(folder.iterdir()))} untouched; others: {sorted(near)}"
    )


def measure(rows: dict[str, list[tuple[float, ...]]], name: str, pictures: tuple[Pixels, ...], seconds: float) -> None:
    """Add what a result is worth, given with the exposure alone, the dark picture and the reference."""
    result, bright, dark, wanted = pictures
    values = (
        peak_signal_noise_ratio(wanted, result), ssim(result, wanted), neutral_shift(result, dark, wanted),
        noise_gain(result, bright), seconds,
    )  # fmt: skip
    rows.setdefault(name, []).append(values)


def main() -> None:
    """Run."""
    parser = command.Command(__doc__)
    parser.add_argument("dark", type=command.folder, nargs="?")
    parser.add_argument("reference", type=command.folder, nargs="?")
    parser.add_argument("every", type=command.at_least(1), nargs="?", default=1)
    parser.add_argument("--clean", type=command.folder)
    options = parser.parse_args()
    if (options.clean is None) == (options.reference is None) or (options.clean and options.dark):
        parser.error("give DARK and REFERENCE, or --clean FOLDER")
    if options.clean:
        clean(options.clean)
    else:
        table(options.dark, options.reference, options.every)


if __name__ == "__main__":
    command.run(main)
