"""A sheet as one picture: a row for each photo, before at the left."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Mapping, Sequence

from PIL import Image, ImageDraw, ImageFont

from pielight.comparison.comparison import Comparison

_PAPER, _INK, _FAINT = (24, 24, 27), (244, 244, 245), (161, 161, 170)
_MARGIN, _GAP = 24, 12


Panels = Mapping[str, Image.Image]


def png_sheet(comparisons: Sequence[Comparison]) -> bytes:
    """Draw photos before and after, side by side; see :func:`panel_sheet`.

    Args:
        comparisons: At least one.
    """
    return panel_sheet([(comparison.name, _panels(comparison)) for comparison in comparisons])


def panel_sheet(photos: Sequence[tuple[str, Panels]]) -> bytes:
    """Draw pictures of photos side by side with captions.

    Args:
        photos: At least one: its name, and its pictures by caption, all of one size.

    Returns:
        The bytes of a PNG file.
    """
    rows = [_row(name, panels) for name, panels in photos]
    width = max(row.width for row in rows) + 2 * _MARGIN
    height = sum(row.height for row in rows) + _MARGIN * (len(rows) + 1)
    sheet = Image.new("RGB", (width, height), _PAPER)
    top = _MARGIN
    for row in rows:
        sheet.paste(row, (_MARGIN, top))
        top += row.height + _MARGIN
    file = io.BytesIO()
    sheet.save(file, "PNG")
    return file.getvalue()


def _panels(comparison: Comparison) -> Panels:
    after = {f"strength {strength:g}": image for strength, image in comparison.after.items()}
    return {"before": comparison.before, **after}


def _row(name: str, panels: Panels) -> Image.Image:
    width, height = next(iter(panels.values())).size
    letters = max(13, round(max(width, height) / 45))
    font, space = ImageFont.load_default(letters), round(letters * 1.9)
    row = Image.new("RGB", ((width + _GAP) * len(panels) - _GAP, height + 2 * space), _PAPER)
    draw = ImageDraw.Draw(row)
    draw.text((0, space / 2), fitting(name, font, row.width), _INK, font, anchor="lm")
    for number, (caption, image) in enumerate(panels.items()):
        left = number * (width + _GAP)
        row.paste(image, (left, space))
        draw.text((left + width / 2, height + 1.5 * space), fitting(caption, font, width), _FAINT, font, anchor="mm")
    return row


def fitting(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    """Shorten a text to a width, in the letters that Pillow's font has."""
    plain = [letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter)]
    text = "".join(letter if letter.isascii() else "?" for letter in plain)
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(f"{text}...") > width:
        text = text[:-1]
    return f"{text}..."
