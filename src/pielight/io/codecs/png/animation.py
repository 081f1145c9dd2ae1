"""Animated PNG: its frames share one header and one palette, and each is coded like a PNG."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from typing import BinaryIO

import numpy as np

from pielight.io.codec_errors import errors_named
from pielight.io.codecs.frame import CanvasFrames, Disposal, Frame, FrameControl
from pielight.io.codecs.png.chunks import SIGNATURE, chunk, png_chunks
from pielight.io.codecs.png.still import metadata_chunks
from pielight.io.color.palette import EntryMeans, Palette
from pielight.io.encode import encode
from pielight.io.image import Picture
from pielight.io.metadata.metadata import Metadata
from pielight.io.size_limits import check_frames

_CONTROL = struct.Struct(">LLLLLHHBB")  # number, width, height, left, top, delay (two), disposal, blending
_DISPOSALS = {0: Disposal.KEEP, 1: Disposal.CLEAR, 2: Disposal.RESTORE}


@dataclass(frozen=True)
class _CodedFrame:
    """A frame as it is coded; one without a control is shown only by viewers that do not know animations."""

    control: tuple[int, ...] = ()
    parts: list[bytes] = field(default_factory=list)


class ApngFrames(CanvasFrames):
    """The frames of an animated PNG."""

    def __init__(self, data: bytes, name: str) -> None:
        super().__init__(data, name)
        self._header, self._plays = data[16:29], bytes(4)
        self._palette: dict[bytes, bytes] = {}  # with the opacity of its entries
        self._frames: list[_CodedFrame] = []
        with errors_named(name):
            self._width, self._height = struct.unpack(">LL", self._header[:8])
            for kind, content in png_chunks(data):
                if kind == b"acTL":
                    self._plays = content[4:8]
                elif kind in (b"PLTE", b"tRNS"):
                    self._palette[kind] = content
                elif kind == b"fcTL":
                    self._frames.append(_CodedFrame(_CONTROL.unpack(content)))
                elif kind in (b"IDAT", b"fdAT"):
                    if not self._frames:
                        self._frames.append(_CodedFrame())
                    self._frames[-1].parts.append(content if kind == b"IDAT" else content[4:])
            self._count = len(self._frames)
            check_frames(self._count, self._count * self._width * self._height, len(data))

    def write(self, file: BinaryIO, frames: Iterable[Frame], first: Picture, _quality: int | None) -> str:
        """Write the processed frames; see :class:`.frame.Frames`."""
        if isinstance(first.source, Palette):
            means = EntryMeans()
            for frame in frames:
                if isinstance(frame.picture.source, Palette):
                    means.add(frame.picture.source.indices, frame.cropped().pixels)
            entries = np.frombuffer(self._palette[b"PLTE"], np.uint8).reshape(-1, 3)
            palette = self._palette | {b"PLTE": means.entries(entries).tobytes()}
            bodies = ((self._header, b"".join(coded.parts)) for coded in self._frames)
        else:
            palette = {}
            bodies = (_encoded(frame.cropped()) for frame in frames)
        numbers, shown = count(), sum(bool(coded.control) for coded in self._frames)
        for index, (coded, (header, body)) in enumerate(zip(self._frames, bodies, strict=True)):
            if not index:
                file.write(SIGNATURE + chunk(b"IHDR", self._header[:8] + header[8:]))
                for kind, content in (*metadata_chunks(first.metadata), *palette.items()):
                    file.write(chunk(kind, content))
                file.write(chunk(b"acTL", struct.pack(">L", shown) + self._plays))
            if coded.control:
                file.write(chunk(b"fcTL", _CONTROL.pack(next(numbers), *coded.control[1:])))
            file.write(chunk(b"fdAT", struct.pack(">L", next(numbers)) + body) if index else chunk(b"IDAT", body))
        file.write(chunk(b"IEND", b""))
        return first.note

    def _files(self) -> Iterator[tuple[bytes, FrameControl]]:
        whole = (0, self._width, self._height, 0, 0, 0, 0, 0, 0)
        for frame in self._frames:
            _, width, height, left, top, _, _, disposal, blending = frame.control or whole
            header = struct.pack(">LL", width, height) + self._header[8:]
            chunks = [(b"IHDR", header), *self._palette.items(), (b"IDAT", b"".join(frame.parts)), (b"IEND", b"")]
            data = SIGNATURE + b"".join(chunk(kind, content) for kind, content in chunks)
            kept = _DISPOSALS.get(disposal, Disposal.KEEP)
            yield data, FrameControl(left, top, width, height, blending == 1, kept)


def _encoded(picture: Picture) -> tuple[bytes, bytes]:
    """Return header and body of a picture as PNG."""
    made = encode(replace(picture, metadata=Metadata()), "PNG")
    body = b"".join(content for kind, content in png_chunks(made) if kind == b"IDAT")
    return made[16:29], body
