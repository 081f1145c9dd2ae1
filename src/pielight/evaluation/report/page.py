"""The report as one HTML file that needs nothing else: sortable tables, and pictures before and after."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

from pielight.core.tables import Columns, Row
from pielight.evaluation.datasets.datasets import DataSet
from pielight.evaluation.metrics import Figure
from pielight.evaluation.report import captions as words
from pielight.evaluation.report import tables
from pielight.evaluation.report.examples import Place, Shot
from pielight.evaluation.report.summary import Cell, Summary


def page(summary: Summary, shots: Sequence[tuple[Place, Shot]], facts: Mapping[str, Any]) -> str:
    """Write the page.

    Args:
        summary: What was found.
        shots: Pictures to show.
        facts: From :func:`pielight.evaluation.report.files.record`.
    """
    plan = summary.plan
    names = ", ".join(data.name for data in plan.data)
    template = Template(files("pielight.evaluation.report").joinpath("page.html").read_text(encoding="utf-8"))
    return template.substitute(
        title=escape(f"Evaluation on {names}"),
        notice=escape(words.notice(plan)),
        notice_class="warning" if plan.gt_mean else "quiet",
        how=escape(words.how(summary)),
        sections="\n".join(_section(summary, data, shots) for data in plan.data),
        definitions=_plain_table(
            "What is measured", {"name": "metric", "title": "", "formula": "formula", "source": "source"},
            facts["metrics"],
        ),
        command=escape(str(facts["command"])),
        provenance="\n".join(f"<li>{escape(line)}</li>" for line in words.provenance(facts)),
    )  # fmt: skip


def _section(summary: Summary, data: DataSet, shots: Sequence[tuple[Place, Shot]]) -> str:
    found = "".join(f"<li>{escape(note)}</li>" for note in words.notes(summary, data.name))
    count = len(data.samples)
    first = summary.plan.compared[0].label
    compared = _plain_table(f"Compared with {first} on {data.name}", *tables.comparisons(summary, data))
    own = [(place, shot) for place, shot in shots if place.data == data.name]
    return f"""<section>
<h2>{escape(data.name)} <small>{count} {"picture" if count == 1 else "pictures"}, {escape(data.layout)}</small></h2>
{f'<ul class="notes">{found}</ul>' if found else ""}
{_means_table(summary, data)}
{f"<details open><summary>Compared with {escape(first)}</summary>{compared}</details>" if summary.comparisons else ""}
{_gallery(summary, own)}
</section>"""


def _means_table(summary: Summary, data: DataSet) -> str:
    """Write the sortable table."""
    metrics = summary.metrics_of(data)
    heads = "".join(
        f'<th scope="col" data-down="{int(metric.higher_is_better is not False)}"><button type="button">'
        f"{escape(tables.heading(summary.plan, metric))}</button></th>"
        for metric in metrics
    )
    caption = f"{'Values' if summary.plan.viewer else 'Means'} on {escape(data.name)}"
    ranges = {metric.name: _range(summary, data, metric) for metric in metrics}
    rows = []
    for method in summary.plan.methods:
        cells = [summary.cell(data, method, metric) for metric in metrics]
        inside = "".join(_value_cell(cell, *ranges[cell.metric.name]) for cell in cells)
        rows.append(f'<tr><th scope="row">{escape(method.label)}</th>{inside}</tr>')
    return f"""<div class="scroll" tabindex="0" role="region" aria-label="{caption}">
<table class="sortable"><caption>{caption}; a heading sorts by its column</caption>
<thead><tr><th scope="col" data-down="0"><button type="button">method</button></th>{heads}</tr></thead>
<tbody>{"".join(rows)}</tbody></table></div>"""


def _value_cell(cell: Cell, low: float, high: float) -> str:
    """Write a mean, its interval, and a bar that shows both within the column."""
    mean = cell.mean
    value = "" if math.isnan(mean.value) else repr(mean.value).replace("inf", "Infinity")
    number, interval = tables.mean_and_interval(mean)
    shown = f"<strong>{number}<span class=hidden> (best)</span></strong>" if cell.is_best else number
    bar = ""
    if high > low and math.isfinite(mean.value):
        ends = [mean.low, mean.value, mean.high] if math.isfinite(mean.low) else [mean.value] * 3
        a, m, b = (100 * (end - low) / (high - low) for end in ends)
        bar = f'<span class="bar" aria-hidden="true" style="--a:{a:.1f}%;--b:{100 - b:.1f}%;--m:{m:.1f}%"></span>'
    return f'<td data-value="{value}">{shown}<span class="interval">{escape(interval)}</span>{bar}</td>'


def _range(summary: Summary, data: DataSet, metric: Figure) -> tuple[float, float]:
    means = [summary.cell(data, method, metric).mean for method in summary.plan.methods]
    ends = [end for mean in means for end in (mean.low, mean.value, mean.high) if math.isfinite(end)]
    return (min(ends), max(ends)) if ends else (0.0, 0.0)


def _plain_table(caption: str, columns: Columns, rows: Iterable[Row]) -> str:
    heads = "".join(f'<th scope="col">{escape(title)}</th>' for title in columns.values())
    body = []
    for row in rows:
        first, *others = (escape(str(row[key])) for key in columns)
        body.append(f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in others)}</tr>')
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(caption)}"><table class="plain">'
        f'<caption class="hidden">{escape(caption)}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
    )


def _gallery(summary: Summary, shots: Sequence[tuple[Place, Shot]]) -> str:
    """Write the best and the worst pictures, method by method."""
    parts = []
    for method in summary.plan.methods:
        own = [(place, shot) for place, shot in shots if place.method.label == method.label]
        if not own:
            continue
        metric = own[0][0].metric
        figures = "\n".join(_figure(summary, place, shot) for place, shot in own)
        head = f"{method.label}: best and worst by {tables.heading(summary.plan, metric)}"
        parts.append(f'<details open><summary>{escape(head)}</summary><div class="gallery">{figures}</div></details>')
    return "\n".join(parts)


def _figure(summary: Summary, place: Place, shot: Shot) -> str:
    name = escape(place.sample.name)
    shots = {"before": shot.before, "after": shot.after, "reference": shot.reference}
    images = "".join(
        f'<div class="shot"><img loading="lazy" alt="{name}, {word}, {escape(place.method.label)}" src="{_uri(data)}">'
        f'<span class="tag" aria-hidden="true">{word}</span></div>'
        for word, data in shots.items()
        if data is not None
    )
    verdict = "best" if place.is_best else "worst"
    title = escape(tables.heading(summary.plan, place.metric).rstrip(" ↑↓"))
    return (
        f'<figure class="{verdict}"><div class="shots">{images}</div>'
        f'<figcaption><span class="verdict">{verdict}</span> {name} '
        f"<span>{title} {tables.number(place.value)}</span></figcaption></figure>"
    )


def _uri(data: bytes) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"
