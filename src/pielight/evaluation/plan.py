"""What an evaluation measures: every method on the same pictures by every metric that applies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from pielight.errors import ConfigError, DataError
from pielight.evaluation.datasets.datasets import DataSet, Sample
from pielight.evaluation.datasets.presets import nearest
from pielight.evaluation.methods.method import Method
from pielight.evaluation.metrics import METRICS, Figure, Metric
from pielight.evaluation.store import Key, code_version
from pielight.evaluation.task_evaluator import CLEAN, Viewer
from pielight.io.required_extra import require_readers


@dataclass(frozen=True)
class Plan:
    """What is to be measured.

    Attributes:
        data: The data sets.
        methods: The methods.
        metrics: The metrics; with a viewer, its figures.
        gt_mean: Whether results are scaled to the mean of the reference before metrics that need one.
        viewer: The model that looks at results, if that is how they are measured.
    """

    data: tuple[DataSet, ...]
    methods: tuple[Method, ...]
    metrics: tuple[Figure, ...]
    gt_mean: bool = False
    viewer: Viewer | None = None

    @property
    def compared(self) -> tuple[Method, ...]:
        """The methods; a bound is none."""
        return tuple(method for method in self.methods if method != CLEAN)

    def applies(self, metric: Figure, data: DataSet) -> bool:
        """Say whether a metric can be measured on a data set."""
        return (data.is_paired or "reference" not in metric.needs) and (data.is_film or "sequence" not in metric.needs)

    def is_scaled(self, metric: Figure) -> bool:
        """Say whether GT-mean acts on a metric."""
        return self.gt_mean and "reference" in metric.needs


class Task(NamedTuple):
    """A picture that a method enhances and metrics measure.

    Attributes:
        data: Name of the data set.
        sample: The picture.
        method: The method.
        keys: All that is wanted.
        missing: What of it must still be measured.
        viewer: The model that looks at it, if that is how it is measured.
    """

    data: str
    sample: Sample
    method: Method
    keys: tuple[Key, ...]
    missing: tuple[Key, ...]
    viewer: Viewer | None = None


def choose(names: list[str]) -> tuple[Metric, ...]:
    """Return metrics by their names.

    Raises:
        ConfigError: There is no such metric, or none is named.

    >>> [metric.name for metric in choose(["psnr", "ssim"])]
    ['psnr', 'ssim']
    >>> choose(["pnsr"])
    Traceback (most recent call last):
        ...
    pielight.errors.ConfigError: pnsr: no such metric; did you mean psnr?
    """
    unknown = [f"{name}: no such metric; {nearest(name, list(METRICS))}" for name in names if name not in METRICS]
    if unknown:
        raise ConfigError("; ".join(unknown))
    if not names:
        raise ConfigError(f"no metric is named; known are {', '.join(METRICS)}")
    return tuple(METRICS[name] for name in dict.fromkeys(names))


def check(plan: Plan) -> None:
    """Check before hours of work that nothing is missing.

    Raises:
        DataError: Two things have the same name, a folder of results lacks pictures, or a metric has nothing to do.
        PictureError: The extra that reads a picture is not installed.
        PielightError: A metric lacks what it needs.
    """
    for kind, names in (
        ("data sets", [data.name for data in plan.data]), ("methods", [method.label for method in plan.methods]),
    ):  # fmt: skip
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise DataError(f"two {kind} are called {twice[0]}; name them otherwise, as in NAME=...")
    for data in plan.data:
        require_readers(path for sample in data.samples for path in sample.files())
    for method in plan.methods:
        for data in plan.data:
            method.check(data)
    for metric in plan.metrics:
        if not any(plan.applies(metric, data) for data in plan.data):
            wanted = "frames of a film, as in --data NAME:film=PATH" if "sequence" in metric.needs else "references"
            raise DataError(f"{metric.name}: needs {wanted}, and no data set has them; leave it out of --metrics")
        if isinstance(metric, Metric) and metric.prepare is not None:
            metric.prepare()
    if plan.viewer is not None:
        for data in plan.data:
            plan.viewer.check(data)


def tasks(plan: Plan) -> Iterator[Task]:
    """Yield what there is to do, picture by picture, checksums included."""
    if plan.viewer is None:
        versions = {metric.name: code_version(metric.name) for metric in plan.metrics}
    else:  # looks once, whatever figures are made of it
        versions = {plan.viewer.name: f"{code_version(plan.viewer.name)} {plan.viewer.identity()}"}
    for data in plan.data:
        measured = {metric.name: plan.is_scaled(metric) for metric in plan.metrics if plan.applies(metric, data)}
        if plan.viewer is not None:
            measured = {plan.viewer.name: False}
        for sample in data.samples:
            checksum = sample.sha256()
            for method in plan.methods:
                identity = method.identity(data.name, sample)
                keys = tuple(
                    Key(data.name, sample.name, checksum, method.spec.text, identity, name, versions[name], scaled)
                    for name, scaled in measured.items()
                )
                yield Task(data.name, sample, method, keys, keys, plan.viewer)
