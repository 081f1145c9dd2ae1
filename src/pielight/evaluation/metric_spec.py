"""Metrics: of single pictures, whose mean is reported, or of a dataset as a whole, such as mIoU."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pielight.errors import DataError
from pielight.io.load_rgb import Pixels as Pixels

Floats = npt.NDArray[np.float64]
MetricState = tuple[tuple[float, ...], ...]
"""What a downstream evaluator returns for one picture: rows of numbers, of which metrics of a dataset are computed."""
Weighted = Callable[[Floats], Floats]
"""From weights ``(R, P)``, how often each of P pictures counts in R resamples, to values ``(R,)``, nan for none."""
REFERENCE, INPUT = frozenset({"reference"}), frozenset({"input"})


@dataclass(frozen=True)
class MetricSpec:
    """A metric as reports describe it, and how its values are to be read.

    Attributes:
        name: As on the command line.
        title: In words.
        formula: The equation, in plain text.
        source: Who defined it, and whose code computes it.
        higher_is_better: None where neither direction is.
        unit: Of its values; empty for plain numbers.
        low: Least possible value; None without a bound.
        high: Greatest possible value; None without a bound.
        needs: Which of ``"reference"``, ``"input"`` and ``"sequence"`` it needs beside the result.
    """

    name: str
    title: str
    formula: str
    source: str
    _: KW_ONLY
    higher_is_better: bool | None
    unit: str = ""
    low: float | None = 0.0
    high: float | None = None
    needs: frozenset[str] = frozenset()


@dataclass(frozen=True)
class DatasetMetric(MetricSpec):
    """A metric of all pictures of a dataset together, which is not a mean over pictures.

    Attributes:
        evaluator: Name of the evaluator whose states it is computed of.
        weighted: Takes the states of P pictures; returns the metric as a function of the pictures' weights.
    """

    evaluator: str
    weighted: Callable[[Sequence[MetricState]], Weighted]

    def compute(self, states: Sequence[MetricState]) -> float:
        """Return the value for some pictures, each of which counts once; nan where there is none."""
        return float(self.weighted(states)(np.ones((1, len(states))))[0]) if states else float("nan")

    def of(self, states: Sequence[MetricState]) -> float:
        """Return :meth:`compute`, whose former name this is."""
        warnings.warn("DatasetMetric.of is deprecated; use compute", DeprecationWarning, stacklevel=2)
        return self.compute(states)


@dataclass(frozen=True)
class PictureMetric(MetricSpec):
    """A metric of one picture; that of a dataset is the mean, or the standard deviation.

    Attributes:
        function: Takes the checked result, then ``reference=`` and ``source=`` as far as it needs them.
        uses: Optional inputs, of those that ``needs`` may name.
        prepare: Loads what it needs beside pictures, or raises; called before any measurement.
        note: What to know before its values are compared, for the documentation.
        is_spread: Whether the value of a dataset is the standard deviation over its pictures, not their mean.
    """

    function: Callable[..., float]
    _: KW_ONLY
    uses: frozenset[str] = frozenset()
    prepare: Callable[[], object] | None = None
    note: str = ""
    is_spread: bool = False

    def measure(
        self,
        result: Pixels | Sequence[Pixels],
        *,
        reference: Pixels | Sequence[Pixels] | None = None,
        source: Pixels | Sequence[Pixels] | None = None,
    ) -> float:
        """Return the metric's value of a result; nan where the picture holds nothing that it could measure.

        Args:
            result: ``(H, W, 3)`` uint8 in sRGB, or gray as ``(H, W)``; a list of consecutive frames for a metric that
                needs a ``"sequence"``.
            reference: What the result should be, of the same size.
            source: The dark input, of the same size.

        Raises:
            DataError: if something needed is missing, not a uint8 picture, of another size, or too small.

        >>> from pielight.evaluation.metrics import METRICS
        >>> dark = np.full((4, 6, 3), 10, np.uint8)
        >>> METRICS["mae"].measure(dark, reference=dark + np.uint8(5))
        5.0
        >>> METRICS["mae"].measure(dark)
        Traceback (most recent call last):
            ...
        pielight.errors.DataError: mae needs a reference
        """
        inputs = {"reference": reference, "input": source}
        for role, value in inputs.items():
            if value is None and role in self.needs:
                raise DataError(f"{self.name} needs {'a reference' if role == 'reference' else 'the input'}")
        used = {role: value for role, value in inputs.items() if value is not None and role in self.needs | self.uses}
        given = {"result": result, **used}
        is_sequence = "sequence" in self.needs
        for role, value in given.items():
            if is_sequence and isinstance(value, np.ndarray) and value.ndim < 4:
                raise DataError(f"{self.name} needs consecutive frames, not one {role}")
        frames = {role: [self._picture(role, one) for one in (value if is_sequence else [value])]
                  for role, value in given.items()}  # fmt: skip
        lengths = {role: len(pictures) for role, pictures in frames.items()}
        if len(set(lengths.values())) > 1:
            raise DataError(f"{self.name}: different numbers of frames: {_listed(lengths)}")
        if is_sequence and lengths["result"] < 2:
            raise DataError(f"{self.name} needs at least two frames, not {lengths['result']}")
        sizes = {role: list(dict.fromkeys(size_text(one) for one in pictures)) for role, pictures in frames.items()}
        if len({size for of_role in sizes.values() for size in of_role}) > 1:
            listed = {role: " and ".join(of_role[:3]) for role, of_role in sizes.items()}
            raise DataError(f"{self.name}: different sizes: {_listed(listed)}")
        arguments = {role: pictures if is_sequence else pictures[0] for role, pictures in frames.items()}
        names = {"reference": "reference", "input": "source"}
        others = {names[role]: value for role, value in arguments.items() if role != "result"}
        return float(self.function(arguments["result"], **others))

    def _picture(self, role: str, value: object) -> Pixels:
        """Return a picture as ``(H, W, 3)`` uint8; gray is repeated."""
        pixels = np.asarray(value)
        if pixels.ndim == 2:
            pixels = pixels[..., None]
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] not in (1, 3):
            raise DataError(f"{self.name}: the {role} is {pixels.dtype} of shape {pixels.shape}, not uint8 (H, W, 3)")
        if not pixels.size:
            raise DataError(f"{self.name}: the {role} is empty")
        return np.repeat(pixels, 3, 2) if pixels.shape[2] == 1 else pixels


def _listed(values: Mapping[str, object]) -> str:
    """Return ``"result 4 x 3, input 2 x 2"``."""
    return ", ".join(f"{role} {value}" for role, value in values.items())


def size_text(pixels: npt.NDArray[Any]) -> str:
    """Return the size of an array ``(H, W, ...)``, such as ``"640 x 480"``."""
    return f"{pixels.shape[1]} x {pixels.shape[0]}"


def at_least(side: int, name: str, pixels: Pixels) -> None:
    """Raise DataError if a side of a picture is shorter than ``side``.

    >>> at_least(11, "SSIM", np.zeros((8, 20, 3), np.uint8))
    Traceback (most recent call last):
        ...
    pielight.errors.DataError: SSIM needs sides of at least 11 pixels, not 20 x 8
    """
    if min(pixels.shape[:2]) < side:
        raise DataError(f"{name} needs sides of at least {side} pixels, not {size_text(pixels)}")


def ratio(numerator: Floats, denominator: Floats) -> Floats:
    """Return quotients, nan where the denominator is not above 0.

    >>> ratio(np.array([1.0, 2.0]), np.array([2.0, 0.0])).tolist()
    [0.5, nan]
    """
    missing: Floats = np.full(np.shape(denominator), np.nan)
    return np.divide(numerator, denominator, out=missing, where=denominator > 0)
