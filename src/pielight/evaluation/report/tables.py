"""The tables of a report: their columns, and how values are formatted."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from pielight.core.tables import Columns, Markup, Row
from pielight.evaluation.datasets.dataset import Dataset
from pielight.evaluation.metric_spec import MetricSpec
from pielight.evaluation.plan import Plan
from pielight.evaluation.report.summary import MethodComparison, Summary, Values
from pielight.evaluation.statistics import Estimate

GT_MEAN = "GT-mean"
_COMPARISON = {
    "method": "method", "metric": "metric", "difference": "difference [95 %]", "wins": "pictures: greater / smaller",
    "p": "p", "p_holm": "p (Holm)",
}  # fmt: skip
DEFINITIONS = {"name": "metric", "title": "", "formula": "formula", "source": "source"}
"""The columns of the table of metrics."""


def key(plan: Plan, metric: MetricSpec) -> str:
    """Return the key of a metric in files: its name, with ``_gt_mean`` where that is on."""
    return f"{metric.name}_gt_mean" if plan.is_scaled(metric) else metric.name


def heading(plan: Plan, metric: MetricSpec) -> str:
    """Return the heading of a metric's column: name, unit and better direction.

    >>> from pielight.evaluation.metrics import METRICS
    >>> heading(Plan((), (), ()), METRICS["psnr"]), heading(Plan((), (), (), gt_mean=True), METRICS["psnr"])
    ('psnr (dB) ↑', 'psnr (GT-mean, dB) ↑')
    """
    inside = ", ".join(filter(None, [GT_MEAN if plan.is_scaled(metric) else "", metric.unit]))
    arrow = {True: " ↑", False: " ↓", None: ""}[metric.higher_is_better]
    return f"{metric.name}{f' ({inside})' if inside else ''}{arrow}"


def means(summary: Summary, dataset: Dataset, emphasis: str = "") -> tuple[Columns, list[dict[str, Any]]]:
    """Return the table of the means of a data set: a row for each method, a column for each metric.

    ``emphasis`` is written before and after the best.
    """
    metrics = summary.plan.metrics_of(dataset)
    columns = {"method": "method"} | {metric.name: heading(summary.plan, metric) for metric in metrics}
    rows: list[dict[str, Any]] = []
    for method in summary.plan.methods:
        row: dict[str, Any] = {"method": method.label}
        for metric in metrics:
            cell = summary.cell(dataset, method, metric)
            mark = emphasis if cell.is_best else ""
            value, interval = value_and_interval(cell.estimate)
            row[metric.name] = Markup(f"{mark}{value}{mark} {interval}".rstrip())
        rows.append(row)
    return columns, rows


def comparisons(summary: Summary, dataset: Dataset) -> tuple[Columns, list[dict[str, Any]]]:
    """Return the table of the comparisons on a data set."""
    return _COMPARISON, [_comparison(summary.plan, one) for one in summary.comparisons if one.dataset == dataset]


def pictures(plan: Plan, values: Values) -> tuple[Columns, list[Row]]:
    """Return the table of all pictures: a row for each method on each, a column for each metric, unrounded."""
    columns = {"data": "data set", "picture": "picture", "method": "method"}
    columns |= {key(plan, metric): heading(plan, metric) for metric in plan.metrics}
    rows: list[Row] = []
    for dataset in plan.datasets:
        columns_of = {
            method.label: {key(plan, metric): values.of(dataset, method, metric) for metric in plan.metrics}
            for method in plan.methods
        }
        for index, sample in enumerate(dataset.samples):
            for label, of_method in columns_of.items():
                cells = {name: column[index] for name, column in of_method.items()}
                row = {"data": dataset.name, "picture": sample.name, "method": label}
                rows.append(row | {name: None if math.isnan(value) else value for name, value in cells.items()})
    return columns, rows


def number(value: float, digits: int | None = None) -> str:
    """Format a value with its significant digits.

    >>> [number(value) for value in (0.81234, 17.8123, 312.4123, 0.00123, float("inf"), float("nan"), -0.5)]
    ['0.812', '17.81', '312.4', '0.00123', '∞', '–', '−0.500']
    """
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value:.{_digits(value) if digits is None else digits}f}".replace("-", "−")


def value_and_interval(estimate: Estimate) -> tuple[str, str]:
    """Format a value and its interval, which is empty if there is none, with as many digits.

    >>> value_and_interval(Estimate(9, 1.5, 0.5, 2.5))
    ('1.50', '[0.50, 2.50]')
    """
    low, value, high = estimate.low, estimate.value, estimate.high
    if math.isnan(low):
        return number(value), ""
    digits = _digits(max(abs(low), abs(value), abs(high)))
    return number(value, digits), f"[{number(low, digits)}, {number(high, digits)}]"


def _digits(value: float) -> int:
    size = abs(value)
    if size >= 100:
        return 1
    return 2 if size >= 2 else 3 if size >= 0.1 or size == 0 else 4 if size >= 0.01 else 5


def p_value(p: float) -> str:
    """Format a p-value.

    >>> p_value(0.04321), p_value(1e-9)
    ('0.043', '< 0.001')
    """
    if math.isnan(p):
        return "–"
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def definitions(metrics: Iterable[MetricSpec]) -> list[Mapping[str, Any]]:
    """Return what each metric is."""
    names = [field.name for field in fields(MetricSpec)]
    return [{name: getattr(metric, name) for name in names} | {"needs": sorted(metric.needs)} for metric in metrics]


def _comparison(plan: Plan, one: MethodComparison) -> dict[str, Any]:
    estimate = one.difference.estimate
    sign = "+" if estimate.value > 0 else ""
    verdict = f", {one.verdict}" if one.verdict else ""
    value, interval = value_and_interval(estimate)
    return {
        "method": one.method.label,
        "metric": heading(plan, one.metric),
        "difference": f"{sign}{value} {interval}".rstrip(),
        "wins": f"{one.difference.wins} / {one.difference.losses}",
        "p": p_value(one.difference.p),
        "p_holm": f"{p_value(one.p_holm)}{verdict}",
    }
