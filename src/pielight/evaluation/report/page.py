"""The report as one HTML file that loads nothing else: sortable tables, and pictures before and after."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pielight.core.html import render_page
from pielight.evaluation.datasets.dataset import Dataset
from pielight.evaluation.report import captions, tables
from pielight.evaluation.report.examples import Example, Thumbnails
from pielight.evaluation.report.summary import Cell, Summary


def page(summary: Summary, examples: Sequence[tuple[Example, Thumbnails]], record: Mapping[str, Any]) -> str:
    """Return the page, given the record of :func:`pielight.evaluation.report.files.record`."""
    plan = summary.plan
    return render_page(
        "evaluation/report/page.html",
        title=f"Evaluation on {', '.join(dataset.name for dataset in plan.datasets)}",
        notice=captions.notice(plan),
        is_warning=plan.gt_mean,
        statistics_note=captions.statistics_note(summary),
        first=plan.compared[0].label,
        sections=[_section(summary, dataset, examples) for dataset in plan.datasets],
        definitions=(tables.DEFINITIONS, record["metrics"]),
        command=record["command"],
        provenance=captions.provenance(record),
    )


def _section(summary: Summary, dataset: Dataset, examples: Sequence[tuple[Example, Thumbnails]]) -> dict[str, Any]:
    columns = []
    for metric in summary.plan.metrics_of(dataset):
        cells = [summary.cell(dataset, method, metric) for method in summary.plan.methods]
        descending = metric.higher_is_better is not False  # when it is sorted for the first time
        heading = tables.heading(summary.plan, metric)
        columns.append({"heading": heading, "descending": descending, "cells": [_cell(cell, cells) for cell in cells]})
    return {
        "dataset": dataset,
        "notes": captions.notes(summary, dataset.name),
        "statistic": "Values" if summary.plan.evaluator else "Means",
        "methods": [method.label for method in summary.plan.methods],
        "columns": columns,
        "comparisons": tables.comparisons(summary, dataset) if summary.comparisons else None,
        "galleries": list(_galleries(summary, [one for one in examples if one[0].dataset == dataset.name])),
    }


def _cell(cell: Cell, column: Sequence[Cell]) -> dict[str, Any]:
    """Return a value, its interval, and both as per cent of the range of its column, None where that is not finite."""
    estimate = cell.estimate
    number, interval = tables.value_and_interval(estimate)
    estimates = [other.estimate for other in column]
    ends = [end for one in estimates for end in (one.low, one.value, one.high) if math.isfinite(end)]
    bar = None
    if math.isfinite(estimate.value) and max(ends) > min(ends):
        has_interval = math.isfinite(estimate.low)
        shown = [estimate.low, estimate.value, estimate.high] if has_interval else [estimate.value] * 3
        bar = [100 * (end - min(ends)) / (max(ends) - min(ends)) for end in shown]
    value = "" if math.isnan(estimate.value) else repr(estimate.value).replace("inf", "Infinity")
    return {"value": value, "number": number, "interval": interval, "is_best": cell.is_best, "bar": bar}


def _galleries(summary: Summary, examples: Sequence[tuple[Example, Thumbnails]]) -> Iterator[dict[str, Any]]:
    """Yield the best and the worst pictures, method by method."""
    for method in summary.plan.methods:
        own = [(example, jpegs) for example, jpegs in examples if example.method.label == method.label]
        if own:
            metric = tables.heading(summary.plan, own[0][0].metric)
            figures = [
                {
                    "verdict": "best" if example.is_best else "worst",
                    "name": example.sample.name,
                    "value": f"{metric.rstrip(' ↑↓')} {tables.number(example.value)}",
                    "thumbnails": {kind: jpeg for kind, jpeg in jpegs._asdict().items() if jpeg is not None},
                }
                for example, jpegs in own
            ]
            yield {"method": method.label, "metric": metric, "figures": figures}
