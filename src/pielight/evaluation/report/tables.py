"""The tables of a report: which columns there are and how values are written."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from pielight.core.tables import Columns, Markup, Row
from pielight.evaluation.datasets.datasets import DataSet
from pielight.evaluation.metrics import Figure
from pielight.evaluation.plan import Plan
from pielight.evaluation.report.summary import Comparison, Summary, Values
from pielight.evaluation.statistics import Mean

GT_MEAN = "GT-mean"
_COMPARISON = {
    "method": "method", "metric": "metric", "difference": "difference [95 %]", "wins": "pictures: greater / smaller",
    "p": "p", "p_holm": "p (Holm)",
}  # fmt: skip


def key(plan: Plan, metric: Figure) -> str:
    """Return what files call a metric: its name, with ``_gt_mean`` after it where that is on."""
    return f"{metric.name}_gt_mean" if plan.is_scaled(metric) else metric.name


def heading(plan: Plan, metric: Figure) -> str:
    """Return what tables call a metric: its name, unit and better direction.

    >>> from pielight.evaluation.metrics import METRICS
    >>> heading(Plan((), (), ()), METRICS["psnr"]), heading(Plan((), (), (), gt_mean=True), METRICS["psnr"])
    ('psnr (dB) ↑', 'psnr (GT-mean, dB) ↑')
    """
    inside = ", ".join(filter(None, [GT_MEAN if plan.is_scaled(metric) else "", metric.unit]))
    arrow = {True: " ↑", False: " ↓", None: ""}[metric.higher_is_better]
    return f"{metric.name}{f' ({inside})' if inside else ''}{arrow}"


def means(summary: Summary, data: DataSet, emphasis: str = "") -> tuple[Columns, list[dict[str, Any]]]:
    """Return the table of the means of a data set: a row for each method, a column for each metric.

    Args:
        summary: What was found.
        data: The data set.
        emphasis: Written before and after the best.
    """
    metrics = summary.metrics_of(data)
    columns = {"method": "method"} | {metric.name: heading(summary.plan, metric) for metric in metrics}
    rows: list[dict[str, Any]] = []
    for method in summary.plan.methods:
        row: dict[str, Any] = {"method": method.label}
        for metric in metrics:
            cell = summary.cell(data, method, metric)
            mark = emphasis if cell.is_best else ""
            value, interval = mean_and_interval(cell.mean)
            row[metric.name] = Markup(f"{mark}{value}{mark} {interval}".rstrip())
        rows.append(row)
    return columns, rows


def comparisons(summary: Summary, data: DataSet) -> tuple[Columns, list[dict[str, Any]]]:
    """Return the table of the comparisons on a data set."""
    found = [one for one in summary.comparisons if one.data == data]
    columns = _COMPARISON if summary.plan.viewer is None else _COMPARISON | {"difference": "difference [95 %]"}
    return columns, [_comparison(summary.plan, one) for one in found]


def pictures(plan: Plan, values: Values) -> tuple[Columns, list[Row]]:
    """Return the table of all pictures: a row for each method on each, a column for each metric, unrounded."""
    columns = {"data": "data set", "picture": "picture", "method": "method"}
    columns |= {key(plan, metric): heading(plan, metric) for metric in plan.metrics}
    rows: list[Row] = []
    for data in plan.data:
        found = {
            (method.label, metric.name): values.of(data, method, metric)
            for method in plan.methods
            for metric in plan.metrics
        }
        for number, sample in enumerate(data.samples):
            for method in plan.methods:
                row: dict[str, Any] = {"data": data.name, "picture": sample.name, "method": method.label}
                for metric in plan.metrics:
                    value = found[method.label, metric.name][number]
                    row[key(plan, metric)] = None if math.isnan(value) else value
                rows.append(row)
    return columns, rows


def number(value: float, digits: int | None = None) -> str:
    """Write a value with the digits that count.

    >>> [number(value) for value in (0.81234, 17.8123, 312.4123, 0.00123, float("inf"), float("nan"), -0.5)]
    ['0.812', '17.81', '312.4', '0.00123', '∞', '–', '−0.500']
    """
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value:.{_digits(value) if digits is None else digits}f}".replace("-", "−")


def mean_and_interval(mean: Mean) -> tuple[str, str]:
    """Write a mean and its interval, which is empty if there is none, with as many digits.

    >>> mean_and_interval(Mean(9, 1.5, 0.5, 2.5))
    ('1.50', '[0.50, 2.50]')
    """
    if math.isnan(mean.low):
        return number(mean.value), ""
    digits = _digits(max(abs(mean.low), abs(mean.value), abs(mean.high)))
    return number(mean.value, digits), f"[{number(mean.low, digits)}, {number(mean.high, digits)}]"


def _digits(value: float) -> int:
    size = abs(value)
    if size >= 100:
        return 1
    return 2 if size >= 2 else 3 if size >= 0.1 or size == 0 else 4 if size >= 0.01 else 5


def p_value(p: float) -> str:
    """Write a p-value.

    >>> p_value(0.04321), p_value(1e-9)
    ('0.043', '< 0.001')
    """
    if math.isnan(p):
        return "–"
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def definitions(metrics: Iterable[Figure]) -> list[Mapping[str, Any]]:
    """Return what each metric is."""
    return [
        {
            "name": metric.name,
            "title": metric.title,
            "formula": metric.formula,
            "source": metric.source,
            "unit": metric.unit,
            "higher_is_better": metric.higher_is_better,
            "low": metric.low,
            "high": metric.high,
            "needs": sorted(metric.needs),
        }
        for metric in metrics
    ]


def _comparison(plan: Plan, one: Comparison) -> dict[str, Any]:
    mean = one.difference.mean
    sign = "+" if mean.value > 0 else ""
    verdict = f", {one.verdict}" if one.verdict else ""
    value, interval = mean_and_interval(mean)
    return {
        "method": one.method.label,
        "metric": heading(plan, one.metric),
        "difference": f"{sign}{value} {interval}".rstrip(),
        "wins": f"{one.difference.wins} / {one.difference.losses}",
        "p": p_value(one.difference.p),
        "p_holm": f"{p_value(one.p_holm)}{verdict}",
    }
