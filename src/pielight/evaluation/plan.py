"""What an evaluation measures: every method on the same pictures by every metric that applies."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from pielight.core.messages import nearest
from pielight.errors import ConfigError, DataError
from pielight.evaluation.datasets.dataset import Dataset, Sample
from pielight.evaluation.methods.method import CLEAN, Method
from pielight.evaluation.metric_spec import MetricSpec, MetricState, PictureMetric, Pixels
from pielight.evaluation.metrics import METRICS, RENAMED
from pielight.evaluation.store import Key, code_version
from pielight.io.required_extra import require_readers


class TaskEvaluator(Protocol):
    """A downstream model that is run on enhanced pictures, and its ground truth; can be sent to other processes."""

    @property
    def name(self) -> str:
        """Name of the task."""

    def description(self) -> str:
        """Return a sentence for reports: which model, and how it is scored."""

    def identity(self) -> str:
        """Return what states depend on besides the picture: a checksum of the model, and its settings."""

    def check(self, dataset: Dataset) -> None:
        """Check the ground truth, and run the model on the first picture; PielightError names what was expected."""

    def update(self, pixels: Pixels, sample: Sample) -> MetricState:
        """Run the model on a picture, and return its state for dataset-level metrics; DataError if that fails."""


@dataclass(frozen=True)
class Plan:
    """What is measured: every method on every dataset by every metric that applies.

    Attributes:
        metrics: With an evaluator, its dataset-level metrics.
        gt_mean: Whether results are scaled to the mean of the reference before metrics that need one.
        evaluator: The downstream model that is run on results, if that is how they are measured.
    """

    datasets: tuple[Dataset, ...]
    methods: tuple[Method, ...]
    metrics: tuple[MetricSpec, ...]
    gt_mean: bool = False
    evaluator: TaskEvaluator | None = None

    @property
    def compared(self) -> tuple[Method, ...]:
        """The methods without the bound."""
        return tuple(method for method in self.methods if method != CLEAN)

    def metrics_of(self, dataset: Dataset) -> list[MetricSpec]:
        """Return the metrics that can be measured on a dataset."""
        inputs = {"input": True, "reference": dataset.is_paired, "sequence": dataset.is_film}
        given = {kind for kind, is_given in inputs.items() if is_given}
        return [metric for metric in self.metrics if metric.needs <= given]

    def is_scaled(self, metric: MetricSpec) -> bool:
        """Return whether GT-mean acts on a metric."""
        return self.gt_mean and "reference" in metric.needs


class Trial(NamedTuple):
    """One method on one picture of a dataset, by its name: a unit of work.

    Attributes:
        keys: All measurements that are wanted.
        missing: Those that must still be made.
        evaluator: The downstream model that makes them, if any.
    """

    dataset: str
    sample: Sample
    method: Method
    keys: tuple[Key, ...]
    missing: tuple[Key, ...]
    evaluator: TaskEvaluator | None = None


def choose(names: list[str]) -> tuple[PictureMetric, ...]:
    """Return metrics by their names; ConfigError if there is no such metric, or none is named.

    >>> [metric.name for metric in choose(["psnr", "ssim"])]
    ['psnr', 'ssim']
    >>> choose(["pnsr"])
    Traceback (most recent call last):
        ...
    pielight.errors.ConfigError: pnsr: no such metric; did you mean psnr?
    """
    for name in set(names) & set(RENAMED):
        warnings.warn(f"the metric {name} is now called {RENAMED[name]}", DeprecationWarning, stacklevel=2)
    names = [RENAMED.get(name, name) for name in names]
    unknown = [f"{name}: no such metric; {nearest(name, METRICS)}" for name in names if name not in METRICS]
    if unknown:
        raise ConfigError("; ".join(unknown))
    if not names:
        raise ConfigError(f"no metric is named; known are {', '.join(METRICS)}")
    return tuple(METRICS[name] for name in dict.fromkeys(names))


def check(plan: Plan) -> None:
    """Check before any measurement that nothing is missing.

    PielightError if two datasets or methods have the same name, a folder of results lacks pictures, a metric applies
    to no dataset or lacks what it needs, or the extra that reads a picture is not installed.
    """
    named = {"data sets": [data.name for data in plan.datasets], "methods": [method.label for method in plan.methods]}
    for kind, names in named.items():
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise DataError(f"two {kind} are called {twice[0]}; name them otherwise, as in NAME=...")
    for dataset in plan.datasets:
        require_readers(path for sample in dataset.samples for path in sample.files())
        for method in plan.methods:
            method.check(dataset)
    for metric in plan.metrics:
        if not any(metric in plan.metrics_of(dataset) for dataset in plan.datasets):
            wanted = "frames of a film, as in --data NAME:film=PATH" if "sequence" in metric.needs else "references"
            raise DataError(f"{metric.name}: needs {wanted}, and no data set has them; leave it out of --metrics")
        if isinstance(metric, PictureMetric) and metric.prepare is not None:
            metric.prepare()
    if plan.evaluator is not None:
        for dataset in plan.datasets:
            plan.evaluator.check(dataset)


def trials(plan: Plan) -> Iterator[Trial]:
    """Yield what there is to do, picture by picture, checksums included."""
    evaluator = plan.evaluator
    if evaluator is None:
        versions = {metric.name: code_version(metric.name) for metric in plan.metrics}
    else:
        versions = {evaluator.name: f"{code_version(evaluator.name)} {evaluator.identity()}"}
    for dataset in plan.datasets:
        measured = {metric.name: plan.is_scaled(metric) for metric in plan.metrics_of(dataset)}
        if evaluator is not None:  # once, whatever metrics are computed of its states
            measured = {evaluator.name: False}
        for sample in dataset.samples:
            checksum = sample.sha256()
            for method in plan.methods:
                identity = method.identity(dataset.name, sample)
                result = (dataset.name, sample.name, checksum, method.spec.text, identity)
                keys = tuple(Key(*result, name, versions[name], is_scaled) for name, is_scaled in measured.items())
                yield Trial(dataset.name, sample, method, keys, keys, evaluator)
