"""Measure the flicker of streams: pans over photographs, darkened by 3 EV, whose exposure changes or does not.

Usage: python benchmarks/stream_flicker.py FOLDER [--limit 4] [--frames 24] [--every N]

Flicker is that of the metric, against the same pan without noise in steady light. "best" is one map for all frames,
moved along with the exposure that is known here; "per frame" is a look at every frame by itself; "stream" and "both
ways" are pielight's, without and with half a second of look-ahead. Excess is what is above the best, of the stream as a
share of that per frame.
"""

from __future__ import annotations

import _command as command

command.needs("evaluate")

from typing import Any

import numpy as np

from pielight import Enhancer, ExposureMap
from pielight.core.color import srgb_to_linear
from pielight.evaluation.datasets.synthetic_clips import pan, shot
from pielight.evaluation.metrics.flicker import flicker
from pielight.inference.exposure_track import ExposureTrack
from pielight.io.load_rgb import load_rgb8
from pielight.ops.exposure_map import apply_exposure
from pielight.ops.frame_thumbnail import frame_thumbnail

SIZE, DARK = (180, 320), -3.0
COLUMNS = ("best", "stream", "both ways", "per frame")
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")


def exposures(count: int) -> dict[str, Any]:
    """Return the exposures of clips in EV."""
    third = np.arange(count) * 3 // count
    return {
        "steady": np.full(count, DARK),
        "steps of 1 and 1.7 EV": DARK + np.array([0, 1.0, -0.7])[third],
        "noise of 0.12 EV": DARK + np.random.default_rng(5).normal(0, 0.12, count),
        "a slow swing of 1 EV": DARK + np.sin(np.arange(count) / 20),
    }


def tracked(network: Any, frames: list[Any], **options: Any) -> list[Any]:
    """Return the maps of a clip."""
    track, found = ExposureTrack(network, **options), []
    for frame in frames:
        track.see(frame_thumbnail(frame), lambda frame=frame: frame)
        found += [one.exposure for one in track.maps()]
    track.finish()
    return found + [one.exposure for one in track.maps()]


def measured(network: Any, photo: Any, steps: Any, every: int | None) -> list[float]:
    """Return the flicker of one clip, by COLUMNS."""
    random = np.random.default_rng(1)
    views = list(pan(photo, len(steps), SIZE, 1))
    truth = [shot(view, DARK) for view in views]
    frames = [shot(view, ev, random) for view, ev in zip(views, steps, strict=True)]
    steady = [shot(view, DARK, random) for view in views[::5]]
    mean = np.mean([network.predict(frame).ev for frame in steady], axis=0)
    maps = {
        "best": [ExposureMap((mean - (ev - DARK)).clip(0)) for ev in steps],
        "stream": tracked(network, frames, every=every),
        "both ways": tracked(network, frames, every=every, ahead=0.5),
        "per frame": [network.predict(frame) for frame in frames],
    }
    return [
        flicker([apply_exposure(frame, one.ev) for frame, one in zip(frames, maps[name], strict=True)], truth)
        for name in COLUMNS
    ]


def main() -> None:
    """Run."""
    parser = command.Command(__doc__)
    parser.add_argument("folder", type=command.folder)
    parser.add_argument("--limit", type=command.at_least(1), default=4)
    parser.add_argument("--frames", type=command.at_least(3), default=24)
    parser.add_argument("--every", type=command.at_least(1))
    options = parser.parse_args()
    names = sorted(path for path in options.folder.iterdir() if path.suffix.lower() in SUFFIXES)[: options.limit]
    if not names:
        raise FileNotFoundError(f"{options.folder}: no such file as *.jpg or *.png")
    network = Enhancer().processor.network
    photos = [srgb_to_linear(load_rgb8(path) / np.float32(255)).astype(np.float32) for path in names]
    print(f"| exposure | {' | '.join(COLUMNS)} | excess |\n|{'---|' * (len(COLUMNS) + 2)}")
    for kind, steps in exposures(options.frames).items():
        means = np.mean([measured(network, photo, steps, options.every) for photo in photos], axis=0)
        best, stream, _, each = means
        excess = (stream - best) / (each - best)
        print(f"| {kind} | {' | '.join(f'{value:.3f}' for value in means)} | {excess:.2f} |", flush=True)


if __name__ == "__main__":
    command.run(main)
