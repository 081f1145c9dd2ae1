"""Models that look at results: what an evaluation needs to know of a detector or a segmenter."""

from __future__ import annotations

from typing import Protocol

from pielight.evaluation.datasets.datasets import DataSet, Sample
from pielight.evaluation.datasets.pictures import Pixels
from pielight.evaluation.methods.method import Method
from pielight.evaluation.methods.specs import Spec
from pielight.evaluation.store import Evidence

CLEAN = Method(Spec("clean", "clean", "clean", ""))
"""What the best enhancement would give back: the picture before it was darkened. A bound, not a method."""


class Viewer(Protocol):
    """A model that looks at pictures and is scored by what it should have seen; processes can send it to each other."""

    @property
    def name(self) -> str:
        """Name of the task."""

    def says(self) -> str:
        """Return a sentence for reports: which model, and how it is scored."""

    def identity(self) -> str:
        """Return what scores depend on besides the picture: a checksum of the model, and its settings."""

    def check(self, data: DataSet) -> None:
        """Check a data set, and on its first picture that the model can be scored.

        Raises:
            PielightError: Something is wrong; says what was expected.
        """

    def look(self, pixels: Pixels, sample: Sample) -> Evidence:
        """Look at a picture and return what its score is computed of.

        Raises:
            DataError: The model fails on it.
        """
