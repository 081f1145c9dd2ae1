"""What an evaluation found: means with intervals, and how the methods differ from the first."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import compress
from typing import Literal

from pielight.evaluation.dataset_metrics import PooledFigure, pooled_compare, pooled_mean
from pielight.evaluation.datasets.datasets import DataSet
from pielight.evaluation.methods.method import Method
from pielight.evaluation.metrics import Figure
from pielight.evaluation.plan import Plan, Task
from pielight.evaluation.statistics import Difference, Mean, compare, holm, mean
from pielight.evaluation.store import Evidence, Measurement
from pielight.evaluation.task_evaluator import CLEAN

SIGNIFICANT = 0.05


@dataclass
class Values:
    """The measurements of a plan as they come in.

    Attributes:
        found: By data set, label of the method, metric and picture.
    """

    found: dict[tuple[str, str, str, str], Measurement] = field(default_factory=dict)

    def add(self, task: Task, measurements: Iterable[Measurement]) -> None:
        """Keep the measurements of a task."""
        for one in measurements:
            self.found[task.data, task.method.label, one.key.metric, task.sample.name] = one

    def of(self, data: DataSet, method: Method, metric: Figure) -> list[float]:
        """Return the values of all pictures of a data set in their order, nan where there is none."""
        if isinstance(metric, PooledFigure):
            return [metric.of([one]) if one else math.nan for one in self.evidence(data, method, metric)]
        there = self._measurements(data, method, metric)
        return [math.nan if one is None else one.value for one in there]

    def evidence(self, data: DataSet, method: Method, figure: PooledFigure) -> list[Evidence]:
        """Return what was seen on all pictures of a data set in their order, empty where there is none."""
        return [() if one is None else one.evidence for one in self._measurements(data, method, figure)]

    def checksum(self, data: DataSet, method: Method | None = None) -> str:
        """Return 16 digits of a checksum of the pictures of a data set, or of what a method's results depend on."""
        lines = set()
        for (name, label, _, picture), one in self.found.items():
            if name == data.name and method is None:
                lines.add(f"{picture} {one.key.picture_sha256}\n")
            elif name == data.name and method is not None and label == method.label:
                lines.add(f"{picture} {one.key.method_sha256}\n")
        return hashlib.sha256("".join(sorted(lines)).encode("utf-8", "surrogatepass")).hexdigest()[:16]

    def reason(self, data: DataSet, method: Method, metric: Figure) -> str:
        """Return why a picture has no value: the first reason there is."""
        there = self._measurements(data, method, metric)
        return next((one.reason for one in there if one is not None and one.reason), "")

    def _measurements(self, data: DataSet, method: Method, metric: Figure) -> Iterator[Measurement | None]:
        name = metric.made_of if isinstance(metric, PooledFigure) else metric.name
        return (self.found.get((data.name, method.label, name, sample.name)) for sample in data.samples)


@dataclass(frozen=True)
class Cell:
    """The mean of a metric over the pictures of a data set, by one method.

    Attributes:
        data: The data set.
        method: The method.
        metric: The metric.
        mean: With its interval.
        is_best: Whether no other method has a better mean.
        note: On how many pictures it has no value, and why.
    """

    data: DataSet
    method: Method
    metric: Figure
    mean: Mean
    is_best: bool = False
    note: str = ""


@dataclass(frozen=True)
class Comparison:
    """A method against the first on the same pictures.

    Attributes:
        data: The data set.
        metric: The metric.
        first: The first method of the command line.
        method: The other.
        difference: The other minus the first.
        p_holm: Its p-value, corrected for the number of comparisons in the report.
    """

    data: DataSet
    metric: Figure
    first: Method
    method: Method
    difference: Difference
    p_holm: float = math.nan

    @property
    def verdict(self) -> Literal["better", "worse", "mixed", ""]:
        """What can be said of the other method: nothing where the corrected p-value is 0.05 or more.

        Mixed is where the test finds a difference, but the mean does not lie on the same side with its whole interval.
        """
        if self.metric.higher_is_better is None or not self.p_holm < SIGNIFICANT:
            return ""
        if not self.difference.is_clear:
            return "mixed"
        return "better" if (self.difference.direction > 0) == self.metric.higher_is_better else "worse"


