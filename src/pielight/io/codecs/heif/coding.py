"""How AVIF and HEIC files code their pixels and name their colors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

from pielight.io.codecs.heif.items import Item, Items

_CODE = b"colrnclx"
_PLAIN_PRIMARIES = (1, 2, 5, 6)  # of sRGB, none said, and old television: nearly the same
_PRIMARIES, _TRANSFERS, _UNKNOWN = (1, *range(4, 13), 22), (1, *range(4, 19)), 2  # by ITU-T H.273
_IDENTITY = bytes(2)  # the number of a matrix that changes nothing
_HDR_CURVES = {16: "PQ", 18: "HLG"}
_HEAD = 1 << 16  # our own files have their boxes here
_SUBSAMPLINGS = {(0, 0): "4:4:4", (1, 0): "4:2:2", (1, 1): "4:2:0"}  # chroma halved across, and down
_ALPHAS = (b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", b"urn:mpeg:hevc:2015:auxid:1")
_PLANES = {  # by what their kind holds in small letters
    b"gainmap": "HDR gain map",
    b"depth": "depth map",
    b"disparity": "depth map",
    b"hevc:2015:auxid:2": "depth map",
    b"matte": "matte of people or parts",
}
_HEVC_SUBSAMPLINGS = {1: "4:2:0", 2: "4:2:2", 3: "4:4:4"}


@dataclass(frozen=True)
class Coding:
    """How the pixels of an AVIF or HEIC are coded.

    Attributes:
        bits: Per channel.
        subsampling: Of chroma, as ``4:2:0``; None of gray pictures.
        length: Bytes of the coded pixels, without opacity, thumbnails and the like; 0 if that is not known.
        thumbnails: Longer sides of the thumbnails.
        planes: What else belongs to the picture, as gain maps and depth, and is not opacity.
        has_rgb: Whether R, G and B are coded as they are, which only encoders without loss do.
    """

    bits: int = 8
    subsampling: str | None = None
    length: int = 0
    thumbnails: tuple[int, ...] = ()
    planes: tuple[str, ...] = ()
    has_rgb: bool = False


def read_coding(items: Items) -> Coding:
    """Return how what is shown is coded."""
    parts = items.parts()
    length = sum(length for part in parts for _, length in part.spans)
    part = parts[0] if parts else Item()
    code = _code(items)
    others = _thumbnails(items), _planes(items), len(code) >= 6 and code[4:6] == _IDENTITY
    if (av1 := part.property_of(b"av1C")) is not None and len(av1) > 2:
        bits = (12 if av1[2] & 0x20 else 10) if av1[2] & 0x40 else 8
        gray = av1[2] & 0x10
        return Coding(bits, None if gray else _SUBSAMPLINGS.get((av1[2] >> 3 & 1, av1[2] >> 2 & 1)), length, *others)
    if (hevc := part.property_of(b"hvcC")) is not None and len(hevc) > 17:
        return Coding(8 + (hevc[17] & 7), _HEVC_SUBSAMPLINGS.get(hevc[16] & 3), length, *others)
    return Coding()


def _thumbnails(items: Items) -> tuple[int, ...]:
    sizes = [item.property_of(b"ispe") or b"" for item in items.pointing_here(b"thmb")]
    sides = [max(int.from_bytes(size[4:8], "big"), int.from_bytes(size[8:12], "big")) for size in sizes]
    return tuple(side for side in sides if side)


def _planes(items: Items) -> tuple[str, ...]:
    """Name what is no part of the picture as it is shown everywhere."""
    kinds = [item.property_of(b"auxC") or b"" for item in items.pointing_here(b"auxl")]
    named = [next((name for part, name in _PLANES.items() if part in kind.lower()), "") for kind in kinds]
    unknown = ["further plane" for kind, name in zip(kinds, named, strict=True) if not name and not _is_alpha(kind)]
    tone_mapped = ["HDR gain map" for item in items.by_number.values() if item.kind == b"tmap"]
    return tuple(dict.fromkeys([name for name in named if name] + tone_mapped + unknown))


def _is_alpha(kind: bytes) -> bool:
    return any(kind[4:].startswith(alpha) for alpha in _ALPHAS)


def read_cicp(items: Items) -> tuple[int, int] | None:
    """Return the numbers for primaries and transfer curve by which a file names its colors without a profile."""
    code = _code(items)
    if not code:
        return None
    primaries, transfer = int.from_bytes(code[:2], "big"), int.from_bytes(code[2:4], "big")
    return primaries if primaries in _PRIMARIES else _UNKNOWN, transfer if transfer in _TRANSFERS else _UNKNOWN


def _code(items: Items) -> bytes:
    """Return the numbers for primaries, transfer curve and matrix as they stand in a file; empty if it says none."""
    found = (item.property_of(b"colr", b"nclx") or b"" for item in (items.shown(), *items.parts()))
    return next((code for code in found if len(code) >= 4), b"")


def is_wide(code: tuple[int, int] | None) -> bool:
    """Say whether a code stands for other colors than sRGB's.

    >>> is_wide((12, 13)), is_wide((1, 13)), is_wide(None)
    (True, False, False)
    """
    return code is not None and code[0] not in _PLAIN_PRIMARIES


def hdr_curve(code: tuple[int, int] | None) -> str:
    """Name the curve of a picture that is brighter than paper, else nothing.

    >>> hdr_curve((9, 16)), hdr_curve((12, 13))
    ('PQ', '')
    """
    return _HDR_CURVES.get(code[1], "") if code else ""


def write_cicp(file: BinaryIO, start: int, code: tuple[int, int]) -> None:
    """Write a color code over the one that Pillow put into an AVIF file; an animation says it twice.

    Args:
        file: Open for reading too.
        start: Where the AVIF starts in it; it goes on to the end.
        code: From :func:`read_cicp`.
    """
    file.seek(start)
    head = file.read(_HEAD)
    place = head.find(_CODE)
    while place >= 0:
        file.seek(start + place + len(_CODE))
        file.write(b"".join(number.to_bytes(2, "big") for number in code))
        place = head.find(_CODE, place + 1)
    file.seek(0, 2)
