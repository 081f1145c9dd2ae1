"""Animated AVIF: its frames are encoded with the durations and the repetitions of the source."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from typing import Any, BinaryIO

from PIL import Image

from pielight.io.codec_errors import errors_named
from pielight.io.codecs.frame import Frame, Frames
from pielight.io.codecs.heif.still import write_avif
from pielight.io.codecs.isobmff import Box, walk
from pielight.io.convert import fit
from pielight.io.image import Picture, from_image, to_image
from pielight.io.size_limits import check_frames

_REPEATS = 1  # a flag of an edit list
_DURATIONS = {b"mvhd": (24, 16), b"tkhd": (28, 20)}  # their offset in a box, where they have 8 bytes and 4


class AvifFrames(Frames):
    """The frames of an animated AVIF."""

    def __init__(self, data: bytes, name: str) -> None:
        super().__init__(data, name)
        self._durations: dict[int, int] = {}  # by index, in milliseconds
        with errors_named(name):
            self._image = Image.open(io.BytesIO(data), formats=("AVIF",))
            self._count = int(getattr(self._image, "n_frames", 1))
            check_frames(self._count, self._count * self._image.width * self._image.height, len(data))

    def __iter__(self) -> Iterator[Frame]:
        for index in range(self._count):
            picture = self._decoded(index)
            yield Frame(picture.pixels, picture, picture.pixels, number=index + 1)

    def write(self, file: BinaryIO, frames: Iterable[Frame], first: Picture, quality: int | None) -> str:
        """Write the processed frames; see :class:`.frame.Frames`."""
        for index in range(self._count):
            if index not in self._durations:
                self._decoded(index)
        start, remaining = file.tell(), iter(frames)
        first_frame = next(remaining)
        sequence = _Sequence((to_image(frame.cropped()) for frame in chain([first_frame], remaining)), self._count)
        picture = replace(first_frame.cropped(), format=first.format, metadata=first.metadata)
        more = {"save_all": True, "duration": [self._durations[index] for index in range(self._count)]}
        with errors_named(self._name, "cannot be encoded as AVIF", writing=True):
            write_avif(fit(picture, "AVIF"), file, quality, (sequence, more))
        write_plays(file, start, read_plays(self._data))
        return first.note

    def _decoded(self, index: int) -> Picture:
        with errors_named(f"{self._name}: frame {index + 1}"):
            self._image.seek(index)
            picture = from_image(self._image)
            self._durations[index] = int(self._image.info.get("duration", 0))
            return picture


class _Sequence(Image.Image):
    """Images that Pillow's encoder goes through once; each is made when its pixels are asked for."""

    is_animated = True

    def __init__(self, images: Iterator[Image.Image], count: int) -> None:
        super().__init__()
        self._images, self.n_frames = images, count
        self._index, self._loaded = 0, -1
        self.load()

    def seek(self, frame: int) -> None:
        """Choose a frame, by its index; Pillow also goes over all of them only to ask for their mode."""
        if frame >= self.n_frames:
            raise EOFError
        self._index = frame

    def tell(self) -> int:
        """Return the index of the chosen frame."""
        return self._index

    def load(self) -> Any:
        """Make the frame."""
        while self._loaded < self._index:
            image = next(self._images)
            image.load()
            self.im, self._mode, self._size = image.im, image.mode, image.size
            self._loaded += 1
        return super().load()


def read_plays(data: bytes) -> int | None:
    """Return how often an animation is played; None means for ever."""
    for track in _inside(data, b"moov", b"trak"):
        edits = next(_inside(data, b"edts", b"elst", start=track), None)
        head = next(_inside(data, b"tkhd", start=track), None)
        if edits is not None and head is not None:
            whole, part = _duration(data, head), _number(data, *_segment(data, edits))
            if not data[edits.start + 3] & _REPEATS:
                return 1
            return None if whole is None or not part else max(1, round(whole / part))
    return None


def write_plays(file: BinaryIO, start: int, plays: int | None) -> None:
    """Overwrite how often an animation is played, which libavif sets to for ever."""
    if plays is None:
        return
    file.seek(start)
    data = file.read()
    for movie in _inside(data, b"moov"):
        tracks = list(_inside(data, b"trak", start=movie))
        edits = [box for track in tracks for box in _inside(data, b"edts", b"elst", start=track)]
        heads = [*_inside(data, b"mvhd", start=movie), *(h for t in tracks for h in _inside(data, b"tkhd", start=t))]
        for box in edits:
            file.seek(start + box.start + 3)
            file.write(bytes((_REPEATS if plays > 1 else 0,)))
        for box in heads:
            position, length = _duration_place(data, box)
            file.seek(start + position)
            file.write((plays * _number(data, *_segment(data, edits[0]))).to_bytes(length, "big"))
    file.seek(0, 2)


def _inside(data: bytes, *kinds: bytes, start: Box | None = None) -> Iterator[Box]:
    """Yield the boxes at a path."""
    for box in walk(data, *((start.start, start.end) if start else (0, len(data)))):
        if box.kind == kinds[0]:
            if len(kinds) == 1:
                yield box
            else:
                yield from _inside(data, *kinds[1:], start=box)


def _duration_place(data: bytes, box: Box) -> tuple[int, int]:
    longer = data[box.start] == 1
    return box.start + _DURATIONS[box.kind][0 if longer else 1], 8 if longer else 4


def _duration(data: bytes, box: Box) -> int | None:
    """Return the duration in a box; None is endless."""
    position, length = _duration_place(data, box)
    value = _number(data, position, length)
    return None if value == (1 << 8 * length) - 1 else value


def _segment(data: bytes, edits: Box) -> tuple[int, int]:
    return edits.start + 8, 8 if data[edits.start] == 1 else 4


def _number(data: bytes, position: int, length: int) -> int:
    return int.from_bytes(data[position : position + length], "big")
