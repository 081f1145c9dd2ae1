"""Animated WebP: the frames of its container, each of which is coded like a WebP picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from pielight.errors import PictureError
from pielight.io.codec_errors import errors_named
from pielight.io.codecs.frame import CanvasFrames, Disposal, Frame, FrameControl
from pielight.io.codecs.webp.chunks import FRAME_HEADER, chunks
from pielight.io.encode import encode
from pielight.io.image import Picture
from pielight.io.metadata.metadata import Metadata
from pielight.io.size_limits import check_frames

_CODED = (b"ALPH", b"VP8 ", b"VP8L")
_ICC, _ALPHA, _EXIF, _XMP, _ANIMATION = 0x20, 0x10, 0x08, 0x04, 0x02
_CLEARED, _IN_PLACE = 0x01, 0x02  # flags of a frame


class WebpFrames(CanvasFrames):
    """The frames of an animated WebP."""

    def __init__(self, data: bytes, name: str) -> None:
        parts = list(chunks(data, 12, len(data)))
        super().__init__(data, name)
        self._frames = [part for kind, part in parts if kind == b"ANMF" and part.stop - part.start > FRAME_HEADER]
        head = next((data[part] for kind, part in parts if kind == b"VP8X"), b"").ljust(10, b"\0")
        self._has_alpha = head[0] & _ALPHA
        self._size = head[4:10]
        self._width, self._height = _unsigned(head[4:7]) + 1, _unsigned(head[7:10]) + 1
        self._loop = next((data[part] for kind, part in parts if kind == b"ANIM"), bytes(6))
        self._count = len(self._frames)
        with errors_named(name):
            check_frames(self._count, self._count * self._width * self._height, len(data))

    def write(self, file: BinaryIO, frames: Iterable[Frame], first: Picture, quality: int | None) -> str:
        """Write the processed frames; see :class:`.frame.Frames`."""
        metadata = first.metadata
        start = file.tell()
        file.write(b"RIFF\0\0\0\0WEBP")
        _put(file, b"VP8X", bytes((self._flags(metadata), 0, 0, 0)) + self._size)
        if metadata.icc_profile:
            _put(file, b"ICCP", metadata.icc_profile)
        _put(file, b"ANIM", self._loop)
        for part, frame in zip(self._frames, frames, strict=True):
            made = encode(frame.cropped(), "WEBP", quality, f"{self._name}: frame {frame.number}")
            coded = b"".join(_chunk(kind, made[where]) for kind, where in chunks(made, 12, len(made)) if kind in _CODED)
            _put(file, b"ANMF", self._data[part.start : part.start + FRAME_HEADER] + coded)
        if metadata.exif:
            _put(file, b"EXIF", metadata.exif)
        if metadata.xmp:
            _put(file, b"XMP ", metadata.xmp)
        end = file.tell()
        file.seek(start + 4)
        file.write((end - start - 8).to_bytes(4, "little"))
        file.seek(end)
        return first.note

    def _flags(self, metadata: Metadata) -> int:
        held = ((metadata.icc_profile, _ICC), (metadata.exif, _EXIF), (metadata.xmp, _XMP))
        return self._has_alpha | _ANIMATION | sum(flag for content, flag in held if content)

    def _files(self) -> Iterator[tuple[bytes, FrameControl]]:
        for part in self._frames:
            head = self._data[part.start : part.start + FRAME_HEADER]
            left, top, width, height = (_unsigned(head[at : at + 3]) for at in (0, 3, 6, 9))
            disposal = Disposal.CLEAR if head[15] & _CLEARED else Disposal.KEEP
            control = FrameControl(2 * left, 2 * top, width + 1, height + 1, not head[15] & _IN_PLACE, disposal)
            inner = chunks(self._data, part.start + FRAME_HEADER, part.stop)
            coded = [(kind, self._data[span]) for kind, span in inner if kind in _CODED]
            if not coded:
                raise PictureError(f"{self._name}: damaged picture (a frame is empty)")
            body = b"".join(_chunk(kind, content) for kind, content in coded)
            if coded[0][0] == b"ALPH":
                body = _chunk(b"VP8X", bytes((_ALPHA, 0, 0, 0)) + head[6:12]) + body
            yield b"RIFF" + (len(body) + 4).to_bytes(4, "little") + b"WEBP" + body, control


def _unsigned(value: bytes) -> int:
    return int.from_bytes(value, "little")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return kind + len(content).to_bytes(4, "little") + content + b"\0" * (len(content) % 2)


def _put(file: BinaryIO, kind: bytes, content: bytes) -> None:
    file.write(_chunk(kind, content))
