"""JPEG files of several views of a scene: for two eyes, of a panorama, from several angles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, BinaryIO

from numpy.typing import NDArray

from pielight.io.codecs.jpeg_segments import parse
from pielight.io.codecs.jpeg_trailer import Part, find_parts
from pielight.io.decode import decode
from pielight.io.encode import encode, fitted, save
from pielight.io.image import Picture, PixelChange
from pielight.io.size_limits import check_frames
from pielight.io.visible_change import look_different, sample

_JPEG = "JPEG"

Pixels = NDArray[Any]


class JpegViews:
    """The views in a JPEG file; see :class:`pielight.io.frames.Frames`."""

    def __init__(self, data: bytes, name: str) -> None:
        self._data, self._name = data, name
        layout = parse(data)
        views = [part.content for part in find_parts(data, layout) or () if part.kind == "view"]
        sizes = [layout.size(), *(parse(view).size() for view in views)]
        check_frames(len(sizes), sum(width * height for width, height in sizes), len(data))
        self._count = len(sizes)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Pixels]:
        first = decode(self._data, self._name)
        yield first.pixels
        for part in first.metadata.appended:
            if part.kind == "view":
                yield decode(part.content, self._name).pixels

    def write(self, file: BinaryIO, change: PixelChange, first: Picture, quality: int | None) -> str:
        """Write all views as JPEGs, each with what its own file holds."""

        def changed(picture: Picture) -> Picture:
            pixels = change(picture.pixels)
            differs = look_different(sample(picture.pixels), sample(pixels))
            made = replace(picture, pixels=pixels, changed=differs, is_one_of_several=False)
            return fitted(made, _JPEG, self._name)

        def written(part: Part) -> Part:
            if part.kind != "view":
                return part
            view = changed(decode(part.content, self._name))
            return replace(part, content=encode(view, _JPEG, quality, self._name))

        parts = tuple(written(part) for part in first.metadata.appended)
        whole = changed(replace(first, metadata=replace(first.metadata, appended=parts)))
        save(whole, file, _JPEG, quality, self._name)
        return whole.note
