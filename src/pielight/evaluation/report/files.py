"""The files of a report: every picture as CSV, the summary as Markdown and JSON, and a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pielight.core.atomic_file import write_atomic
from pielight.core.environment import environment
from pielight.core.json_file import write_json
from pielight.core.tables import csv_text, fenced, markdown, markdown_text, utf8
from pielight.evaluation.datasets.pairing import counted
from pielight.evaluation.report import captions as words
from pielight.evaluation.report import tables
from pielight.evaluation.report.examples import Place, Shot
from pielight.evaluation.report.page import page
from pielight.evaluation.report.summary import Summary, Values
from pielight.evaluation.store import LIBRARIES


def write(
    folder: Path, summary: Summary, values: Values, shots: Sequence[tuple[Place, Shot]], command: str
) -> dict[str, Path]:
    """Write all files; with GT-mean on, ``-gt-mean`` is in their names.

    Args:
        folder: Of the report.
        summary: What was found.
        values: The measurements.
        shots: Pictures of the page.
        command: The command line.

    Returns:
        The files: ``csv``, ``markdown``, ``json`` and ``html``.

    Raises:
        PictureError: One cannot be written.
    """
    end = "-gt-mean" if summary.plan.gt_mean else ""
    names = {"csv": "pictures", "markdown": "summary", "json": "summary", "html": "index"}
    suffixes = {"csv": ".csv", "markdown": ".md", "json": ".json", "html": ".html"}
    files = {kind: folder / f"{name}{end}{suffixes[kind]}" for kind, name in names.items()}
    facts = record(summary, values, command)
    write_atomic(files["csv"], utf8(csv_text(*tables.pictures(summary.plan, values))))
    write_atomic(files["markdown"], utf8(text(summary, facts)))
    write_json(files["json"], facts)
    write_atomic(files["html"], utf8(page(summary, shots, facts)))
    return files


def record(summary: Summary, values: Values, command: str) -> dict[str, Any]:
    """Return all that was found, and all that it depends on, as one record."""
    plan = summary.plan
    return {
        "type": "evaluation",
        "command": command,
        **environment(("pielight", *LIBRARIES)),
        "seed": summary.seed,
        "gt_mean": plan.gt_mean,
        "task": None if plan.viewer is None else plan.viewer.name,
        "task_model": None if plan.viewer is None else {"is": plan.viewer.says(), "identity": plan.viewer.identity()},
        "data": [
            {"name": data.name, "layout": data.layout, "pictures": len(data.samples), "is_paired": data.is_paired,
             "sha256": values.checksum(data), "notes": list(data.notes)}
            for data in plan.data
        ],
        "methods": [
            {"label": method.label, "spec": method.spec.text,
             "sha256": method.sha256 or {data.name: values.checksum(data, method) for data in plan.data}
             if method.folder or method.sha256 else None}
            for method in plan.methods
        ],
        "metrics": tables.definitions(plan.metrics),
        "means": [
            {"data": cell.data.name, "method": cell.method.label, "metric": cell.metric.name,
             "gt_mean": plan.is_scaled(cell.metric), "pictures": cell.mean.count, "mean": cell.mean.value,
             "low": cell.mean.low, "high": cell.mean.high, "infinite": cell.mean.infinite,
             "is_best": cell.is_best, "note": cell.note}
            for cell in summary.cells
        ],
        "comparisons": [
            {"data": one.data.name, "metric": one.metric.name, "gt_mean": plan.is_scaled(one.metric),
             "first": one.first.label, "method": one.method.label, "pictures": one.difference.mean.count,
             "difference": one.difference.mean.value, "low": one.difference.mean.low,
             "high": one.difference.mean.high, "greater": one.difference.wins, "smaller": one.difference.losses,
             "p": one.difference.p, "p_holm": one.p_holm, "verdict": one.verdict}
            for one in summary.comparisons
        ],
    }  # fmt: skip


def text(summary: Summary, facts: Mapping[str, Any]) -> str:
    """Return the summary as Markdown."""
    plan = summary.plan
    lines = ["# Evaluation", "", markdown_text(words.notice(plan)), "", markdown_text(words.how(summary)), ""]
    for data in plan.data:
        lines += [f"## {markdown_text(data.name)}: {counted(len(data.samples))}", ""]
        lines += [markdown_text(f"{data.layout[:1].upper()}{data.layout[1:]}."), ""]
        lines += [f"- {markdown_text(note)}" for note in words.notes(summary, data.name)]
        lines += [""] if lines[-1] else []
        lines += [*markdown(*tables.means(summary, data, "**")), ""]
        if len(plan.compared) > 1:
            first = markdown_text(plan.compared[0].label)
            lines += [f"Compared with {first}:", "", *markdown(*tables.comparisons(summary, data)), ""]
    lines += ["## How", "", *fenced(str(facts["command"])), ""]
    lines += [f"- {markdown_text(line)}" for line in words.provenance(facts)]
    lines += ["", *markdown({"name": "metric", "title": "", "formula": "formula", "source": "source"},
                            facts["metrics"]), ""]  # fmt: skip
    return "\n".join(lines)
