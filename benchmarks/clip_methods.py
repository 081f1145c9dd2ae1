"""Compare pielight with ffmpeg's filters on clips with known truth: quality, flicker, temporal noise, and time.

Usage: python benchmarks/clip_methods.py PHOTOS [--count 3] [--frames 30] [--ev -3.5] [--speed N] [--kinds] [--csv FILE]

Clips of 180 x 320 pixels over photographs, darkened, with a sensor's noise: a pan, a zoom, a moving object, exposure in
steps and with noise, and a lamp that is switched on. Truth is the photograph itself, exposed evenly. "psnr" and "ssim"
(gray) compare with it. With "*", the one rising curve for the whole clip that brings the result nearest to the truth
goes first, so that no method is judged by the brightness it aims at: psnr*, ssim*, and flicker*, "of exposure" on the
clips in steps and with noise, and noise*, the metric temporal-noise. "one curve" is the clip itself after such a curve:
its flicker* is the source's own. All but flicker* are of every fifth frame.

eq and the strong curve know how dark the clips are; nothing else does. hqdn3d comes first. ffmpeg is that of the
package imageio-ffmpeg, or the one on the path; without one its rows are left out.

With --speed, "ms" is milliseconds a frame of a clip of 1080p with that many frames, H.264 to H.264 by x264 veryfast at
crf 20, all of a process, best of two rounds that take turns; of both, all threads are as many as there are cores.
"""

from __future__ import annotations

import _command as command

command.needs("evaluate", "video")

import csv
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from _synthetic_clips import FPS, KINDS, Frame, Light, make, write
from pielight import Enhancer, VideoOptions, enhance_video
from pielight.core.color import srgb_to_linear
from pielight.core.threads import available_threads
from pielight.evaluation.datasets.synthetic_clips import pan, shot
from pielight.evaluation.metrics import METRICS
from pielight.evaluation.metrics.lightness import tone_curve
from pielight.io.load_rgb import load_rgb8
from pielight.video.rgb_frames import rgb_frames

SIZE, FULL = (180, 320), (1080, 1920)
EXPOSURES = ("exposure in steps", "noisy exposure")
COLUMNS = ("psnr", "ssim", "psnr*", "ssim*", "flicker*", "of exposure", "noise*")
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
BRIGHTEN = {
    "normalize": "normalize",
    "normalize, smoothing=50": "normalize=smoothing=50",
    "eq, gamma=2.5": "eq=gamma=2.5",
    "curves, lighter": "curves=preset=lighter",
    "curves, strong": "curves=all='0/0 0.06/0.21 0.12/0.42 0.25/0.68 0.5/0.9 1/1'",
}
FILTERS = {
    f"{name}{' + hqdn3d' * denoised}": f"{'hqdn3d,' * denoised}{text}"
    for name, text in BRIGHTEN.items()
    for denoised in (False, True)
}
TIMED = tuple(f"{name}{end}" for name in ("normalize", "eq, gamma=2.5", "curves, strong") for end in ("", " + hqdn3d"))
ROUNDS, EVERY = 2, 5
Method = Callable[[Path, list[Frame]], list[Frame]]


def ffmpeg() -> str | None:
    """Return the program, or None."""
    if find_spec("imageio_ffmpeg"):
        import imageio_ffmpeg

        return str(imageio_ffmpeg.get_ffmpeg_exe())
    return shutil.which("ffmpeg")


def run_ffmpeg(program: str, *words: str | Path) -> bytes:
    """Run it, and return what it writes to standard output."""
    quiet = ["-hide_banner", "-loglevel", "error", "-y"]
    done = subprocess.run([program, *quiet, *map(str, words)], capture_output=True, check=False)
    if done.returncode:
        sys.exit(f"ffmpeg: {done.stderr.decode(errors='replace').strip().splitlines()[-1]}")
    return done.stdout


