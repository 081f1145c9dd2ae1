"""Planes of luma and chroma, as video holds them, to RGB and back.

``Y = R K_R + G K_G + B K_B``, ``U = (B - Y) / (2 (1 - K_B))``, ``V = (R - Y) / (2 (1 - K_R))`` of gamma-encoded R, G, B
in [0, 1] (ITU-R BT.601, BT.709, BT.2020). Limited range of 8 bits holds Y as 16 + 219 Y, and U and V as 128 + 224 U;
full range as 255 Y and 128 + 255 U. All pixels that share a sample of chroma take it as it is, and their mean is taken
on the way back, so that planes come back as they were, to a level, but for colors that RGB cannot hold.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pielight.core.threads import check_threads, share_rows
from pielight.errors import OptionError
from pielight.ops.compiled import loop as _loop
from pielight.ops.hdr import SDR, TRANSFERS

Planes: TypeAlias = tuple[NDArray[Any], NDArray[Any], NDArray[Any]]
WEIGHTS = {"bt601": (0.299, 0.587, 0.114), "bt709": (0.2126, 0.7152, 0.0722), "bt2020": (0.2627, 0.678, 0.0593)}
IN_BITS, OUT_BITS = 14, 15  # of the factors from planes and to them
_FINE = 8  # places in which R'G'B' is held for each level
_BAND = 32  # rows of chroma at a time, whose temporary arrays fit into a cache


@dataclass(frozen=True)
class YuvEncoding:
    """How planes encode R'G'B' (ITU-R BT.601, BT.709 or BT.2020, H.273).

    Attributes:
        matrix: ``"bt601"``, ``"bt709"`` or ``"bt2020"`` (non-constant luminance).
        full_range: Whether luma goes from 0 to the largest value, and not from 16/255 to 235/255 of it, as in video.
        bits: Of each value, 8 to 12.
        transfer: ``"srgb"``, or of HDR ``"hlg"`` or ``"pq"``.

    Raises:
        OptionError: There is no such matrix, depth or transfer.

    >>> YuvEncoding("bt709").black, YuvEncoding("bt601", bits=10).black
    (16, 64)
    """

    matrix: str = "bt709"
    full_range: bool = False
    bits: int = 8
    transfer: str = SDR

    def __post_init__(self) -> None:
        if self.matrix not in WEIGHTS:
            raise OptionError(f"matrix {self.matrix!r}: choose {', '.join(WEIGHTS)}")
        if self.bits not in range(8, 13):
            raise OptionError(f"bits {self.bits!r}: expected 8 to 12")
        if self.transfer not in TRANSFERS:
            raise OptionError(f"transfer {self.transfer!r}: choose {', '.join(TRANSFERS)}")

    @property
    def white(self) -> int:
        """The largest value."""
        return (1 << self.bits) - 1

    @property
    def black(self) -> int:
        """Luma of black."""
        return 0 if self.full_range else 16 << (self.bits - 8)

    @property
    def ranges(self) -> tuple[float, float]:
        """How many values luma and chroma go through."""
        scale = 1 << (self.bits - 8)
        return (float(self.white), float(self.white)) if self.full_range else (219.0 * scale, 224.0 * scale)

    @property
    def knots(self) -> int:
        """Places of a table of exposed values."""
        return _FINE * self.white + 1

    def to_places(self) -> NDArray[np.int32]:
        """Return the factors from luma and chroma to places in a table, in units of 2^-14."""
        red, green, blue = WEIGHTS[self.matrix]
        luma, chroma = ((self.knots - 1) / span for span in self.ranges)
        factors = (luma, 2 * (1 - red) * chroma, -2 * (1 - blue) * blue / green * chroma,
                   -2 * (1 - red) * red / green * chroma, 2 * (1 - blue) * chroma)  # fmt: skip
        scaled = [round(factor * (1 << IN_BITS)) for factor in factors]
        return np.array([*scaled, -self.black * scaled[0]], np.int32)

    def from_results(self) -> NDArray[np.int32]:
        """Return the factors from exposed values to luma and chroma, in units of 2^-15."""
        red, _, blue = WEIGHTS[self.matrix]
        weights = np.array(WEIGHTS[self.matrix])
        luma, chroma = (span / (self.knots - 1) for span in self.ranges)
        u = (np.eye(3)[2] - weights) / (2 * (1 - blue)) * chroma
        v = (np.eye(3)[0] - weights) / (2 * (1 - red)) * chroma
        rows = np.rint(np.stack([weights * luma, u, v]) * (1 << OUT_BITS)).astype(np.int32)
        rows[0, 1] = round(luma * (1 << OUT_BITS)) - rows[0, 0] - rows[0, 2]  # white stays white
        rows[1:, 1] = -rows[1:, 0] - rows[1:, 2]  # and gray gray
        return np.append(rows, np.int32(self.black << OUT_BITS))


def check_planes(planes: Planes, encoding: YuvEncoding) -> None:
    """Check that planes are those of an encoding, with chroma in all rows and columns, or in half of them.

    Raises:
        OptionError: They are not.

    >>> check_planes((np.zeros((3, 5), np.uint8), *np.zeros((2, 2, 3), np.uint8)), YuvEncoding())
    """
    luma, *chroma = planes
    kind = np.dtype(np.uint8 if encoding.bits == 8 else np.uint16)
    if any(plane.ndim != 2 or plane.dtype != kind for plane in planes) or chroma[0].shape != chroma[1].shape:
        raise OptionError(f"planes: expected three of {kind}, the last two of one shape")
    sides = zip(luma.shape, chroma[0].shape, strict=True)
    if luma.size == 0 or any(low not in (side, -(-side // 2)) for side, low in sides):
        raise OptionError(f"planes of shapes {luma.shape} and {chroma[0].shape}: no layout of luma and chroma")


def by_rows(planes: Planes) -> Planes:
    """Return planes whose values lie side by side in each row: themselves, or copies.

    >>> by_rows((np.zeros((2, 8), np.uint8)[:, ::2],) * 3)[0].strides
    (4, 1)
    """
    return tuple(p if p.strides[1] == p.itemsize else np.ascontiguousarray(p) for p in planes)  # type: ignore[return-value]


def yuv_to_rgb(planes: Planes, encoding: YuvEncoding, threads: int | None = None) -> NDArray[Any]:
    """Convert planes to a picture.

    Args:
        planes: Luma (H, W) and two planes of chroma, each (H, W), (H, W / 2) or (H / 2, W / 2), rounded up: uint8, or
            uint16 for more than 8 bits.
        encoding: How they encode R'G'B'.
        threads: Threads to share the rows among; None takes every core that the process may use.

    Returns:
        (H, W, 3) in R, G, B: uint8, or uint16 up to 65535 for more than 8 bits.

    Raises:
        OptionError: They are no such planes.

    >>> gray = np.full((4, 6), 126, np.uint8), np.full((2, 3), 128, np.uint8), np.full((2, 3), 128, np.uint8)
    >>> [int(yuv_to_rgb(gray, YuvEncoding(full_range=full))[0, 0, 0]) for full in (False, True)]
    [128, 126]
    """
    check_planes(planes, encoding)
    planes = by_rows(planes)
    result = np.empty((*planes[0].shape, 3), planes[0].dtype)
    loop: Callable[..., None] = _decode_rows if _loop is None else _loop.decode_yuv_rows
    factors, most = encoding.to_places(), encoding.knots - 1

    def band(top: int, bottom: int) -> None:
        loop(*planes, factors, encoding.white, most, result, top, bottom)

    share_rows(band, len(result), result.size, check_threads(threads))
    return result


def yuv_to_rgb_float(planes: Planes, encoding: YuvEncoding) -> NDArray[np.float32]:
    """Convert luma and chroma of one size, such as means of cells, to R'G'B'.

    Args:
        planes: Y, U and V as numbers in the encoding's values, each (H, W), of any type.
        encoding: How they encode R'G'B'.

    Returns:
        float32 (H, W, 3) in [0, 1]; what lies beyond is clipped.

    >>> gray = tuple(np.array([[value]]) for value in (126, 128, 128))
    >>> yuv_to_rgb_float(gray, YuvEncoding()).round(2).tolist()
    [[[0.5, 0.5, 0.5]]]
    """
    red_weight, green_weight, blue_weight = WEIGHTS[encoding.matrix]
    of_luma, of_chroma = encoding.ranges
    y, u, v = (plane.astype(np.float32) for plane in planes)
    neutral = np.float32((encoding.white + 1) // 2)
    y = (y - np.float32(encoding.black)) / np.float32(of_luma)
    red = y + (v - neutral) * np.float32(2 * (1 - red_weight) / of_chroma)
    blue = y + (u - neutral) * np.float32(2 * (1 - blue_weight) / of_chroma)
    green = (y - np.float32(red_weight) * red - np.float32(blue_weight) * blue) / np.float32(green_weight)
    result: NDArray[np.float32] = np.clip(np.stack([red, green, blue], axis=-1), 0, 1)
    return result


def rgb_to_yuv420(rgb: NDArray[np.uint8], encoding: YuvEncoding, threads: int | None = None) -> Planes:
    """Convert a picture to planes of 8 bits, with a sample of chroma for two rows and two columns.

    Args:
        rgb: (H, W, 3) uint8 in R, G, B.
        encoding: Of 8 bits.
        threads: Threads to share the rows among; None takes every core that the process may use.

    Returns:
        Y (H, W), and U and V (H / 2, W / 2), rounded up: uint8.

    Raises:
        OptionError: It is no such picture.

    >>> red = np.full((2, 2, 3), [255, 0, 0], np.uint8)
    >>> [int(plane[0, 0]) for plane in rgb_to_yuv420(red, YuvEncoding("bt601"))]
    [81, 90, 240]
    """
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8 or rgb.size == 0:
        raise OptionError(f"picture of shape {rgb.shape}, {rgb.dtype}: expected (H, W, 3) uint8")
    red, green, blue = WEIGHTS[encoding.matrix]
    luma, chroma = encoding.ranges
    height, width = rgb.shape[:2]
    low = (height + 1) // 2, (width + 1) // 2
    y, u, v = np.empty((height, width), np.uint8), np.empty(low, np.uint8), np.empty(low, np.uint8)

    def convert(top: int, bottom: int) -> None:
        for first in range(top, bottom, _BAND):
            last = min(first + _BAND, bottom)
            rows = slice(2 * first, min(2 * last, height))
            r, g, b = (rgb[rows, :, channel].astype(np.float32) for channel in range(3))
            bright = np.float32(red) * r + np.float32(green) * g + np.float32(blue) * b
            y[rows] = np.rint(bright * np.float32(luma / 255) + np.float32(encoding.black))
            for plane, color, weight in ((u, b, blue), (v, r, red)):
                mean = _block_means(color - bright) * np.float32(chroma / 255 / (2 * (1 - weight))) + 128
                plane[first:last] = np.clip(np.rint(mean), 0, 255)

    share_rows(convert, low[0], rgb.size, check_threads(threads))
    return y, u, v


def _block_means(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the means of blocks of 2 x 2 values; the last ones may be smaller."""
    for axis in (0, 1):
        if values.shape[axis] % 2:
            values = np.concatenate([values, values.take([-1], axis)], axis)
    rows = values[::2] + values[1::2]
    result: NDArray[np.float32] = (rows[:, ::2] + rows[:, 1::2]) * np.float32(0.25)
    return result


def _decode_rows(
    luma: NDArray[Any], u: NDArray[Any], v: NDArray[Any], into: NDArray[np.int32], white: int, most: int,
    result: NDArray[Any], top: int, bottom: int,
) -> None:  # fmt: skip
    """Do what the compiled loop does."""
    tall, wide = (int(a != b) for a, b in zip(luma.shape, u.shape, strict=True))
    scale = np.float32((255 if result.dtype == np.uint8 else 65535) / np.float32(most))
    columns = np.arange(luma.shape[1]) >> wide
    for first in range(top, bottom, _BAND):
        rows = np.arange(first, min(first + _BAND, bottom))
        du, dv = (plane[rows >> tall][:, columns].astype(np.int32) - (white + 1) // 2 for plane in (u, v))
        bright = luma[rows].astype(np.int32) * into[0] + into[5] + (1 << (IN_BITS - 1))
        offsets = np.stack([into[1] * dv, into[2] * du + into[3] * dv, into[4] * du], axis=2)
        places = np.clip((bright[..., np.newaxis] + offsets) >> IN_BITS, 0, most).astype(np.float32)
        result[rows] = places * scale + np.float32(0.5)
