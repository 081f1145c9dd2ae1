"""Planes of luma and chroma, as video holds them, to RGB and back: 4:2:0 of 8 bits.

``Y = R K_R + G K_G + B K_B``, ``U = (B - Y) / (2 (1 - K_B))``, ``V = (R - Y) / (2 (1 - K_R))`` of gamma-encoded R, G, B
in [0, 1] (ITU-R BT.601, BT.709). Limited range holds Y as 16 + 219 Y, and U and V as 128 + 224 U; full range as 255 Y
and 128 + 255 U. Values are rounded to the nearest. Two rows and two columns share a sample of chroma: all four take it
as it is, and their mean is taken on the way back, so that planes come back as they were, to a level, but for colors
that RGB cannot hold.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pielight.core.threads import check_threads, share_rows
from pielight.errors import OptionError

Matrix: TypeAlias = Literal["bt601", "bt709"]
Planes: TypeAlias = tuple[NDArray[Any], NDArray[Any], NDArray[Any]]
WEIGHTS: dict[str, tuple[float, float, float]] = {"bt601": (0.299, 0.587, 0.114), "bt709": (0.2126, 0.7152, 0.0722)}
_BAND = 32  # rows of chroma at a time, whose temporary arrays fit into a cache


def yuv420_to_rgb(
    planes: Planes, matrix: Matrix = "bt709", full_range: bool = False, threads: int | None = None
) -> NDArray[np.uint8]:
    """Convert planes to a picture.

    Args:
        planes: Y (H, W), and U and V (H / 2, W / 2), rounded up: uint8.
        matrix: ``"bt601"`` or ``"bt709"``.
        full_range: Whether Y goes from 0 to 255 and not from 16 to 235.
        threads: Threads to share the rows among; None takes every core that the process may use.

    Returns:
        (H, W, 3) uint8 in R, G, B.

    Raises:
        OptionError: They are no such planes, or there is no such matrix.

    >>> gray = np.full((4, 6), 126, np.uint8), np.full((2, 3), 128, np.uint8), np.full((2, 3), 128, np.uint8)
    >>> yuv420_to_rgb(gray)[0, 0].tolist(), yuv420_to_rgb(gray, full_range=True)[0, 0].tolist()
    ([128, 128, 128], [126, 126, 126])
    """
    y, u, v = _checked(planes)
    red, green, blue = _weights(matrix)
    black, luma, chroma = _range(full_range)
    of_v, of_u = (np.float32(2 * (1 - weight) / chroma * 255) for weight in (red, blue))
    green_v, green_u = np.float32(-red / green) * of_v, np.float32(-blue / green) * of_u
    result = np.empty((*y.shape, 3), np.uint8)
    columns = y.shape[1]

    def convert(top: int, bottom: int) -> None:
        for first in range(top, bottom, _BAND):
            last = min(first + _BAND, bottom)
            rows = slice(2 * first, min(2 * last, len(y)))
            bright = (y[rows].astype(np.float32) - np.float32(black)) * np.float32(255 / luma)
            du, dv = (plane[first:last].astype(np.float32) - 128 for plane in (u, v))
            for channel, added in enumerate((of_v * dv, green_u * du + green_v * dv, of_u * du)):
                values = added.repeat(2, 0)[: len(bright)].repeat(2, 1)[:, :columns]
                values += bright
                np.rint(values, out=values)
                np.clip(values, 0, 255, out=values)
                result[rows, :, channel] = values

    share_rows(convert, len(u), result.size, check_threads(threads))
    return result


def rgb_to_yuv420(
    rgb: NDArray[np.uint8], matrix: Matrix = "bt709", full_range: bool = False, threads: int | None = None
) -> Planes:
    """Convert a picture to planes.

    Args:
        rgb: (H, W, 3) uint8 in R, G, B.
        matrix: See :func:`yuv420_to_rgb`, as for the next two.
        full_range: As there.
        threads: As there.

    Returns:
        Y (H, W), and U and V (H / 2, W / 2), rounded up: uint8.

    Raises:
        OptionError: It is no such picture, or there is no such matrix.

    >>> [int(plane[0, 0]) for plane in rgb_to_yuv420(np.full((2, 2, 3), [255, 0, 0], np.uint8), "bt601")]
    [81, 90, 240]
    """
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8 or rgb.size == 0:
        raise OptionError(f"picture of shape {rgb.shape}, {rgb.dtype}: expected (H, W, 3) uint8")
    red, green, blue = _weights(matrix)
    black, luma, chroma = _range(full_range)
    height, width = rgb.shape[:2]
    low = (height + 1) // 2, (width + 1) // 2
    y, u, v = np.empty((height, width), np.uint8), np.empty(low, np.uint8), np.empty(low, np.uint8)

    def convert(top: int, bottom: int) -> None:
        for first in range(top, bottom, _BAND):
            last = min(first + _BAND, bottom)
            rows = slice(2 * first, min(2 * last, height))
            r, g, b = (rgb[rows, :, channel].astype(np.float32) for channel in range(3))
            bright = np.float32(red) * r + np.float32(green) * g + np.float32(blue) * b
            y[rows] = np.rint(bright * np.float32(luma / 255) + np.float32(black))
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


def _checked(planes: Planes) -> Planes:
    y, u, v = planes
    low = tuple((side + 1) // 2 for side in y.shape)
    if y.ndim != 2 or y.size == 0 or u.shape != low or v.shape != low:
        raise OptionError(
            f"planes of shapes {y.shape}, {u.shape}, {v.shape}: expected (H, W), and halves of that twice"
        )
    if any(plane.dtype != np.uint8 for plane in planes):
        raise OptionError("planes: expected uint8")
    return planes


def _weights(matrix: str) -> tuple[float, float, float]:
    if matrix not in WEIGHTS:
        raise OptionError(f"matrix {matrix!r}: choose {', '.join(WEIGHTS)}")
    return WEIGHTS[matrix]


def _range(full_range: bool) -> tuple[float, float, float]:
    """Return luma of black, and how many levels luma and chroma go through."""
    return (0.0, 255.0, 255.0) if full_range else (16.0, 219.0, 224.0)
