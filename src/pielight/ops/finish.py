"""The finishing pass: black held and colors balanced, in linear light, after a picture was enhanced."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from pielight.core.color import linear_to_srgb, srgb_to_linear
from pielight.core.pixels import Pixels, full_scale, regular
from pielight.core.threads import check_threads, share_rows
from pielight.ops.black_point import held, toe_of
from pielight.ops.compiled import loop as _loop
from pielight.ops.white_balance import white_balance

_KNOTS = 4096  # of the tables between sRGB and linear light, with linear interpolation: within 3e-7
_ROWS = 32  # at a time, which bounds the memory of temporary arrays


@dataclass(frozen=True)
class Finish:
    """What is done to a picture once it is enhanced.

    Attributes:
        black: How far black is held, 0 to 1: :func:`~pielight.ops.black_point.hold_black`.
        warmth: :func:`~pielight.ops.white_balance.white_balance`.
        tint: The same.
    """

    black: float = 0.0
    warmth: float = 0.0
    tint: float = 0.0

    @property
    def is_neutral(self) -> bool:
        """Whether every picture stays as it is."""
        return self == Finish()

    def matrix(self) -> NDArray[np.float32]:
        """Return the matrix of linear light, (3, 3), or (0, 3) for the identity."""
        if self.warmth == 0 and self.tint == 0:
            return np.empty((0, 3), np.float32)
        return white_balance(self.warmth, self.tint).astype(np.float32)


def apply_finish(source: Pixels, result: Pixels, finish: Finish, threads: int | None = None) -> None:
    """Finish a result in place.

    8-bit, 16-bit and float pictures go through the same arithmetic in float32, between two tables of the transfer curve
    of sRGB; the compiled loop and NumPy return the same bits.

    Args:
        source: The picture before, (H, W, 1 or 3): uint8, uint16, or floats in [0, 1]; read only for ``black``.
        result: What the enhancement made of it, of the same shape and type, other memory; gray keeps its balance.
        finish: What is to be done.
        threads: Threads to share the rows among; None takes every core that the process may use.

    >>> result = np.full((1, 1, 3), 128, np.uint8)
    >>> apply_finish(result, result, Finish(warmth=0.5))
    >>> result[0, 0].tolist()
    [138, 126, 109]
    """
    matrix = finish.matrix() if result.shape[2] == 3 else np.empty((0, 3), np.float32)
    toe = toe_of(finish.black)
    loop = _finish_rows if _loop is None else _loop.finish_rows
    tables = (levels_table(), srgb_knots(), root_knots(), matrix, -1.0 if finish.black == 0 else float(toe * toe))

    def band(top: int, bottom: int) -> None:
        for start in range(top, bottom, _ROWS):
            rows = slice(start, min(start + _ROWS, bottom))
            before, after = (_plain(pixels[rows]) for pixels in (source, result))
            loop(before, *tables, after, 0, len(after))
            if not np.may_share_memory(after, result):
                result[rows] = after

    share_rows(band, result.shape[0], result.size, check_threads(threads))


def _plain(pixels: Pixels) -> Pixels:
    """Return rows that the loop can process: themselves, or a copy, which is float32 for float64."""
    return regular(pixels.astype(np.float32) if pixels.dtype == np.float64 else pixels)


def _finish_rows(
    source: Pixels,
    levels: NDArray[np.float32],
    to_light: NDArray[np.float32],
    from_light: NDArray[np.float32],
    matrix: NDArray[np.float32],
    toe: float,
    result: Pixels,
    top: int,
    bottom: int,
) -> None:
    """Do what the compiled loop does."""
    rows = slice(top, bottom)
    light = _light(result[rows], levels, to_light)
    if toe >= 0:
        before = _light(source[rows], levels, to_light).max(axis=2, keepdims=True)
        light *= held(before, light.max(axis=2, keepdims=True), np.float32(toe))
    if len(matrix):
        red, green, blue = light[..., 0], light[..., 1], light[..., 2]
        channels = [row[0] * red + row[1] * green + row[2] * blue for row in matrix]
        light = np.clip(np.stack(channels, axis=-1), 0, 1)
    values = np.clip(_between(from_light, np.sqrt(light)), 0, 1)
    if result.dtype.kind != "f":
        values = np.floor(values * np.float32(full_scale(result.dtype)) + np.float32(0.5))
    result[rows] = values


def _light(pixels: Pixels, levels: NDArray[np.float32], to_light: NDArray[np.float32]) -> NDArray[np.float32]:
    if pixels.dtype == np.uint8:
        light: NDArray[np.float32] = levels[pixels]
        return light
    return _between(to_light, pixels.astype(np.float32) / np.float32(full_scale(pixels.dtype)))


def _between(table: NDArray[np.float32], values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Interpolate linearly in a table over [0, 1]."""
    place = values * np.float32(len(table) - 1)
    at = np.minimum(place.astype(np.int32), len(table) - 2)
    low = table[at]
    result: NDArray[np.float32] = low + (place - at.astype(np.float32)) * (table[at + 1] - low)
    return result


@cache
def srgb_knots() -> NDArray[np.float32]:
    """Return linear light at evenly spaced sRGB values."""
    return srgb_to_linear(np.linspace(0, 1, _KNOTS + 1)).astype(np.float32)


@cache
def root_knots() -> NDArray[np.float32]:
    """Return sRGB values at evenly spaced roots of linear light, since the curve is steep next to black."""
    return linear_to_srgb(np.linspace(0, 1, _KNOTS + 1) ** 2).astype(np.float32)


@cache
def levels_table() -> NDArray[np.float32]:
    """Return linear light at the 256 levels of 8 bits."""
    return _between(srgb_knots(), np.arange(256, dtype=np.float32) / np.float32(255))
