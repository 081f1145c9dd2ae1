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
    if metadata.icc_profile:
        space, profile = EMBEDDED.ljust(_SPACE_BYTES, b"\0"), metadata.icc_profile
    else:
        space = metadata.color_space or SRGB.ljust(_SPACE_BYTES, b"\0")
        space, profile = space[:_SPACE_BYTES], space[_SPACE_BYTES:]
    needs_v5 = bool(has_alpha or metadata.icc_profile or metadata.color_space)

    def rewritten(head: bytes) -> bytes:
        head = _with_v5_header(head, has_alpha, space, profile) if needs_v5 else head
        return head[FILE_HEAD if metadata.headless else 0 :]

    target = pillow.HeaderRewriter(pillow.checked(file), FILE_HEAD + INFO, rewritten)
    image.save(cast(BinaryIO, target), "BMP", dpi=metadata.dpi or _NO_RESOLUTION)
    file.write(profile)


def _with_v5_header(head: bytes, has_alpha: bool, space: bytes, profile: bytes) -> bytes:
    """Return the first bytes of a BMP with a longer header, which holds opacity and color space."""
    more = V5 - INFO
    size, _, offset = struct.unpack_from("<3L", head, 2)
    info = bytearray(head[FILE_HEAD : FILE_HEAD + INFO])
    info[:4] = V5.to_bytes(4, "little")
    if has_alpha:
        info[16:20] = FIELDS.to_bytes(4, "little")
    masks = MASKS.pack(*(BGRA if has_alpha else bytes(4)))
    profile_offset = size + more - FILE_HEAD if profile else 0
    tail = struct.pack("<4L", _PERCEPTUAL, profile_offset, len(profile), 0)
    file_header = file_head(size + more + len(profile), offset + more)
    return file_header + bytes(info) + masks + space + tail + head[FILE_HEAD + INFO :]
