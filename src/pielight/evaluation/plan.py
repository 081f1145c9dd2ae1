"""What an evaluation measures: every method on the same pictures by every metric that applies."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

from pielight.core.messages import nearest
from pielight.errors import ConfigError, DataError
from pielight.evaluation.datasets.dataset import Dataset, Sample
from pielight.evaluation.downstream.darkness import Darkness
from pielight.evaluation.downstream.datasets import darkened
from pielight.evaluation.downstream.description import SHRINK, DownstreamTask, Evaluator
from pielight.evaluation.methods.method import CLEAN, Method, find_method
from pielight.evaluation.metric_spec import MetricSpec, PictureMetric
from pielight.evaluation.metrics import METRICS, RENAMED
from pielight.evaluation.store import Key, code_version
from pielight.io.required_extra import require_readers
from pielight.video.containers import is_clip_name


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
    evaluator: Evaluator | None = None

    @property
    def compared(self) -> tuple[Method, ...]:
        """The methods without the bound."""
        return tuple(method for method in self.methods if method != CLEAN)

    def metrics_of(self, dataset: Dataset) -> list[MetricSpec]:
        """Return the metrics that can be measured on a dataset."""
        inputs = {"input": True, "reference": dataset.is_paired, "sequence": dataset.is_film}
        given = {role for role, is_given in inputs.items() if is_given}
        return [metric for metric in self.metrics if metric.needs <= given]

    def is_scaled(self, metric: MetricSpec) -> bool:
        """Return whether GT-mean acts on a metric."""
        return self.gt_mean and "reference" in metric.needs


class Trial(NamedTuple):
    """One method on one picture of a dataset, by its name: a unit of work.

    Attributes:
        keys: All measurements of the trial.
        missing: Those that must still be made.
        evaluator: The downstream model that makes them, if any.
    """

    dataset: str
    sample: Sample
    method: Method
    keys: tuple[Key, ...]
    missing: tuple[Key, ...]
    evaluator: Evaluator | None = None


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


def downstream_plan(
    task: DownstreamTask,
    options: Mapping[str, Any],
    data: Sequence[tuple[str, Path]],
    methods: Sequence[str],
    *,
    metrics: Sequence[str] | None = None,
    exposures: Sequence[float] = (0.0,),
    noise: tuple[float, float] = (1e-3, 1e-6),
    limit: int | None = None,
    seed: int = 0,
) -> Plan:
    """Return the plan of a downstream task, not checked yet; PielightError if something is invalid or missing.

    Untouched pictures are added as the first method unless they are named, and, if any are darkened, a perfect
    enhancement as the bound.

    Args:
        task: What the user's network does.
        options: The task's options that were given, by name.
        data: Names and folders of datasets.
        methods: Their specs.
        metrics: Names; None takes the task's default.
        exposures: By how many EV pictures are darkened; 0 leaves them as they are.
        noise: Variances of the shot and the read noise of darkened pictures.
        limit: How many pictures of every dataset count; None takes all.
        seed: Of the noise.
    """
    darkness = Darkness(0.0, *noise, options.get(SHRINK.name, 1.0), seed)
    originals = [task.read(name, path).first(limit) for name, path in data]
    datasets = tuple(one for original in originals for one in darkened(original, exposures, darkness))
    evaluator, known = task.scoring(options, datasets[0])
    if metrics is None:
        metrics = [name for name in known if any(fnmatchcase(name, pattern) for pattern in task.default_metrics)]
    if unknown := [name for name in metrics if name not in known]:
        raise ConfigError(f"{unknown[0]}: --downstream {task.name} does not measure it; {nearest(unknown[0], known)}")
    if not metrics:
        raise ConfigError(f"no metric is named; known are {', '.join(known)}")
    compared = tuple(map(find_method, methods))
    if all(one.spec.kind != "identity" for one in compared):  # the baseline
        compared = (find_method("untouched=identity"), *compared)
    bound = (CLEAN,) if any(exposures) else ()  # pictures before they were darkened
    return Plan(datasets, (*compared, *bound), tuple(known[name] for name in metrics), evaluator=evaluator)


def check(plan: Plan) -> None:
    """Check before any measurement that nothing is missing.

    PielightError if two datasets or methods have the same name, a folder of results lacks pictures, a metric applies
    to no dataset or lacks what it needs, or the extra that reads a picture is not installed.
    """
    named = {"data sets": [data.name for data in plan.datasets], "methods": [method.label for method in plan.methods]}
    for plural, names in named.items():
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise DataError(f"two {plural} are called {twice[0]}; give one another name, as in NAME=...")
    for dataset in plan.datasets:
        require_readers(path for sample in dataset.samples for path in sample.files() if not is_clip_name(path))
        for method in plan.methods:
            method.check(dataset)
    for metric in plan.metrics:
        if not any(metric in plan.metrics_of(dataset) for dataset in plan.datasets):
            lacking = "frames of a film, as in --data NAME:film=PATH" if "sequence" in metric.needs else "references"
            raise DataError(f"{metric.name}: needs {lacking}, and no data set has them; leave it out of --metrics")
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
