"""The frames of a film: those of a clip's file, decoded as they are needed, or pictures in a folder."""

from __future__ import annotations

from functools import lru_cache, partial
from importlib import import_module
from pathlib import Path

from pielight.core.messages import shown
from pielight.errors import DataError
from pielight.evaluation.datasets.file_cache import FILE_CACHE
from pielight.evaluation.datasets.frame_cursor import FrameCursor, Frames
from pielight.evaluation.datasets.pairing import pictures
from pielight.inference.exposure_track import FPS
from pielight.io.load_rgb import Pixels, load_rgb8
from pielight.video.containers import is_clip_name
from pielight.video.enhance_clip import check_installed

_OPEN = 16  # clips that are decoded at a time: inputs, references, and results of several programs


def load_frame(path: Path, number: int | None) -> Pixels:
    """Return a picture, or a frame of a clip by its number, from 0; PictureError if it cannot be read."""
    if number is None or not is_clip_name(path):
        return load_rgb8(path)
    return open_cursor(path).at(number)


def film_of(path: Path) -> Path:
    """Return the film that a frame belongs to: its clip, or the folder of pictures."""
    return path if is_clip_name(path) else path.parent


def frames_of(film: Path) -> Frames:
    """Yield the frames of a film; PictureError if one cannot be read."""
    if film.is_dir():
        yield from map(load_rgb8, pictures(film))
    else:
        check_installed(film)
        yield from import_module("pielight.video.rgb_frames").rgb_frames(film)


def frame_rate(film: Path) -> float:
    """Return the frames per second of a film; 30 for a folder of pictures, which does not tell."""
    return clip_size(film)[2] if film.is_file() else FPS


def clip_size(path: Path) -> tuple[int, tuple[int, int], float]:
    """Return the frames of a clip, width and height of each, and frames per second, from decoding it once.

    PictureError if it is no clip, or PyAV is not installed.
    """
    check_installed(path)
    found = FILE_CACHE.get("clip", path, lambda clip: import_module("pielight.video.rgb_frames").clip_contents(clip))
    return int(found["frames"]), (int(found["width"]), int(found["height"])), float(found["fps"])


def check_alike(clip: Path, other: Path) -> None:
    """Raise DataError if two clips differ in the number or the size of their frames."""
    sizes = {path: clip_size(path)[:2] for path in (clip, other)}
    if sizes[clip] != sizes[other]:
        here, there = (f"{count} frames of {wide} x {tall}" for count, (wide, tall) in sizes.values())
        raise DataError(f"{shown(clip)} has {here}, but {shown(other)} {there}; they must be alike")


@lru_cache(maxsize=_OPEN)
def open_cursor(path: Path) -> FrameCursor:
    """Return what gives the frames of a clip by number; cached."""
    return FrameCursor(partial(frames_of, path), shown(path))
