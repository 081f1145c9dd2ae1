"""A sheet as one HTML file that needs nothing else: a slider between before and after."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from html import escape
from importlib.resources import files
from string import Template

from PIL import Image

from pielight.comparison.comparison import Comparison

_QUALITY = 90


def html_sheet(comparisons: Sequence[Comparison]) -> str:
    """Write a page with a slider for each photo and a choice among strengths.

    Args:
        comparisons: At least one.
    """
    first = comparisons[0].name
    title = first if len(comparisons) == 1 else f"{first} and {len(comparisons) - 1} more"
    page = Template(files("pielight.comparison").joinpath("page.html").read_text(encoding="utf-8"))
    return page.substitute(
        title=f"{escape(title)} – before and after",
        figures="\n".join(_figure(number, comparison) for number, comparison in enumerate(comparisons)),
    )


def _figure(number: int, comparison: Comparison) -> str:
    name = escape(comparison.name)
    width, height = comparison.before.size
    chosen = min(comparison.after, key=lambda strength: abs(strength - 1))
    shots = "\n".join(
        f'<img class="after" data-strength="{strength:g}" {"" if strength == chosen else "hidden "}'
        f'alt="{name}, after, strength {strength:g}" src="{_uri(image)}">'
        for strength, image in comparison.after.items()
    )
    choices = "".join(
        f'<label><input type="radio" name="strength{number}" value="{strength:g}"'
        f"{' checked' if strength == chosen else ''}><span>{strength:g}</span></label>"
        for strength in comparison.after
    )
    return f"""<figure style="--width: {width}px; --ratio: {width / height:.4f}">
<div class="stage">
{shots}
<img class="before" alt="{name}, before" src="{_uri(comparison.before)}">
<span class="tag left" aria-hidden="true">before</span><span class="tag right" aria-hidden="true">after</span>
<input type="range" id="divide{number}" min="0" max="100" value="50" aria-label="Share of {name} shown as before">
<div class="handle" aria-hidden="true"></div>
</div>
<figcaption><label for="divide{number}">{name}</label>
<fieldset><legend>Strength</legend>{choices}</fieldset></figcaption>
</figure>"""


def _uri(image: Image.Image) -> str:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=_QUALITY, subsampling=0)
    return f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"