@dataclass(frozen=True)
class Summary:
    """All of it.

    Attributes:
        plan: What was measured.
        cells: By data set, method and metric, in the order of the command line.
        comparisons: By data set, metric and method.
        seed: Of the resampling.
    """

    plan: Plan
    cells: tuple[Cell, ...]
    comparisons: tuple[Comparison, ...]
    seed: int

    def metrics_of(self, data: DataSet) -> list[Figure]:
        """Return the metrics that apply to a data set."""
        return [metric for metric in self.plan.metrics if self.plan.applies(metric, data)]

    def cell(self, data: DataSet, method: Method, metric: Figure) -> Cell:
        """Return one cell."""
        return self._cells[data.name, method.label, metric.name]

    @cached_property
    def _cells(self) -> Mapping[tuple[str, str, str], Cell]:
        return {(cell.data.name, cell.method.label, cell.metric.name): cell for cell in self.cells}


def summarize(plan: Plan, values: Values, seed: int = 0) -> Summary:
    """Compute means, intervals and comparisons.

    Args:
        plan: What was measured.
        values: The measurements.
        seed: Of the resampling.
    """
    cells: list[Cell] = []
    comparisons: list[Comparison] = []
    for data in plan.data:
        for metric in (metric for metric in plan.metrics if plan.applies(metric, data)):
            row = [
                Cell(data, method, metric, _mean(values, data, method, metric, seed),
                     note=_note(values, data, method, metric))
                for method in plan.methods
            ]  # fmt: skip
            cells += _best_marked(row)
            first, *others = plan.compared
            for method in others:
                difference = _difference(values, data, (first, method), metric, seed)
                comparisons.append(Comparison(data, metric, first, method, difference))
    corrected = holm([comparison.difference.p for comparison in comparisons])
    marked = tuple(replace(one, p_holm=p) for one, p in zip(comparisons, corrected, strict=True))
    return Summary(plan, tuple(cells), marked, seed)


def _mean(values: Values, data: DataSet, method: Method, metric: Figure, seed: int) -> Mean:
    if not isinstance(metric, PooledFigure):
        return mean(values.of(data, method, metric), seed, data.groups)
    (seen,), groups = _there(data, values.evidence(data, method, metric))
    return pooled_mean(metric, seen, seed, groups)


def _difference(values: Values, data: DataSet, pair: tuple[Method, Method], metric: Figure, seed: int) -> Difference:
    """Compare the second of two methods with the first."""
    if not isinstance(metric, PooledFigure):
        one, other = pair
        return compare(values.of(data, one, metric), values.of(data, other, metric), seed, data.groups)
    (first, second), groups = _there(data, *(values.evidence(data, method, metric) for method in pair))
    return pooled_compare(metric, first, second, seed, groups)


def _there(data: DataSet, *columns: list[Evidence]) -> tuple[list[list[Evidence]], list[str] | None]:
    """Keep the pictures that all columns have evidence of, and their groups."""
    kept = [all(row) for row in zip(*columns, strict=True)]
    groups = None if data.groups is None else list(compress(data.groups, kept))
    return [list(compress(column, kept)) for column in columns], groups


def _best_marked(row: list[Cell]) -> list[Cell]:
    """Mark the best of several methods."""
    metric = row[0].metric
    there = [cell.mean.value for cell in row if cell.method != CLEAN and not math.isnan(cell.mean.value)]
    if metric.higher_is_better is None or len(there) < 2:
        return row
    best = max(there) if metric.higher_is_better else min(there)
    return [replace(cell, is_best=cell.mean.value == best and cell.method != CLEAN) for cell in row]


def _note(values: Values, data: DataSet, method: Method, metric: Figure) -> str:
    if isinstance(metric, PooledFigure):
        found = [0.0 if one else math.nan for one in values.evidence(data, method, metric)]
    else:
        found = values.of(data, method, metric)
    gone, infinite = sum(map(math.isnan, found)), sum(map(math.isinf, found))
    notes = []
    if gone:
        reason = values.reason(data, method, metric)
        notes.append(f"{metric.name} has no value for {gone} of {len(found)} pictures ({reason})")
    if infinite and infinite < len(found):
        notes.append(f"{metric.name} is infinite for {infinite} of {len(found)} pictures; the mean is of the others")
    return "; ".join(notes)
