"""Clips, for callers that also take photos: PyAV is loaded only when the first clip comes."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from pielight.core.extras import require
from pielight.core.messages import shown
from pielight.enhancer import Enhancer
from pielight.errors import MissingExtraError, PictureError
from pielight.inference.pipeline_files import SaveOptions, Written
from pielight.io.provenance import Record
from pielight.options import EnhanceOptions
from pielight.video.options import VideoOptions
from pielight.video.progress import ClipProgress


def enhance_clip(
    source: Path,
    target: Path,
    enhancer: Enhancer,
    options: EnhanceOptions,
    video: VideoOptions,
    saving: SaveOptions,
    on_progress: Callable[[ClipProgress], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
) -> Written:
    """Enhance a clip's file; see :func:`pielight.video.clip_file.enhance_clip_file`.

    Raises:
        PictureError: PyAV is not installed, or what is said there.
    """
    check_installed(source)
    record = clip_record(enhancer, options, video)
    written: Written = import_module("pielight.video.clip_file").enhance_clip_file(
        source, target, enhancer, options, video, saving, record, on_progress, stop
    )
    return written


def clip_record(enhancer: Enhancer, options: EnhanceOptions, video: VideoOptions) -> Record:
    """Return the record of what makes a clip.

    Raises:
        ModelError: A model's file cannot be read.

    >>> dict(clip_record(Enhancer(threads=1), EnhanceOptions(0.5), VideoOptions(crf=23)).options)["Crf"]
    '23'
    """
    made = enhancer.record(options)
    return Record.of(made.version, **dict(made.options), **video.recorded())


def read_record_of_clip(path: Path) -> Record | None:
    """Return the record in a clip; None without one, if it cannot be read, or without PyAV."""
    try:
        require("video")
    except MissingExtraError:
        return None
    record: Record | None = import_module("pielight.video.provenance").read_clip_record(path)
    return record


def check_installed(path: Path) -> None:
    """Check that PyAV is installed.

    Raises:
        PictureError: It is not; names the clip, and how to install it.
    """
    try:
        require("video")
    except MissingExtraError as error:
        raise PictureError(f"{shown(path)}: {error}") from error
