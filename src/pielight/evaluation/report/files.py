"""The files of a report: every picture as CSV, the summary as Markdown and JSON, and a self-contained page."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pielight.core.atomic_file import write_atomic
from pielight.core.environment import environment
from pielight.core.html import render_page
from pielight.core.json_file import write_json
from pielight.core.messages import counted, utf8
from pielight.core.tables import csv_text, fenced, markdown, markdown_text
from pielight.evaluation.datasets.dataset import Dataset
from pielight.evaluation.report import captions, tables
from pielight.evaluation.report.examples import Example, Thumbnails
from pielight.evaluation.report.summary import Cell, Summary, Values
from pielight.evaluation.store import LIBRARIES


def write(
    folder: Path, summary: Summary, values: Values, examples: Sequence[tuple[Example, Thumbnails]], command: str
) -> dict[str, Path]:
    """Write all files; with GT-mean on, ``-gt-mean`` is in their names.

    Returns:
        The files: ``csv``, ``markdown``, ``json`` and ``html``. PictureError if one cannot be written.
    """
    end = "-gt-mean" if summary.plan.gt_mean else ""
    names = {
        "csv": f"pictures{end}.csv", "markdown": f"summary{end}.md", "json": f"summary{end}.json",
        "html": f"index{end}.html",
    }  # fmt: skip
    files = {file_format: folder / name for file_format, name in names.items()}
    results = record(summary, values, command)
    write_atomic(files["csv"], utf8(csv_text(*tables.pictures(summary.plan, values))))
    write_atomic(files["markdown"], utf8(text(summary, results)))
    write_json(files["json"], results)
    write_atomic(files["html"], utf8(page(summary, examples, results)))
    return files


def record(summary: Summary, values: Values, command: str) -> dict[str, Any]:
    """Return all results, and all that they depend on, as one record."""
    plan, evaluator = summary.plan, summary.plan.evaluator
    return {
        "type": "evaluation",
        "command": command,
        **environment(("pielight", *LIBRARIES)),
        "seed": summary.seed,
        "gt_mean": plan.gt_mean,
        "task": evaluator and evaluator.name,
        "task_model": evaluator and {"is": evaluator.description(), "identity": evaluator.identity()},
        "data": [
            {"name": data.name, "layout": data.layout, "pictures": len(data.samples), "is_paired": data.is_paired,
             "sha256": values.checksum(data), "notes": list(data.notes)}
            for data in plan.datasets
        ],
        "methods": [
            {"label": method.label, "spec": method.spec.text,
             "sha256": method.sha256 or {data.name: values.checksum(data, method) for data in plan.datasets}
             if method.folder or method.sha256 else None}
            for method in plan.methods
        ],
        "metrics": tables.definitions(plan.metrics),
        "means": [
            {"data": cell.dataset.name, "method": cell.method.label, "metric": cell.metric.name,
             "gt_mean": plan.is_scaled(cell.metric), "pictures": cell.estimate.count, "mean": cell.estimate.value,
             "low": cell.estimate.low, "high": cell.estimate.high, "infinite": cell.estimate.infinite,
             "is_best": cell.is_best, "note": cell.note}
            for cell in summary.cells
        ],
        "comparisons": [
            {"data": one.dataset.name, "metric": one.metric.name, "gt_mean": plan.is_scaled(one.metric),
             "first": one.first.label, "method": one.method.label, "pictures": one.difference.estimate.count,
             "difference": one.difference.estimate.value, "low": one.difference.estimate.low,
             "high": one.difference.estimate.high, "greater": one.difference.wins, "smaller": one.difference.losses,
             "p": one.difference.p, "p_holm": one.p_holm, "verdict": one.verdict}
            for one in summary.comparisons
        ],
    }  # fmt: skip


def text(summary: Summary, record: Mapping[str, Any]) -> str:
    """Return the summary as Markdown."""
    plan = summary.plan
    lines = ["# Evaluation", ""]
    for line in (captions.notice(plan), captions.statistics_note(summary)):
        lines += [markdown_text(line), ""]
    for data in plan.datasets:
        lines += [f"## {markdown_text(data.name)}: {counted(len(data.samples))}", ""]
        lines += [markdown_text(f"{data.layout[:1].upper()}{data.layout[1:]}."), ""]
        lines += [f"- {markdown_text(note)}" for note in captions.notes(summary, data.name)]
        lines += [""] if lines[-1] else []
        lines += [*markdown(*tables.means(summary, data, "**")), ""]
        if len(plan.compared) > 1:
            first = markdown_text(plan.compared[0].label)
            lines += [f"Compared with {first}:", "", *markdown(*tables.comparisons(summary, data)), ""]
    lines += ["## How", "", *fenced(str(record["command"])), ""]
    lines += [f"- {markdown_text(line)}" for line in captions.provenance(record)]
    lines += ["", *markdown(tables.DEFINITIONS, record["metrics"]), ""]
    return "\n".join(lines)


def page(summary: Summary, examples: Sequence[tuple[Example, Thumbnails]], record: Mapping[str, Any]) -> str:
    """Return the page, given the :func:`record`."""
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
                    "thumbnails": jpegs,
                }
                for example, jpegs in own
            ]
            yield {"method": method.label, "metric": metric, "figures": figures}
