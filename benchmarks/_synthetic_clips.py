"""Clips with known truth over photographs, not a script itself: dark and noisy ones, beside what they should become."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from pielight.evaluation.datasets.synthetic_clips import pan, shot

FPS = Fraction(30)
_STEP = 3.3  # columns a frame, of moving cameras and things
Light = NDArray[np.float32]
Frame = NDArray[np.uint8]
Scene = tuple[list[Light], NDArray[np.float64]]  # what the camera sees, and EV beside the usual exposure


def _panned(photo: Light, count: int, size: tuple[int, int]) -> Scene:
    return list(pan(photo, count, size, _STEP)), np.zeros(count)


def _zoomed(photo: Light, count: int, size: tuple[int, int]) -> Scene:
    return list(pan(photo, count, size, 0, 1.01)), np.zeros(count)


def _object(photo: Light, count: int, size: tuple[int, int]) -> Scene:
    """A disk of another part of the photograph passes a still background."""
    (view,) = pan(photo, 1, size, 0)
    side = size[0] // 3
    patch = view[-side:, -side:]
    across, down = np.meshgrid(*[np.arange(side) - (side - 1) / 2] * 2)
    disk = (across**2 + down**2 < (side / 2) ** 2)[..., np.newaxis]
    views = []
    for number in range(count):
        seen = view.copy()
        left = round(number * _STEP) % (size[1] - side)
        place = seen[side : 2 * side, left : left + side]
        place[...] = np.where(disk, patch, place)
        views.append(seen)
    return views, np.zeros(count)


def _stepped(photo: Light, count: int, size: tuple[int, int]) -> Scene:
    return list(pan(photo, count, size, 1)), np.array([0, 1.0, -0.7])[np.arange(count) * 3 // count]


def _unsteady(photo: Light, count: int, size: tuple[int, int]) -> Scene:
    return list(pan(photo, count, size, 1)), np.random.default_rng(5).normal(0, 0.12, count)


def _lamp(photo: Light, count: int, size: tuple[int, int]) -> Scene:
    """Half of a dim scene is lit from the middle of the clip on."""
    (view,) = pan(photo, 1, size, 0)
    rows, columns = np.mgrid[: size[0], : size[1]] / np.array(size)[:, np.newaxis, np.newaxis]
    near = np.exp(-((rows - 0.4) ** 2 + (columns - 0.3) ** 2) / 0.08)[..., np.newaxis].astype(np.float32)
    dim = view * np.float32(0.4)
    return [dim] * (count // 2) + [dim * (1 + 3 * near)] * (count - count // 2), np.zeros(count)


KINDS: dict[str, Callable[[Light, int, tuple[int, int]], Scene]] = {
    "pan": _panned, "zoom": _zoomed, "moving object": _object, "exposure in steps": _stepped,
    "noisy exposure": _unsteady, "lamp": _lamp,
}  # fmt: skip


def make(photo: Light, kind: str, count: int, size: tuple[int, int], ev: float, dark: Path, truth: Path) -> None:
    """Write a clip, and what it should become: exposed well and evenly, without noise. Both are lossless 4:2:0."""
    views, steps = KINDS[kind](photo, count, size)
    random = np.random.default_rng(0)
    write(dark, (shot(view, ev + step, random) for view, step in zip(views, steps, strict=True)))
    write(truth, map(shot, views))


def write(path: Path, frames: Iterable[Frame], codec: str = "ffv1", **options: str) -> None:
    """Write frames (H, W, 3) as a clip of 8 bits, 4:2:0, BT.709 of limited range."""
    reformatter, stream = VideoReformatter(), None
    with av.open(str(path), "w") as clip:
        for number, pixels in enumerate(frames):
            if stream is None:
                stream = clip.add_stream(codec, FPS, options, width=pixels.shape[1], height=pixels.shape[0])
                context = stream.codec_context
                context.pix_fmt, context.thread_count = "yuv420p", 2
                context.color_primaries, context.color_trc, context.colorspace, context.color_range = 1, 1, 1, 1
            rgb = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels))
            frame = reformatter.reformat(
                rgb, format="yuv420p", src_color_range=2, dst_colorspace=1, dst_color_range=1, interpolation=0x40002
            )
            frame.color_primaries, frame.color_trc, frame.colorspace, frame.color_range = 1, 1, 1, 1
            frame.pts, frame.time_base = number, 1 / FPS
            clip.mux(stream.encode(frame))
        if stream is not None:
            clip.mux(stream.encode(None))
