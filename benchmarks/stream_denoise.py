"""Noise of a stream against the photo denoiser frame by frame: PSNR to the same clip without noise, and time.

Usage: python benchmarks/stream_denoise.py PHOTOS [--ev EV] [--count N] [--frames N]

Clips of 270 x 480 pixels over photographs of a folder, darkened, with a sensor's noise: still, a pan of 3.3 columns a
frame, and a zoom of 1 %. Every method applies the map of the first frame, so that only noise differs: "as it is"
removes none, "photo" is `denoise="auto"` of each frame, "stream" averages over time. PSNR is that of frames from the
ninth on, which have a past. Milliseconds are those of one core, for 1080p.
"""

from __future__ import annotations

import _command as command

command.needs("evaluate")

import argparse
import time
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pielight import EnhanceOptions, Enhancer
from pielight.core.color import srgb_to_linear
from pielight.evaluation.datasets.synthetic_clips import pan, shot
from pielight.inference.exposure_map import ExposureMap
from pielight.inference.frame_denoiser import FrameDenoiser

SIZE, FIRST = (270, 480), 8
KINDS = {"still": (0.0, 1.0), "pan": (3.3, 1.0), "zoom": (0.0, 1.01)}  # columns a frame, and growth
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
METHODS = ("as it is", "photo", "stream")
Frame = NDArray[np.uint8]


def planes_of(frame: Frame) -> list[Frame]:
    """Return green, red and blue."""
    return [np.ascontiguousarray(frame[..., channel]) for channel in (1, 0, 2)]


def results(frames: list[Frame], exposure: ExposureMap, method: str) -> Iterator[Frame]:
    """Yield what a method makes of the frames."""
    denoiser = FrameDenoiser(EnhanceOptions(), 8, 1)
    for number, frame in enumerate(frames):
        if method == "stream":
            if number % 5 == 0:
                denoiser.look(frame, exposure)
            green, red, blue = denoiser.denoise(planes_of(frame))
            frame = np.stack([red, green, blue], axis=2)
        yield exposure.apply(frame, denoise="auto" if method == "photo" else 0, threads=1)


def psnr(result: Frame, truth: Frame) -> float:
    """Return the PSNR of 8-bit frames in dB."""
    error = np.square(result.astype(float) - truth).mean()
    return float(10 * np.log10(255**2 / error))


def main() -> None:
    """Run."""
    parser = command.Command(__doc__)
    parser.add_argument("photos", type=command.folder)
    parser.add_argument("--ev", type=float, default=-3.5)
    parser.add_argument("--count", type=command.at_least(1), default=4)
    parser.add_argument("--frames", type=command.at_least(FIRST + 1), default=24)
    options: argparse.Namespace = parser.parse_args()
    enhancer = Enhancer(threads=1, auto=False)
    paths = [path for path in sorted(options.photos.iterdir()) if path.suffix.lower() in SUFFIXES]
    if not paths:
        raise FileNotFoundError(f"{options.photos}: no such file as *.jpg or *.png")
    paths = paths[:: max(1, len(paths) // options.count)][: options.count]
    scores: dict[tuple[str, str], list[float]] = {(kind, method): [] for kind in KINDS for method in METHODS}
    seconds = dict.fromkeys(METHODS, 0.0)
    for path in paths:
        photo = srgb_to_linear(np.asarray(Image.open(path).convert("RGB")) / 255.0).astype(np.float32)
        for kind, (step, zoom) in KINDS.items():
            random, views = np.random.default_rng(0), list(pan(photo, options.frames, SIZE, step, zoom))
            frames = [shot(view, options.ev, random) for view in views]
            exposure = enhancer.exposure(frames[0])
            truths = [exposure.apply(shot(view, options.ev), denoise=0) for view in views]
            for method in METHODS:
                start = time.process_time()
                made = list(results(frames, exposure, method))
                seconds[method] += time.process_time() - start
                pairs = zip(made[FIRST:], truths[FIRST:], strict=True)
                scores[kind, method].append(float(np.mean([psnr(one, truth) for one, truth in pairs])))
    full = 1920 * 1080 / (SIZE[0] * SIZE[1]) / (len(paths) * len(KINDS) * options.frames)
    print("| PSNR in dB |", " | ".join([*KINDS, "ms a frame"]), "|")
    print("|---" * (len(KINDS) + 2) + "|")
    for method in METHODS:
        cells = [f"{np.mean(scores[kind, method]):.1f}" for kind in KINDS]
        print(f"| {method} |", " | ".join([*cells, f"{seconds[method] * full * 1000:.0f}"]), "|")


if __name__ == "__main__":
    command.run(main)
