"""The files of a report: every picture as CSV, the summary as Markdown and JSON, and a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pielight.core.atomic_file import write_atomic
from pielight.core.environment import environment
from pielight.core.json_file import write_json
from pielight.core.messages import counted
from pielight.core.tables import csv_text, fenced, markdown, markdown_text, utf8
from pielight.evaluation.report import captions, tables
from pielight.evaluation.report.examples import Example, Thumbnails
from pielight.evaluation.report.page import page
from pielight.evaluation.report.summary import Summary, Values
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
    files = {kind: folder / name for kind, name in names.items()}
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
