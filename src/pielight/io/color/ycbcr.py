"""Uncompressed YCbCr pixels with subsampled chroma, in the order of TIFF and EXIF."""

from __future__ import annotations

import numpy as np
from PIL import Image

Steps = tuple[int, int]  # pixels across and down that share their chroma


def to_rgb(data: bytes, width: int, height: int, steps: Steps) -> bytes:
    """Return the RGB pixels of blocks that each hold some luma samples, and Cb and Cr.

    Raises:
        ValueError: There are too few bytes.

    >>> to_rgb(bytes((50, 60, 128, 128)), 2, 1, (2, 1)).hex()
    '3232323c3c3c'
    """
    across, down = steps
    wide, high = -(-width // across), -(-height // down)
    blocks = np.frombuffer(data, np.uint8, wide * high * (across * down + 2)).reshape(high, wide, -1)
    luma = blocks[..., :-2].reshape(high, wide, down, across).swapaxes(1, 2).reshape(high * down, wide * across)
    chroma = (blocks[..., index].repeat(down, axis=0).repeat(across, axis=1) for index in (-2, -1))
    planes = [Image.fromarray(np.ascontiguousarray(plane[:height, :width])) for plane in (luma, *chroma)]
    return Image.merge("YCbCr", planes).convert("RGB").tobytes()


def from_rgb(data: bytes, width: int, height: int, steps: Steps) -> bytes:
    """Return the blocks of RGB pixels.

    >>> from_rgb(bytes.fromhex("3232323c3c3c"), 2, 1, (2, 1)).hex()
    '323c8080'
    """
    across, down = steps
    luma, *chroma = Image.frombytes("RGB", (width, height), data).convert("YCbCr").split()
    wide, high = -(-width // across), -(-height // down)
    rows = np.pad(np.asarray(luma), ((0, high * down - height), (0, wide * across - width)), mode="edge")
    blocks = np.empty((high, wide, across * down + 2), np.uint8)
    blocks[..., :-2] = rows.reshape(high, down, wide, across).swapaxes(1, 2).reshape(high, wide, -1)
    for index, plane in zip((-2, -1), chroma, strict=True):
        blocks[..., index] = np.asarray(plane.reduce(steps))
    return blocks.tobytes()