def filtered(program: str, filters: str) -> Method:
    """Return the method of a chain of filters."""

    def method(path: Path, frames: list[Frame]) -> list[Frame]:
        exact = ("-sws_flags", "bicubic+accurate_rnd+full_chroma_int")
        data = run_ffmpeg(program, "-i", path, "-vf", filters, *exact, "-f", "rawvideo", "-pix_fmt", "rgb24", "-")
        return list(np.frombuffer(data, np.uint8).reshape(-1, *frames[0].shape))

    return method


def both_ways(enhancer: Enhancer) -> Method:
    """Return what `pielight clip.mp4` does, written without loss."""

    def method(path: Path, _: list[Frame]) -> list[Frame]:
        made = path.with_name("made.mkv")
        enhance_video(path, made, enhancer=enhancer, video=VideoOptions(codec="ffv1"), exist_ok=True)
        return list(rgb_frames(made))

    return method


def methods(enhancer: Enhancer, program: str | None) -> dict[str, Method]:
    """Return all methods by name."""
    known: dict[str, Method] = {
        "one curve": lambda _, frames: frames,
        "pielight, frame by frame": lambda _, frames: [enhancer(frame) for frame in frames],
        "pielight, stream": lambda _, frames: list(enhancer.frames(frames, fps=float(FPS))),
        "pielight, clip": both_ways(enhancer),
    }
    filters = {} if program is None else {name: filtered(program, text) for name, text in FILTERS.items()}
    return known | filters


def after_curve(made: list[Frame], truth: list[Frame]) -> list[Frame]:
    """Return results after the one rising curve that brings the whole clip nearest to the truth."""
    curve = tone_curve(np.stack(made).reshape(1, -1), np.stack(truth).reshape(1, -1))
    levels: NDArray[np.uint8] = np.rint(curve).astype(np.uint8)
    return [levels[frame] for frame in made]


def measured(made: list[Frame], truth: list[Frame]) -> list[float]:
    """Return psnr, ssim, psnr*, ssim*, flicker* and noise* of a clip."""

    def mean(name: str, frames: list[Frame]) -> float:
        pairs = zip(frames[EVERY - 1 :: EVERY], truth[EVERY - 1 :: EVERY], strict=True)
        return float(np.mean([METRICS[name].measure(frame, reference=wanted) for frame, wanted in pairs]))

    curved = after_curve(made, truth)
    values = [mean(name, frames) for frames in (made, curved) for name in ("psnr", "ssim-gray")]
    noise = [METRICS["temporal-noise"].measure(curved[number - 1 : number + 1], source=truth[number - 1 : number + 1])
             for number in range(EVERY - 1, len(curved), EVERY)]  # fmt: skip
    return [*values, METRICS["flicker"].measure(curved, source=truth), float(np.nanmean(noise))]


def quality(photos: list[Light], count: int, ev: float, program: str | None) -> dict[str, dict[str, list[float]]]:
    """Return the measures by method and kind of clip, means over photographs."""
    enhancer = Enhancer()
    found: dict[str, dict[str, list[list[float]]]] = defaultdict(lambda: defaultdict(list))
    with tempfile.TemporaryDirectory() as folder:
        dark, bright = Path(folder, "dark.mkv"), Path(folder, "truth.mkv")
        for photo in photos:
            for kind in KINDS:
                make(photo, kind, count, SIZE, ev, dark, bright)
                frames, truth = list(rgb_frames(dark)), list(rgb_frames(bright))
                for name, method in methods(enhancer, program).items():
                    found[name][kind].append(measured(method(dark, frames), truth))
    return {
        name: {kind: [float(value) for value in np.mean(rows, axis=0)] for kind, rows in kinds.items()}
        for name, kinds in found.items()
    }


