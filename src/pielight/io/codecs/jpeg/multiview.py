"""JPEG files of several views of a scene: for two eyes, of a panorama, from several angles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from typing import BinaryIO

from pielight.io.codecs.frame import Frame, Frames
from pielight.io.codecs.jpeg.segments import parse
from pielight.io.codecs.jpeg.trailer import find_parts
from pielight.io.decode import decode
from pielight.io.encode import encode, fitted, save
from pielight.io.image import Picture, look_different, sample
from pielight.io.size_limits import check_frames

_JPEG = "JPEG"


class JpegViews(Frames):
    """The views in a JPEG file."""

    def __init__(self, data: bytes, name: str) -> None:
        super().__init__(data, name)
        layout = parse(data)
        views = [part.content for part in find_parts(data, layout) or () if part.kind == "view"]
        sizes = [layout.size(), *(parse(view).size() for view in views)]
        check_frames(len(sizes), sum(width * height for width, height in sizes), len(data))
        self._count = len(sizes)

    def __iter__(self) -> Iterator[Frame]:
        first = decode(self._data, self._name)
        views = (decode(part.content, self._name) for part in first.metadata.appended if part.kind == "view")
        for number, picture in enumerate(chain([first], views), 1):
            yield Frame(picture.pixels, picture, picture.pixels, number=number)

    def write(self, file: BinaryIO, frames: Iterable[Frame], first: Picture, quality: int | None) -> str:
        """Write all views as JPEGs, each with what its own file holds; see :class:`.frame.Frames`."""
        remaining = iter(frames)
        first_frame = next(remaining)
        parts = tuple(
            replace(part, content=encode(self._fitted(next(remaining)), _JPEG, quality, self._name))
            if part.kind == "view"
            else part
            for part in first.metadata.appended
        )
        picture = replace(first, metadata=replace(first.metadata, appended=parts))
        whole = self._fitted(replace(first_frame, picture=picture))
        save(whole, file, _JPEG, quality, self._name)
        return whole.note

    def _fitted(self, frame: Frame) -> Picture:
        differs = look_different(sample(frame.picture.pixels), sample(frame.pixels))
        return fitted(replace(frame.cropped(), changed=differs, is_one_of_several=False), _JPEG, self._name)
