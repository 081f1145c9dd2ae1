"""BMP files as they are written: with a header that holds opacity and color space if they are needed."""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import BinaryIO, cast

from pielight.io.codecs import pillow
from pielight.io.codecs.bmp.reader import BGRA, EMBEDDED, FIELDS, FILE_HEAD, INFO, MASKS, SRGB, V5, file_head
from pielight.io.image import Picture

_SPACE_BYTES = 52
_NO_RESOLUTION = (0, 0)
_PERCEPTUAL = 4  # rendering intent


def write(picture: Picture, file: BinaryIO, _quality: int | None) -> None:
    """Write a BMP; a fourth channel without a name is written as such."""
    metadata, has_alpha = picture.metadata, picture.mode == "RGBA"
    image = pillow.encodable(replace(picture, mode="RGBA") if picture.mode == "RGBX" else picture)
    made = _BmpFile(pillow.checked(file), has_alpha, metadata.icc_profile, metadata.color_space, metadata.headless)
    image.save(cast(BinaryIO, made), "BMP", dpi=metadata.dpi or _NO_RESOLUTION)
    made.finish()


class _BmpFile:
    """A file into which Pillow writes a BMP, whose header is extended where it has more to hold.

    Args:
        file: Open for writing.
        has_alpha: Whether the fourth byte of a pixel is opacity.
        profile: ICC profile, or nothing.
        color_space: As :func:`pielight.io.codecs.bmp.reader.color_metadata` returns it, or nothing.
        headless: Leave out the file header, as clipboards do.
    """

    def __init__(
        self, file: BinaryIO, has_alpha: bool, profile: bytes | None, color_space: bytes, headless: bool
    ) -> None:
        self._file, self._has_alpha, self._headless, self._head = file, has_alpha, headless, b""
        self._is_longer = bool(has_alpha or profile or color_space)
        if profile:
            self._space, self._behind = EMBEDDED.ljust(_SPACE_BYTES, b"\0"), profile
        else:
            space = color_space or SRGB.ljust(_SPACE_BYTES, b"\0")
            self._space, self._behind = space[:_SPACE_BYTES], space[_SPACE_BYTES:]
        self.flush = file.flush

    def write(self, data: bytes) -> int:
        """Write a part of the BMP; its first bytes are held back until the header is complete."""
        if len(self._head) >= FILE_HEAD + INFO:
            return self._file.write(data)
        self._head += data
        if len(self._head) >= FILE_HEAD + INFO:
            head = self._longer() if self._is_longer else self._head
            self._file.write(head[FILE_HEAD if self._headless else 0 :])
        return len(data)

    def finish(self) -> None:
        """Write what follows the pixels."""
        self._file.write(self._behind)

    def _longer(self) -> bytes:
        more = V5 - INFO
        size, _, offset = struct.unpack_from("<3L", self._head, 2)
        info = bytearray(self._head[FILE_HEAD : FILE_HEAD + INFO])
        info[:4] = V5.to_bytes(4, "little")
        if self._has_alpha:
            info[16:20] = FIELDS.to_bytes(4, "little")
        masks = MASKS.pack(*(BGRA if self._has_alpha else bytes(4)))
        place = size + more - FILE_HEAD if self._behind else 0
        tail = struct.pack("<4L", _PERCEPTUAL, place, len(self._behind), 0)
        whole = file_head(size + more + len(self._behind), offset + more) + bytes(info) + masks + self._space + tail
        return whole + self._head[FILE_HEAD + INFO :]
