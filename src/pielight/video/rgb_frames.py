"""The frames of a clip as pictures, one after the other, and what a clip holds of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TypedDict

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from pielight.inference.exposure_track import FPS
from pielight.video.clip_enhancer import pixels_of
from pielight.video.color import Converter
from pielight.video.cut import Cut
from pielight.video.decode import ClipReader
from pielight.video.open_clip import open_clip
from pielight.video.probe import probe


class ClipContents(TypedDict):
    """What a clip holds: frames that can be decoded, columns and rows of each, upright, and frames per second."""

    frames: int
    width: int
    height: int
    fps: float


def rgb_frames(path: Path, threads: int = 1) -> Iterator[NDArray[np.uint8]]:
    """Yield the frames of a clip that can be decoded, upright, in RGB of 8 bits; one is in memory at a time.

    Args:
        path: The clip.
        threads: Threads of the decoder.

    Yields:
        (H, W, 3) uint8, of the size of the first frame; opacity is ignored, more bits are rounded.

    Raises:
        PictureError: It is no clip, or one that cannot be enhanced: :func:`pielight.video.probe.probe`.
    """
    turns, converter = probe(path).rotation // 90, Converter(threads)
    for frame in _frames(path, threads):
        pixels = pixels_of(converter.to_rgb(frame))
        if pixels.dtype != np.uint8:
            pixels = np.rint(pixels / np.float32(257)).astype(np.uint8)
        yield np.array(np.rot90(pixels, turns), order="C")


def clip_contents(path: Path, threads: int = 1) -> ClipContents:
    """Return what a clip holds, from decoding it once.

    Raises:
        PictureError: As for :func:`rgb_frames`.
    """
    info = probe(path)
    sides = (info.width, info.height) if info.rotation // 90 % 2 == 0 else (info.height, info.width)
    count = sum(1 for _ in _frames(path, threads))
    return {"frames": count, "width": sides[0], "height": sides[1], "fps": float(info.rate or FPS)}


def _frames(path: Path, threads: int) -> Iterator[VideoFrame]:
    with open_clip(path) as container:
        for item in ClipReader(container, path, probe(path), (), Cut(), threads):
            if isinstance(item, VideoFrame):
                yield item
