"""A sheet as one HTML file that loads nothing else: a slider between before and after."""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image

from pielight.comparison.comparison import Comparison
from pielight.core.html import render_page

_QUALITY = 90


def html_sheet(comparisons: Sequence[Comparison]) -> str:
    """Write a page with a slider for each photo and a choice among strengths.

    Args:
        comparisons: At least one.
    """
    first = comparisons[0].name
    photos = first if len(comparisons) == 1 else f"{first} and {len(comparisons) - 1} more"
    figures = [
        {
            "name": one.name,
            "width": one.before.width,
            "height": one.before.height,
            "before": _jpeg(one.before),
            "after": {strength: _jpeg(image) for strength, image in one.after.items()},
            "chosen": min(one.after, key=lambda strength: abs(strength - 1)),
        }
        for one in comparisons
    ]
    return render_page("comparison/page.html", title=f"{photos} – before and after", figures=figures)


def _jpeg(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=_QUALITY, subsampling=0)
    return file.getvalue()
