"""What a downstream task is: the options it takes, how its dataset is read, its evaluator and its metrics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pielight.evaluation.datasets.dataset import Dataset, Sample
from pielight.evaluation.metric_spec import DatasetMetric, MetricState, Pixels


class Evaluator(Protocol):
    """A downstream model that is run on enhanced pictures, and its ground truth; can be sent to other processes."""

    @property
    def name(self) -> str:
        """Name of the downstream task."""

    def description(self) -> str:
        """Return a sentence for reports: which model, and how it is scored."""

    def identity(self) -> str:
        """Return what states depend on besides the picture: a checksum of the model, and its settings."""

    def check(self, dataset: Dataset) -> None:
        """Check the ground truth, and run the model on the first picture; PielightError names what was expected."""

    def update(self, pixels: Pixels, sample: Sample) -> MetricState:
        """Run the model on a picture, and return its state for dataset-level metrics; DataError if that fails."""


@dataclass(frozen=True)
class TaskOption:
    """An option of ``pielight evaluate`` that downstream tasks take.

    Attributes:
        name: As on the command line, without dashes; two tasks may share an option.
        help: What it does, with its default.
        metavar: Placeholder of its value in the help.
        type: Of its value.
        bounds: Least and greatest value of a whole number.
    """

    name: str
    help: str
    metavar: str | None = None
    type: type[str | float] = str
    bounds: tuple[int, int] | None = None


SHRINK = TaskOption("shrink", "Shrink pictures and boxes first. [default: 1]", "SCALE", float)
"""Of tasks whose ground truth can be scaled with the pictures."""


@dataclass(frozen=True)
class DownstreamTask:
    """A task that a user's network does on enhanced pictures.

    Attributes:
        name: After ``--downstream``.
        dataset: What the folder of a dataset holds, for the help.
        network: The option that names the user's network.
        options: The other ones.
        read: From the name and the folder of a dataset to its pictures with their ground truth; DataError if the
            folder holds something else.
        scoring: From the options that were given, by name, and a dataset, to the evaluator and all metrics that it
            measures, by name; PielightError if an option is invalid, or the network cannot be scored.
        default_metrics: Names, as patterns of :mod:`fnmatch`.
        needs_network: Whether the option of the network must be given.
    """

    name: str
    dataset: str
    network: TaskOption
    options: tuple[TaskOption, ...]
    read: Callable[[str, Path], Dataset]
    scoring: Callable[[Mapping[str, Any], Dataset], tuple[Evaluator, dict[str, DatasetMetric]]]
    default_metrics: tuple[str, ...]
    needs_network: bool = True

    @property
    def all_options(self) -> tuple[TaskOption, ...]:
        """The network's option, then the others."""
        return (self.network, *self.options)
