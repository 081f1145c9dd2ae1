"""An explanation as one picture: photo, result, exposure map in stops, probability, canonical exposure and noise."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from pielight.comparison.explanation import Explanation
from pielight.comparison.png import fitting
from pielight.inference.exposure_plot import plot_exposure
from pielight.ops.exposure import BRIGHTNESS, exposure_slope

_PAPER, _INK, _FAINT, _LINE = (255, 255, 255), (24, 24, 27), (113, 113, 122), (212, 212, 216)
_BEFORE, _AFTER, _FILL = (37, 99, 235), (234, 88, 12), (228, 228, 231)
_MARGIN, _GAP = 28, 28
_LEAST_WIDTH, _LEAST_HEIGHT = 420, 400  # of the panel of numbers
_TEXT, _SMALL, _TITLE = 17, 14, 22
_LOWEST_TOP = 2.0  # levels of 255 at the top of the chart of noise, at least

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def explanation_sheet(explanation: Explanation) -> bytes:
    """Draw photo and result above, and the exposure map and its numbers below.

    Returns:
        The bytes of a PNG file.
    """
    width, height = explanation.before.size
    plot = plot_exposure(explanation.ev, (width, height))
    numbers = _numbers(explanation, max(_LEAST_WIDTH, width), max(_LEAST_HEIGHT, height))
    left, right = plot.width, max(width, numbers.width)
    caption = _SMALL + 12
    first, second = height + caption, max(plot.height + caption, numbers.height)
    top = _MARGIN + _TITLE + 18
    size = (2 * _MARGIN + left + _GAP + right, top + first + _GAP + second + _MARGIN)
    sheet = Image.new("RGB", size, _PAPER)
    draw, small = ImageDraw.Draw(sheet), ImageFont.load_default(_SMALL)
    title = ImageFont.load_default(_TITLE)
    draw.text((_MARGIN, _MARGIN), fitting(explanation.name, title, size[0] - 2 * _MARGIN), _INK, title)
    below, beside = top + first + _GAP, _MARGIN + left + _GAP
    panels = (
        (explanation.before, _MARGIN, top, "photo"),
        (explanation.after, beside, top, f"result, strength {explanation.strength:g}"),
        (plot, _MARGIN, below, "exposure of each part, in stops (EV), as it was applied"),
    )
    for picture, x, y, text in panels:
        sheet.paste(picture, (x, y))
        draw.text((x, y + picture.height + 8), fitting(text, small, left), _FAINT, small)
    sheet.paste(numbers, (beside, below))
    file = io.BytesIO()
    sheet.save(file, "PNG")
    return file.getvalue()


def _numbers(explanation: Explanation, width: int, height: int) -> Image.Image:
    """Draw what led to the map, and the noise before and after."""
    panel = Image.new("RGB", (width, height), _PAPER)
    draw, text, small = ImageDraw.Draw(panel), ImageFont.load_default(_TEXT), ImageFont.load_default(_SMALL)
    line = _TEXT + 14
    share = explanation.underexposed
    rows = [
        ("underexposed", "not known" if share is None else f"{share:.0%} probable"),
        (f"canonical exposure (to a mean of {BRIGHTNESS:g})", f"{explanation.canonical_ev:+.1f} EV"),
        ("applied", _range(explanation.ev)),
        ("noise at the photo's brightness, of 255", _noise_text(explanation)),
    ]
    y = 0
    for label, value in rows:
        draw.text((0, y + _TEXT), label, _FAINT, small, anchor="ls")
        draw.text((width, y + _TEXT), value, _INK, text, anchor="rs")
        y += line
        if label == "underexposed" and share is not None:
            draw.rectangle((0, y - 5, width - 1, y - 1), _FILL)
            draw.rectangle((0, y - 5, max(1, round(share * (width - 1))), y - 1), _AFTER)
            y += 8
    _chart(draw, explanation, (0, y + 10, width - 1, height - 1), small)
    return panel


def _chart(draw: ImageDraw.ImageDraw, explanation: Explanation, box: tuple[int, int, int, int], font: Font) -> None:
    """Draw noise over brightness, before and after, upon the photo's histogram."""
    levels, before, after = _noise(explanation)
    highest = _rounded_up(max(_LOWEST_TOP, float(before.max()), float(after.max())))
    left, top, right, bottom = box[0] + 30, box[1] + _SMALL + 12, box[2] - 14, box[3] - 2 * _SMALL - 16

    def place(x: float, y: float) -> tuple[float, float]:
        return left + x / 255 * (right - left), bottom - y / highest * (bottom - top)

    shares = np.add.reduceat(explanation.levels, np.arange(0, 256, 8))
    for number, part in enumerate(shares / shares.max()):
        (x0, _), (x1, _) = place(number * 8, 0), place(min(number * 8 + 8, 255), 0)
        if part > 0:
            draw.rectangle((x0, bottom - part * 0.6 * (bottom - top), x1 - 1, bottom), _FILL)
    for tick in (0, highest / 2, highest):
        draw.line((*place(0, tick), *place(255, tick)), _LINE)
        draw.text((left - 8, place(0, tick)[1]), f"{tick:g}", _FAINT, font, anchor="rm")
    for level in (0, 64, 128, 192, 255):
        draw.text((place(level, 0)[0], bottom + 6), str(level), _FAINT, font, anchor="ma")
    for values, color in ((before, _BEFORE), (after, _AFTER)):
        draw.line([place(x, y) for x, y in zip(levels, values, strict=True)], color, 3, joint="curve")
    x: float = left
    for text, color in (("noise of the photo", _BEFORE), ("after the mean exposure", _AFTER)):
        draw.line((x, box[1] + _SMALL / 2, x + 20, box[1] + _SMALL / 2), color, 3)
        draw.text((x + 27, box[1] + _SMALL / 2), text, _INK, font, anchor="lm")
        x += 27 + font.getlength(text) + 24
    draw.text(
        ((left + right) / 2, box[3] + 1), "brightness of the photo; gray: how much of it", _FAINT, font, anchor="mb"
    )


def _noise(explanation: Explanation) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return levels, and the standard deviation there before and after the mean exposure, all of 255."""
    levels = np.arange(1, 255, 2, dtype=np.float64)
    x = levels[:, np.newaxis] / 255
    before = np.sqrt(
        (explanation.noise.sigma(np.repeat(x, len(np.atleast_1d(explanation.noise.shot)), 1)) ** 2).mean(1)
    )
    after = before * exposure_slope(x[:, 0], float(explanation.ev.mean()))
    return levels, before * 255.0, after * 255.0


def _noise_text(explanation: Explanation) -> str:
    levels, before, after = _noise(explanation)
    mean = float(explanation.levels @ np.arange(256))
    at = int(np.abs(levels - mean).argmin())
    return f"{before[at]:.1f}, then {after[at]:.1f}"


def _range(ev: NDArray[np.float32]) -> str:
    low, high, mean = float(ev.min()), float(ev.max()), float(ev.mean())
    return f"{mean:+.1f} EV" if high - low < 0.05 else f"{low:+.1f} to {high:+.1f} EV, mean {mean:+.1f}"


def _rounded_up(value: float) -> float:
    """Return the next of 2, 5, 10, 20, 50, ..

    >>> [_rounded_up(value) for value in (1.5, 2.1, 7.0, 30.0)]
    [2.0, 5.0, 10.0, 50.0]
    """
    decade = 10.0 ** np.floor(np.log10(value))
    return float(next(step * decade for step in (1, 2, 5, 10) if value <= step * decade))
