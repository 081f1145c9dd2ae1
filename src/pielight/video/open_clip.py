"""Clips opened for reading, with errors that name the file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.stream import Discard, Disposition, Stream
from av.video.stream import VideoStream

from pielight.core.atomic_file import check_regular
from pielight.core.messages import shown
from pielight.errors import MissingFileError, PictureError
from pielight.video.containers import DEMUXERS

# Metadata that is no UTF-8 comes back as the bytes that it was; PyAV 19 does that by itself.
TEXT_AS_IT_IS = {"metadata_errors": "surrogateescape"} if int(av.__version__.split(".")[0]) < 19 else {}
_SECONDS = 60.0  # of silence of a drive, after which reading fails
_CUT_OFF = b"moov"
_HEAD = 12  # bytes that tell an MP4 or MOV


@contextmanager
def open_clip(path: Path) -> Iterator[InputContainer]:
    """Open a clip for reading; its other streams are left alone, and no other file is opened.

    Raises:
        MissingFileError: There is no such file.
        PictureError: It is no clip, or its index is missing.
    """
    try:
        check_regular(path)
        if path.stat().st_size == 0:
            raise PictureError(f"{shown(path)}: empty file")
        opened: Any = av.open  # whose parameters differ by release
        container: InputContainer = opened(
            str(path.absolute()),
            "r",
            options={"protocol_whitelist": "file", "format_whitelist": DEMUXERS},
            timeout=_SECONDS,
            **TEXT_AS_IT_IS,
        )
    except PictureError:
        raise
    except FileNotFoundError as error:
        raise MissingFileError(f"{shown(path)}: no such file", str(path)) from error
    except (av.FFmpegError, OSError, ValueError, RuntimeError) as error:
        raise PictureError(f"{shown(path)}: {_why(path, error)}") from error
    with container:
        yield container


def main_video(container: InputContainer) -> VideoStream | None:
    """Return the stream whose frames are enhanced: the default one, else the first; no cover picture."""
    streams = [
        one
        for one in container.streams.video
        if not one.disposition & Disposition.attached_pic and one.codec_context is not None
    ]
    shown_first = [one for one in streams if one.disposition & Disposition.default]
    return next(iter(shown_first or streams), None)


def is_hidden(stream: object) -> bool:
    """Return whether a stream is part of the container's own bookkeeping, as the titles of chapters in a MOV are."""
    return getattr(stream, "discard", None) == Discard.all


def time_base_of(stream: Stream) -> Fraction:
    """Return the seconds of a unit of a stream's time; PyAV 19 has its own type of fractions, and 0 if unset."""
    base = stream.time_base
    return Fraction(base.numerator, base.denominator) if base else Fraction(1, 90000)


def reason(error: BaseException) -> str:
    """Return what went wrong in FFmpeg, in lower case and without the name of a file.

    >>> reason(ValueError("Invalid data"))
    'invalid data'
    """
    text = str(getattr(error, "strerror", None) or error).strip() or type(error).__name__
    return f"{text[:1].lower()}{text[1:]}".rstrip(".")


def _why(path: Path, error: BaseException) -> str:
    """Say why a file is no clip."""
    if isinstance(error, EOFError):
        return "no frame in it: it ends after its header"
    if not isinstance(error, av.InvalidDataError | av.ArgumentError):
        return f"cannot be read as a clip ({reason(error)})"
    try:
        with path.open("rb") as file:
            is_iso = file.read(_HEAD)[4:8] == b"ftyp"
    except OSError:
        is_iso = False
    if is_iso:
        return "no index: the recording was cut off before it was finished; repair it with a tool such as untrunc"
    return "no clip of a known kind, or damaged"
