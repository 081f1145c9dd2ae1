"""How AVIF and HEIC files code their pixels, and their color space as CICP code points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

from pielight.io.codecs.heif.items import Item, Items

_NCLX = b"colrnclx"
_PLAIN_PRIMARIES = (1, 2, 5, 6)  # sRGB, unspecified, and standard-definition television: nearly the same
_PRIMARIES, _TRANSFERS, _UNKNOWN = (1, *range(4, 13), 22), (1, *range(4, 19)), 2  # by ITU-T H.273
_IDENTITY = bytes(2)  # code point of the identity matrix
_HDR_CURVES = {16: "PQ", 18: "HLG"}
_HEAD = 1 << 16  # bytes in which our own files have their boxes
_SUBSAMPLINGS = {(0, 0): "4:4:4", (1, 0): "4:2:2", (1, 1): "4:2:0"}  # chroma halved across, and down
_ALPHAS = (b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", b"urn:mpeg:hevc:2015:auxid:1")
_PLANES = {  # by a part of their type in lower case
    b"gainmap": "HDR gain map",
    b"depth": "depth map",
    b"disparity": "depth map",
    b"hevc:2015:auxid:2": "depth map",
    b"matte": "matte of people or parts",
}
_HEVC_SUBSAMPLINGS = {1: "4:2:0", 2: "4:2:2", 3: "4:4:4"}


@dataclass(frozen=True)
class Coding:
    """How the pixels of an AVIF or HEIC are coded."""

    bits: int = 8  # per channel
    subsampling: str | None = None  # of chroma, as 4:2:0; None of gray pictures
    length: int = 0  # bytes of the coded pixels, without opacity, thumbnails and the like; 0 if unknown
    thumbnails: tuple[int, ...] = ()  # longer sides of the thumbnails
    planes: tuple[str, ...] = ()  # names of auxiliary planes other than opacity, such as gain maps and depth
    has_rgb: bool = False  # whether R, G and B are coded directly, as only lossless encoders do


def read_coding(items: Items) -> Coding:
    """Return how the picture is coded."""
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
    sizes = [item.property_of(b"ispe") or b"" for item in items.referring(b"thmb")]
    sides = [max(int.from_bytes(size[4:8], "big"), int.from_bytes(size[8:12], "big")) for size in sizes]
    return tuple(side for side in sides if side)


def _planes(items: Items) -> tuple[str, ...]:
    """Name the auxiliary planes that not every viewer uses."""
    kinds = [item.property_of(b"auxC") or b"" for item in items.referring(b"auxl")]
    named = [next((name for part, name in _PLANES.items() if part in kind.lower()), "") for kind in kinds]
    unknown = ["further plane" for kind, name in zip(kinds, named, strict=True) if not name and not _is_alpha(kind)]
    tone_mapped = ["HDR gain map" for item in items.by_number.values() if item.kind == b"tmap"]
    return tuple(dict.fromkeys([name for name in named if name] + tone_mapped + unknown))


def _is_alpha(kind: bytes) -> bool:
    return any(kind[4:].startswith(alpha) for alpha in _ALPHAS)


def read_cicp(items: Items) -> tuple[int, int] | None:
    """Return the CICP code points (ITU-T H.273) of primaries and transfer curve; None if the file has none."""
    code = _code(items)
    if not code:
        return None
    primaries, transfer = int.from_bytes(code[:2], "big"), int.from_bytes(code[2:4], "big")
    return primaries if primaries in _PRIMARIES else _UNKNOWN, transfer if transfer in _TRANSFERS else _UNKNOWN


def _code(items: Items) -> bytes:
    """Return primaries, transfer curve and matrix as coded in the file; empty if it has none."""
    contents = (item.property_of(b"colr", b"nclx") or b"" for item in (items.shown(), *items.parts()))
    return next((code for code in contents if len(code) >= 4), b"")


def is_wide_gamut(cicp: tuple[int, int] | None) -> bool:
    """Return whether CICP code points stand for other primaries than sRGB's.

    >>> is_wide_gamut((12, 13)), is_wide_gamut((1, 13)), is_wide_gamut(None)
    (True, False, False)
    """
    return cicp is not None and cicp[0] not in _PLAIN_PRIMARIES


def hdr_curve(cicp: tuple[int, int] | None) -> str:
    """Return the name of the transfer curve of a picture of high dynamic range; else empty.

    >>> hdr_curve((9, 16)), hdr_curve((12, 13))
    ('PQ', '')
    """
    return _HDR_CURVES.get(cicp[1], "") if cicp else ""


def write_cicp(file: BinaryIO, start: int, cicp: tuple[int, int]) -> None:
    """Overwrite the CICP code points that Pillow put into an AVIF file; an animation has them twice.

    Args:
        file: Open for reading too.
        start: Where the AVIF starts in it; it goes on to the end.
        cicp: Primaries and transfer curve.
    """
    file.seek(start)
    head = file.read(_HEAD)
    position = head.find(_NCLX)
    while position >= 0:
        file.seek(start + position + len(_NCLX))
        file.write(b"".join(number.to_bytes(2, "big") for number in cicp))
        position = head.find(_NCLX, position + 1)
    file.seek(0, 2)