def speeds(photo: Light, count: int, ev: float, program: str | None) -> dict[str, float]:
    """Return milliseconds a frame by method, from file to file."""
    threads = available_threads()
    both = "-threads", str(threads)
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "night.mp4"), Path(folder, "made.mp4")
        random = np.random.default_rng(0)
        views = (shot(view, ev, random) for view in pan(photo, count, FULL, 3.3))
        write(source, views, "libx264", preset="veryfast", crf="18")
        own = [sys.executable, "-m", "pielight", "video", source, "-o", target, "--existing", "overwrite", "-q"]
        commands = {"pielight, clip": own, "pielight, clip, --denoise 0": [*own, "--denoise", "0"]}
        if program is not None:
            encode = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-pix_fmt", "yuv420p", *both)
            start = [program, "-loglevel", "error", "-y", "-filter_threads", str(threads), *both, "-i", source]
            chains = {"one curve": "null"} | {name: FILTERS[name] for name in TIMED}
            commands |= {name: [*start, "-vf", chain, *encode, target] for name, chain in chains.items()}
        seconds: dict[str, list[float]] = defaultdict(list)
        for _ in range(ROUNDS):
            for name, words in commands.items():
                begin = time.perf_counter()
                done = subprocess.run(list(map(str, words)), capture_output=True, check=False)
                seconds[name].append(time.perf_counter() - begin)
                if done.returncode:
                    sys.exit(f"{name}: {done.stderr.decode(errors='replace').strip()}")
    return {name: 1000 * min(values) / count for name, values in seconds.items()}


def rows(found: dict[str, dict[str, list[float]]], times: dict[str, float]) -> list[list[str]]:
    """Return the rows of the table, a mean over kinds of clips each."""
    table = [["", *COLUMNS, *(["ms"] if times else [])]]
    for name, kinds in found.items():
        psnr, ssim, psnr_curve, ssim_curve, flicker, noise = np.mean(list(kinds.values()), axis=0)
        of_exposure = np.mean([kinds[kind][4] for kind in EXPOSURES])
        cells = [f"{psnr:.1f}", f"{ssim:.3f}", f"{psnr_curve:.1f}", f"{ssim_curve:.3f}"]
        cells += [f"{flicker:.2f}", f"{of_exposure:.2f}", f"{noise:.1f}"]
        time_text = f"{times[name]:.0f}" if name in times else ""
        table.append([name, *cells, *([time_text] if times else [])])
    table += [[name, *[""] * len(COLUMNS), f"{ms:.0f}"] for name, ms in times.items() if name not in found]
    return table


def main() -> None:
    """Run."""
    parser = command.Command(__doc__)
    parser.add_argument("photos", type=command.folder)
    parser.add_argument("--count", type=command.at_least(1), default=3)
    parser.add_argument("--frames", type=command.at_least(6), default=30)
    parser.add_argument("--ev", type=float, default=-3.5)
    parser.add_argument("--speed", type=command.at_least(2), help="frames of 1080p to take the time of")
    parser.add_argument("--csv", type=command.new_file, help="a file for the table")
    parser.add_argument("--kinds", action="store_true", help="print a table for each kind of clip, too")
    options = parser.parse_args()
    paths = [path for path in sorted(options.photos.iterdir()) if path.suffix.lower() in SUFFIXES]
    if not paths:
        raise FileNotFoundError(f"{options.photos}: no such file as *.jpg or *.png")
    paths = paths[:: max(1, len(paths) // options.count)][: options.count]
    photos = [srgb_to_linear(load_rgb8(path) / np.float32(255)).astype(np.float32) for path in paths]
    program = ffmpeg()
    if program is None:
        print("no ffmpeg here: its filters are left out; pip install imageio-ffmpeg", file=sys.stderr)
    found = quality(photos, options.frames, options.ev, program)
    times = speeds(photos[0], options.speed, options.ev, program) if options.speed else {}
    tables = {"all clips": rows(found, times)}
    if options.kinds:
        tables |= {kind: rows({name: dict.fromkeys(KINDS, each[kind]) for name, each in found.items()}, {})
                   for kind in KINDS}  # fmt: skip
    for title, table in tables.items():
        print(f"\n{title}\n")
        for number, row in enumerate(table):
            print(f"| {' | '.join(row)} |")
            if number == 0:
                print("|---" * len(row) + "|")
    if options.csv:
        with options.csv.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerows(tables["all clips"])


if __name__ == "__main__":
    command.run(main)
