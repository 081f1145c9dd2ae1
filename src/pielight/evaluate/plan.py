"""What an evaluation measures: every method on the same pictures by every metric that applies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from pielight.errors import ConfigError, DataError
from pielight.evaluate.datasets import DataSet, Sample
from pielight.evaluate.methods import Method
from pielight.evaluate.metrics import METRICS, Metric
from pielight.evaluate.presets import nearest
from pielight.evaluate.store import Key, code_version


@dataclass(frozen=True)
class Plan:
    """What is to be measured.

    Attributes:
        data: The data sets.
        methods: The methods.
        metrics: The metrics.
        gt_mean: Whether results are scaled to the mean of the reference before metrics that need one.
    """

    data: tuple[DataSet, ...]
    methods: tuple[Method, ...]
    metrics: tuple[Metric, ...]
    gt_mean: bool = False

    def applies(self, metric: Metric, data: DataSet) -> bool:
        """Say whether a metric can be measured on a data set."""
        return (data.is_paired or "reference" not in metric.needs) and (data.is_film or "sequence" not in metric.needs)

    def is_scaled(self, metric: Metric) -> bool:
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
    """

    data: str
    sample: Sample
    method: Method
    keys: tuple[Key, ...]
    missing: tuple[Key, ...]


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
        PielightError: A metric lacks what it needs.
    """
    for kind, names in (
        ("data sets", [data.name for data in plan.data]), ("methods", [method.label for method in plan.methods]),
    ):  # fmt: skip
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise DataError(f"two {kind} are called {twice[0]}; name them otherwise, as in NAME=...")
    for method in plan.methods:
        for data in plan.data:
            method.check(data)
    for metric in plan.metrics:
        if not any(plan.applies(metric, data) for data in plan.data):
            wanted = "frames of a film, as in --data NAME:film=PATH" if "sequence" in metric.needs else "references"
            raise DataError(f"{metric.name}: needs {wanted}, and no data set has them; leave it out of --metrics")
        if metric.prepare is not None:
            metric.prepare()


def tasks(plan: Plan) -> Iterator[Task]:
    """Yield what there is to do, picture by picture, checksums included."""
    versions = {metric.name: code_version(metric.name) for metric in plan.metrics}
    for data in plan.data:
        metrics = [metric for metric in plan.metrics if plan.applies(metric, data)]
        for sample in data.samples:
            checksum = sample.sha256()
            for method in plan.methods:
                identity = method.identity(data.name, sample)
                keys = tuple(
                    Key(data.name, sample.name, checksum, method.spec.text, identity, metric.name,
                        versions[metric.name], plan.is_scaled(metric))
                    for metric in metrics
                )  # fmt: skip
                yield Task(data.name, sample, method, keys, keys)
