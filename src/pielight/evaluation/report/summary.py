"""The results of an evaluation: values with intervals, and how the methods differ from the first."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import compress
from typing import Literal

from pielight.evaluation import statistics
from pielight.evaluation.datasets.dataset import Dataset
from pielight.evaluation.methods.method import CLEAN, Method
from pielight.evaluation.metric_spec import DatasetMetric, MetricSpec, MetricState, PictureMetric
from pielight.evaluation.plan import Plan, Trial
from pielight.evaluation.statistics import Difference, Estimate
from pielight.evaluation.store import Measurement

SIGNIFICANT = 0.05


@dataclass
class Values:
    """The measurements of a plan: by dataset, label of the method, name of the metric and picture."""

    measurements: dict[tuple[str, str, str, str], Measurement] = field(default_factory=dict)

    def add(self, trial: Trial, measurements: Iterable[Measurement]) -> None:
        """Add the measurements of a trial."""
        for one in measurements:
            self.measurements[trial.dataset, trial.method.label, one.key.metric, trial.sample.name] = one

    def of(self, dataset: Dataset, method: Method, metric: MetricSpec) -> list[float]:
        """Return the values of all pictures of a dataset in their order, nan where there is none."""
        if isinstance(metric, DatasetMetric):
            return [metric.compute([state]) if state else math.nan for state in self.states(dataset, method, metric)]
        return [math.nan if one is None else one.value for one in self._of(dataset, method, metric)]

    def states(self, dataset: Dataset, method: Method, metric: DatasetMetric) -> list[MetricState]:
        """Return the states of all pictures of a dataset in their order, empty where there is none."""
        return [() if one is None else one.state for one in self._of(dataset, method, metric)]

    def checksum(self, dataset: Dataset, method: Method | None = None) -> str:
        """Return 16 digits of a checksum of the pictures of a dataset, or of what a method's results depend on."""
        lines = {
            f"{picture} {one.key.method_sha256 if method else one.key.picture_sha256}\n"
            for (name, label, _, picture), one in self.measurements.items()
            if name == dataset.name and (method is None or label == method.label)
        }
        return hashlib.sha256("".join(sorted(lines)).encode("utf-8", "surrogatepass")).hexdigest()[:16]

    def reason(self, dataset: Dataset, method: Method, metric: MetricSpec) -> str:
        """Return why pictures have no value: the first reason there is."""
        measurements = self._of(dataset, method, metric)
        return next((one.reason for one in measurements if one is not None and one.reason), "")

    def _of(self, dataset: Dataset, method: Method, metric: MetricSpec) -> Iterator[Measurement | None]:
        name = metric.evaluator if isinstance(metric, DatasetMetric) else metric.name
        return (self.measurements.get((dataset.name, method.label, name, sample.name)) for sample in dataset.samples)


@dataclass(frozen=True)
class Cell:
    """The value of a metric on a dataset by one method.

    Attributes:
        estimate: Its mean over pictures, or the dataset-level metric, with its interval.
        is_best: Whether no other method has a better value.
        note: On how many pictures it has no value, and why.
    """

    dataset: Dataset
    method: Method
    metric: MetricSpec
    estimate: Estimate
    is_best: bool = False
    note: str = ""


@dataclass(frozen=True)
class MethodComparison:
    """A method against the first of the command line on the same pictures.

    Attributes:
        difference: The method minus the first.
        p_holm: Its p-value, corrected for the number of comparisons in the report.
    """

    dataset: Dataset
    metric: MetricSpec
    first: Method
    method: Method
    difference: Difference
    p_holm: float = math.nan

    @property
    def verdict(self) -> Literal["better", "worse", "mixed", ""]:
        """How the other method compares: empty where the corrected p-value is 0.05 or more.

        Mixed is where the test finds a difference, but the interval does not lie wholly on the same side.
        """
        if self.metric.higher_is_better is None or not self.p_holm < SIGNIFICANT:
            return ""
        if not self.difference.is_clear:
            return "mixed"
        return "better" if (self.difference.direction > 0) == self.metric.higher_is_better else "worse"


@dataclass(frozen=True)
class Summary:
    """All results: cells by dataset, method and metric; comparisons by dataset, metric and method."""

    plan: Plan
    cells: tuple[Cell, ...]
    comparisons: tuple[MethodComparison, ...]
    seed: int

    def cell(self, dataset: Dataset, method: Method, metric: MetricSpec) -> Cell:
        """Return one cell."""
        sought = dataset.name, method.label, metric.name
        return next(one for one in self.cells if (one.dataset.name, one.method.label, one.metric.name) == sought)


