"""How AVIF and HEIC files code their pixels and name their colours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

from pielight.media.items import Item, Items

_CODE = b"colrnclx"
_PLAIN_PRIMARIES = (1, 2, 5, 6)  # of sRGB, none said, and old television: nearly the same
_HEAD = 1 << 16  # our own files have their boxes here
_SUBSAMPLINGS = {(0, 0): "4:4:4", (1, 0): "4:2:2", (1, 1): "4:2:0"}  # chroma halved across, and down
_HEVC_SUBSAMPLINGS = {1: "4:2:0", 2: "4:2:2", 3: "4:4:4"}


@dataclass(frozen=True)
class Coding:
    """How the pixels of an AVIF or HEIC are coded.

    Attributes:
        bits: Per channel.
        subsampling: Of chroma, as ``4:2:0``; None of grey pictures.
        length: Bytes of the coded pixels, without opacity, thumbnails and the like; 0 if that is not known.
    """

    bits: int = 8
    subsampling: str | None = None
    length: int = 0


def read_coding(items: Items) -> Coding:
    """Return how what is shown is coded."""
    parts = items.parts()
    length = sum(length for part in parts for _, length in part.spans)
    part = parts[0] if parts else Item()
    if (av1 := part.property_of(b"av1C")) is not None and len(av1) > 2:
        bits = (12 if av1[2] & 0x20 else 10) if av1[2] & 0x40 else 8
        grey = av1[2] & 0x10
        return Coding(bits, None if grey else _SUBSAMPLINGS.get((av1[2] >> 3 & 1, av1[2] >> 2 & 1)), length)
    if (hevc := part.property_of(b"hvcC")) is not None and len(hevc) > 17:
        return Coding(8 + (hevc[17] & 7), _HEVC_SUBSAMPLINGS.get(hevc[16] & 3), length)
    return Coding()


def read_colour_code(items: Items) -> tuple[int, int] | None:
    """Return the numbers for primaries and transfer curve by which a file names its colours without a profile."""
    for item in (items.shown(), *items.parts()):
        code = item.property_of(b"colr", b"nclx")
        if code is not None and len(code) >= 4:
            return int.from_bytes(code[:2], "big"), int.from_bytes(code[2:4], "big")
    return None


def is_wide(code: tuple[int, int] | None) -> bool:
    """Say whether a code stands for other colours than sRGB's.

    >>> is_wide((12, 13)), is_wide((1, 13)), is_wide(None)
    (True, False, False)
    """
    return code is not None and code[0] not in _PLAIN_PRIMARIES


def write_colour_code(file: BinaryIO, start: int, code: tuple[int, int]) -> None:
    """Write a colour code over the one that Pillow put into an AVIF file; an animation says it twice.

    Args:
        file: Open for reading too.
        start: Where the AVIF starts in it; it goes on to the end.
        code: From :func:`read_colour_code`.
    """
    file.seek(start)
    head = file.read(_HEAD)
    place = head.find(_CODE)
    while place >= 0:
        file.seek(start + place + len(_CODE))
        file.write(b"".join(number.to_bytes(2, "big") for number in code))
        place = head.find(_CODE, place + 1)
    file.seek(0, 2)
