"""Animations that the tests make and take apart again."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pielight.io.codecs.png.chunks import SIGNATURE, chunk
from tests.io import samples

TIMES = [100, 150, 200, 250]


def pictures(mode: str = "RGB", count: int = 4) -> list[Image.Image]:
    """A dark ground on which a square moves."""
    ground, made = samples.colors(80, 60), []
    for number in range(count):
        values = ground.copy()
        values[8 + 6 * number : 20 + 6 * number, 10:30] = [70, 30, 10]
        made.append(Image.fromarray(values))
    if mode == "P":
        return [picture.quantize(40) for picture in made]
    if mode == "RGBA":
        for picture in made:
            picture.putalpha(Image.linear_gradient("L").resize(picture.size))
    return [picture.convert(mode) for picture in made]


def animated(file_format: str, mode: str = "RGB", **options: Any) -> bytes:
    first, *others = pictures(mode)
    return samples.saved(
        first, file_format, save_all=True, append_images=others, duration=TIMES, **({"loop": 3} | options)
    )


def frames(data: bytes) -> list[NDArray[np.uint8]]:
    """What is seen, (H, W, 4) each."""
    found = []
    with Image.open(io.BytesIO(data)) as image:
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            found.append(np.asarray(image.convert("RGBA")))
    return found


def apng(indexed: list[NDArray[np.uint8]], palette: bytes, depth: int = 8, opacity: bytes = b"") -> bytes:
    """An animated PNG of one palette, which Pillow does not write; every frame but the first leaves out its edge."""
    height, width = indexed[0].shape
    made = [chunk(b"IHDR", struct.pack(">LLBBBBB", width, height, depth, 3, 0, 0, 0)), chunk(b"PLTE", palette)]
    made += [chunk(b"tRNS", opacity)] if opacity else []
    made += [chunk(b"acTL", struct.pack(">LL", len(indexed), 7))]
    for number, values in enumerate(indexed):
        edge = min(number, 1)
        part = values[edge:, edge:]
        control = (max(0, 2 * number - 1), part.shape[1], part.shape[0], edge, edge, 10 + number, 100, 0, 0)
        rows = b"".join(b"\0" + (np.packbits(row) if depth == 1 else row).tobytes() for row in part)
        body = zlib.compress(rows)
        made.append(chunk(b"fcTL", struct.pack(">LLLLLHHBB", *control)))
        made.append(chunk(b"fdAT", struct.pack(">L", 2 * number) + body) if number else chunk(b"IDAT", body))
    return SIGNATURE + b"".join(made) + chunk(b"IEND", b"")


def deep_apng(values: list[NDArray[np.uint16]]) -> bytes:
    """An animated PNG of 16-bit colors."""
    height, width = values[0].shape[:2]
    made = [chunk(b"IHDR", struct.pack(">LLBBBBB", width, height, 16, 2, 0, 0, 0))]
    made += [chunk(b"acTL", struct.pack(">LL", len(values), 0))]
    for number, frame in enumerate(values):
        control = (max(0, 2 * number - 1), width, height, 0, 0, 1, 10, 0, 0)
        body = zlib.compress(b"".join(b"\0" + row.astype(">u2").tobytes() for row in frame))
        made.append(chunk(b"fcTL", struct.pack(">LLLLLHHBB", *control)))
        made.append(chunk(b"fdAT", struct.pack(">L", 2 * number) + body) if number else chunk(b"IDAT", body))
    return SIGNATURE + b"".join(made) + chunk(b"IEND", b"")
