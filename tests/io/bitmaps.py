"""BMP files laid out by hand."""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

RGB565 = (0xF800, 0x7E0, 0x1F)
BGRA = (0xFF0000, 0xFF00, 0xFF, 0xFF000000)


def bmp(
    made: NDArray[np.uint32], bits: int, masks: tuple[int, ...] = (), size: int = 40, coding: int | None = None,
    top_down: bool = False, space: bytes = b"", profile: bytes = b"", per_metre: int = 0,
) -> bytes:  # fmt: skip
    """A BMP laid out by hand."""
    rows = (
        made.astype("<u2" if bits == 16 else "<u4") if top_down else made[::-1].astype("<u2" if bits == 16 else "<u4")
    )
    pixels = b"".join(row.tobytes() + bytes(-row.nbytes % 4) for row in rows)
    if coding is None:
        coding = 0 if not masks else 3
    height, width = made.shape
    head = struct.pack(
        "<L2l2H6L",
        size,
        width,
        -height if top_down else height,
        1,
        bits,
        coding,
        len(pixels),
        per_metre,
        per_metre,
        0,
        0,
    )
    head += b"".join(struct.pack("<L", mask) for mask in masks) if masks else b""
    inside = max(size, 40 + 4 * len(masks))
    if size >= 108:
        head = head.ljust(56, b"\0") + (space or b"BGRs").ljust(52, b"\0")
    if size == 124:
        head += struct.pack("<4L", 4, inside + len(pixels), len(profile), 0)
    head = head.ljust(inside, b"\0")
    return b"BM" + struct.pack("<3L", 14 + len(head) + len(pixels), 0, 14 + len(head)) + head + pixels + profile


def of_colors(colors: NDArray[np.uint8], masks: tuple[int, ...]) -> NDArray[np.uint32]:
    """Put colors, (H, W, 3 or 4), into bit fields."""
    made = np.zeros(colors.shape[:2], np.uint32)
    for channel, mask in enumerate(masks):
        low = mask & -mask
        made |= (colors[..., channel].astype(np.uint32) * (mask // low) // 255) * np.uint32(low)
    return made
