"""The documentation of the metrics: ``python -m pielight.evaluation.metrics > docs/api/metrics.md``."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterable
from textwrap import wrap

from pielight.evaluation.metric_spec import PictureMetric
from pielight.evaluation.metrics import METRICS

_HEAD = """# Metrics

Written by `python -m pielight.evaluation.metrics`; change the metrics, not this page.

Every metric takes 8-bit sRGB. Nothing is rescaled to a reference's mean. A value is `nan` where a picture holds nothing
that the metric could measure (no flat area with noise, no neutral patch), and such pictures are left out of means.
"""


def page(metrics: Iterable[PictureMetric]) -> str:
    """Return the page as Markdown: a table, then formula, source and notes of each metric.

    >>> print(page([METRICS["mae"]]).splitlines()[9])
    | `mae` | Mean absolute error | lower | 0 to 255 | levels | reference |
    """
    rows = ["| name | metric | better | range | unit | needs |", "|---|---|---|---|---|---|"]
    definitions = []
    for metric in metrics:
        better = {True: "higher", False: "lower", None: "neither"}[metric.higher_is_better]
        bounds = f"{_bound(metric.low, '-')} to {_bound(metric.high, '')}"
        needs = ", ".join(sorted(metric.needs)) or "nothing"
        rows.append(f"| `{metric.name}` | {metric.title} | {better} | {bounds} | {metric.unit} | {needs} |")
        note = f". {metric.note}" if metric.note else ""
        definition = f"- **{metric.name}**: `{metric.formula}` ({metric.source}){note}"
        whole = re.sub("`[^`]{1,99}`", lambda code: code[0].replace(" ", "\0"), definition)
        lines = wrap(whole, 120, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
        definitions += [line.replace("\0", " ") for line in lines]
    return "\n".join([_HEAD, *rows, "", "## Formulas, sources and notes", "", *definitions, ""])


def _bound(value: float | None, sign: str) -> str:
    """Return a bound of a range in words."""
    return f"{sign}infinity" if value is None or math.isinf(value) else f"{value:g}"


if __name__ == "__main__":
    sys.stdout.write(page(METRICS.values()))
