"""Task evaluators: models that are run on enhanced pictures, and scored by what they should find there."""

from __future__ import annotations

from typing import Protocol

from pielight.evaluation.datasets.dataset import Dataset, Sample
from pielight.evaluation.metric_spec import MetricState
from pielight.io.load_rgb import Pixels


class TaskEvaluator(Protocol):
    """A model and its ground truth; can be sent to other processes."""

    @property
    def name(self) -> str:
        """Name of the task."""

    def description(self) -> str:
        """Return a sentence for reports: which model, and how it is scored."""

    def identity(self) -> str:
        """Return what states depend on besides the picture: a checksum of the model, and its settings."""

    def check(self, dataset: Dataset) -> None:
        """Check the ground truth of a dataset, and run the model on its first picture.

        Raises:
            PielightError: Something is wrong; the message says what was expected.
        """

    def update(self, pixels: Pixels, sample: Sample) -> MetricState:
        """Run the model on a picture, and return its contribution to the state of dataset-level metrics.

        Raises:
            DataError: The model fails on it.
        """
