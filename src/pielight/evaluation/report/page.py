"""The report as one HTML file that loads nothing else: sortable tables, and pictures before and after."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pielight.core.html import render_page
from pielight.evaluation.datasets.datasets import DataSet
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
    return render_page(
        "evaluation/report/page.html",
        title=f"Evaluation on {', '.join(data.name for data in plan.data)}",
        notice=words.notice(plan),
        is_warning=plan.gt_mean,
        how=words.how(summary),
        first=plan.compared[0].label,
        sections=[_section(summary, data, shots) for data in plan.data],
        definitions=({"name": "metric", "title": "", "formula": "formula", "source": "source"}, facts["metrics"]),
        command=facts["command"],
        provenance=words.provenance(facts),
    )


def _section(summary: Summary, data: DataSet, shots: Sequence[tuple[Place, Shot]]) -> dict[str, Any]:
    metrics = summary.metrics_of(data)
    columns = []
    for metric in metrics:
        cells = [summary.cell(data, method, metric) for method in summary.plan.methods]
        columns.append(
            {
                "heading": tables.heading(summary.plan, metric),
                "descending": metric.higher_is_better is not False,  # when it is sorted for the first time
                "cells": [_cell(cell, cells) for cell in cells],
            }
        )
    return {
        "data": data,
        "notes": words.notes(summary, data.name),
        "statistic": "Values" if summary.plan.viewer else "Means",
        "methods": [method.label for method in summary.plan.methods],
        "columns": columns,
        "comparisons": tables.comparisons(summary, data) if summary.comparisons else None,
        "galleries": list(_galleries(summary, [one for one in shots if one[0].data == data.name])),
    }


def _cell(cell: Cell, column: Sequence[Cell]) -> dict[str, Any]:
    """Return a mean, its interval, and both as per cent of the range of its column, None where that is not finite."""
    mean = cell.mean
    number, interval = tables.mean_and_interval(mean)
    ends = [end for one in column for end in (one.mean.low, one.mean.value, one.mean.high) if math.isfinite(end)]
    bar = None
    if math.isfinite(mean.value) and max(ends) > min(ends):
        shown = [mean.low, mean.value, mean.high] if math.isfinite(mean.low) else [mean.value] * 3
        bar = [100 * (end - min(ends)) / (max(ends) - min(ends)) for end in shown]
    value = "" if math.isnan(mean.value) else repr(mean.value).replace("inf", "Infinity")
    return {"value": value, "number": number, "interval": interval, "is_best": cell.is_best, "bar": bar}


def _galleries(summary: Summary, shots: Sequence[tuple[Place, Shot]]) -> Iterator[dict[str, Any]]:
    """Yield the best and the worst pictures, method by method."""
    for method in summary.plan.methods:
        own = [(place, shot) for place, shot in shots if place.method.label == method.label]
        if own:
            metric = tables.heading(summary.plan, own[0][0].metric)
            figures = [
                {
                    "verdict": "best" if place.is_best else "worst",
                    "name": place.sample.name,
                    "value": f"{metric.rstrip(' ↑↓')} {tables.number(place.value)}",
                    "shots": {kind: jpeg for kind, jpeg in shot._asdict().items() if jpeg is not None},
                }
                for place, shot in own
            ]
            yield {"method": method.label, "metric": metric, "figures": figures}