def summarize(plan: Plan, values: Values, seed: int = 0) -> Summary:
    """Compute means, intervals and comparisons."""
    cells: list[Cell] = []
    comparisons: list[MethodComparison] = []
    for dataset in plan.datasets:
        for metric in plan.metrics_of(dataset):
            cells += _best_marked([_cell(values, dataset, method, metric, seed) for method in plan.methods])
            first, *others = plan.compared
            for method in others:
                difference = _difference(values, dataset, (first, method), metric, seed)
                comparisons.append(MethodComparison(dataset, metric, first, method, difference))
    corrected = statistics.holm([comparison.difference.p for comparison in comparisons])
    marked = tuple(replace(one, p_holm=p) for one, p in zip(comparisons, corrected, strict=True))
    return Summary(plan, tuple(cells), marked, seed)


def _cell(values: Values, dataset: Dataset, method: Method, metric: MetricSpec, seed: int) -> Cell:
    if isinstance(metric, DatasetMetric):
        states = values.states(dataset, method, metric)
        (measured,), groups = _measured(dataset, states)
        estimate = statistics.dataset_value(metric, measured, seed, groups)
        pictures = [0.0 if state else math.nan for state in states]
    else:
        pictures = values.of(dataset, method, metric)
        if is_spread(metric):
            (measured,), groups = _measured(dataset, _as_states(pictures))
            estimate = statistics.dataset_value(statistics.spread(metric), measured, seed, groups)
        else:
            estimate = statistics.mean(pictures, seed, dataset.groups, is_balanced=dataset.is_film)
    return Cell(dataset, method, metric, estimate, note=_note(metric, pictures, values.reason(dataset, method, metric)))


def _difference(
    values: Values, dataset: Dataset, pair: tuple[Method, Method], metric: MetricSpec, seed: int
) -> Difference:
    """Compare the second of two methods with the first."""
    if not isinstance(metric, DatasetMetric):
        one, other = (values.of(dataset, method, metric) for method in pair)
        if not is_spread(metric):
            return statistics.compare(one, other, seed, dataset.groups, is_balanced=dataset.is_film)
        (first, second), groups = _measured(dataset, _as_states(one), _as_states(other))
        return statistics.compare_datasets(statistics.spread(metric), first, second, seed, groups)
    (first, second), groups = _measured(dataset, *(values.states(dataset, method, metric) for method in pair))
    return statistics.compare_datasets(metric, first, second, seed, groups)


def is_spread(metric: MetricSpec) -> bool:
    """Return whether a metric of pictures is summed up by its standard deviation."""
    return isinstance(metric, PictureMetric) and metric.is_spread


def _as_states(pictures: list[float]) -> list[MetricState]:
    """Return the finite values of pictures as states, empty where there is none."""
    return [((value,),) if math.isfinite(value) else () for value in pictures]


def _measured(dataset: Dataset, *columns: list[MetricState]) -> tuple[list[list[MetricState]], list[str] | None]:
    """Keep the pictures of which all columns have a state, and their groups."""
    kept = [all(row) for row in zip(*columns, strict=True)]
    groups = None if dataset.groups is None else list(compress(dataset.groups, kept))
    return [list(compress(column, kept)) for column in columns], groups


def _best_marked(row: list[Cell]) -> list[Cell]:
    """Mark the best of several methods."""
    metric = row[0].metric
    compared = [cell for cell in row if cell.method != CLEAN and not math.isnan(cell.estimate.value)]
    if metric.higher_is_better is None or len(compared) < 2:
        return row
    best = (max if metric.higher_is_better else min)(cell.estimate.value for cell in compared)
    return [replace(cell, is_best=cell.estimate.value == best and cell.method != CLEAN) for cell in row]


def _note(metric: MetricSpec, values: list[float], reason: str) -> str:
    """Return on how many pictures a metric has no value, or an infinite one."""
    missing, infinite = sum(map(math.isnan, values)), sum(map(math.isinf, values))
    notes = []
    if missing:
        notes.append(f"{metric.name} has no value for {missing} of {len(values)} pictures ({reason})")
    if infinite and infinite < len(values):
        notes.append(f"{metric.name} is infinite for {infinite} of {len(values)} pictures; the mean is of the others")
    return "; ".join(notes)
