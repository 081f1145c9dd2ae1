"""A map of exposures as a picture: colors for stops, with a bar that says which."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from pielight.errors import OptionError
from pielight.ops.exposure_map import resample

# Colors from the darkest to the brightest, 0 EV in the middle: a diverging map, told apart also without red or green.
_COLORS = np.array(
    [[5, 48, 97], [33, 102, 172], [103, 169, 207], [209, 229, 240], [247, 247, 247],
     [253, 219, 160], [253, 174, 97], [215, 78, 60], [110, 1, 31]], np.float64
)  # fmt: skip
_LEAST = 1.0  # EV that the ends of the bar stand for, at least
_BAR, _GAP = 24, 16  # pixels
_INK, _PAPER = (32, 32, 32), (255, 255, 255)
_FONT = 16
_MOST_SIDE = 16_384  # pixels


def plot_exposure(ev: NDArray[np.float32], size: tuple[int, int]) -> Image.Image:
    """Draw a map of exposures, and a color bar labeled in stops beside it.

    Args:
        ev: Exposures, (h, w) in EV.
        size: Width and height of the map's part of the drawing, in pixels: the shape of the picture.

    Returns:
        An RGB image, as high as asked for and wider by the bar. 0 EV is white, longer exposures go over yellow to red,
        shorter ones to blue; the bar ends at the greatest exposure of the map, rounded up to whole stops.

    Raises:
        OptionError: A side is not a whole number from 1 to 16,384.

    >>> plot_exposure(np.full((2, 3), 2.0, np.float32), (90, 60)).size
    (202, 60)
    """
    if not isinstance(size, Sequence) or len(size) != 2 or not all(_is_side(side) for side in size):
        raise OptionError(f"size {size!r}: must be width and height in pixels, 1 to {_MOST_SIDE:,} each")
    width, height = size
    reach = max(_LEAST, math.ceil(float(np.abs(ev).max())))
    sheet = Image.new("RGB", (width + 2 * _GAP + _BAR + 56, height), _PAPER)
    sheet.paste(Image.fromarray(colors(resample(ev, (height, width)) / reach)), (0, 0))
    ramp = np.linspace(reach, -reach, height)[:, np.newaxis] * np.ones((1, _BAR))
    left = width + _GAP
    sheet.paste(Image.fromarray(colors(ramp / reach)), (left, 0))
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(_FONT)
    for stop in _ticks(reach, height):
        y = (1 - stop / reach) / 2 * (height - 1)
        draw.line([(left + _BAR, y), (left + _BAR + 4, y)], _INK)
        place = min(max(y, _FONT / 2), height - _FONT / 2)  # the first and the last label stay on the sheet
        text = f"{stop:+d} EV" if stop else "0 EV"
        draw.text((left + _BAR + 8, place), text, _INK, font, anchor="lm")
    return sheet


def colors(values: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Return the colors of values from -1 (blue) over 0 (white) to 1 (red), uint8 of shape (..., 3).

    >>> colors(np.array([-1.0, 0.0, 1.0])).tolist()
    [[5, 48, 97], [247, 247, 247], [110, 1, 31]]
    """
    places = np.linspace(-1, 1, len(_COLORS))
    channels = [np.interp(values, places, _COLORS[:, channel]) for channel in range(3)]
    result: NDArray[np.uint8] = np.rint(np.stack(channels, axis=-1)).astype(np.uint8)
    return result


def _is_side(value: object) -> bool:
    return isinstance(value, Integral) and 1 <= int(value) <= _MOST_SIDE


def _ticks(reach: float, height: int) -> list[int]:
    """Return whole stops for labels that do not touch each other, 0 among them."""
    step = max(1, math.ceil(2 * reach * 1.5 * _FONT / height))
    above = range(0, int(reach) + 1, step)
    return sorted({sign * stop for stop in above for sign in (-1, 1)})
