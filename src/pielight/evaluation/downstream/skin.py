"""Skin as it was photographed: how far the lightness and the hue of faces move, by quarters of skin lightness."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from pielight.core.color import srgb_to_linear
from pielight.errors import ConfigError
from pielight.evaluation.datasets.dataset import Dataset, Sample
from pielight.evaluation.datasets.file_cache import sha256, size
from pielight.evaluation.datasets.layouts import unpaired
from pielight.evaluation.downstream.datasets import BOXES, faces
from pielight.evaluation.downstream.description import SHRINK, DownstreamTask, TaskOption
from pielight.evaluation.downstream.detector import NMS, SCORE, detector
from pielight.evaluation.metric_spec import DatasetMetric, Floats, MetricState, Weighted, ratio
from pielight.io.load_rgb import Pixels

NAME = "skin"
LEAST_SIDE = 8  # pixels of a face that counts
_LINEAR = srgb_to_linear(np.arange(256) / 255)  # of the 8-bit levels
_XYZ = np.array(  # of linear sRGB (IEC 61966-2-1)
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
)
_MIDDLE = 0.1842  # luminance of L* = 50
_QUARTER = 0.25


@dataclass(frozen=True)
class SkinEvaluator:
    """Measures faces of a result against the photograph as it was published, before it was darkened.

    Attributes:
        path: ONNX file of the detector that finds the faces; None takes the boxes of the data set.
        score: Least score of a face that it finds.
        nms: IoU up to which two boxes are two faces.
    """

    name: ClassVar[str] = NAME
    path: Path | None = None
    score: float = SCORE
    nms: float = NMS

    def __post_init__(self) -> None:
        for name in ("score", "nms"):
            if not 0 < getattr(self, name) < 1:
                raise ConfigError(f"{name} is {getattr(self, name):g}; expected a number above 0 and below 1")

    def description(self) -> str:
        """Return a sentence for reports."""
        found = f"that {self.path.name} finds (SHA-256 {sha256(self.path)})" if self.path else f"of {BOXES}"
        return f"Faces {found}, compared with the photographs as published: median L* and hue of each box."

    def identity(self) -> str:
        """Return the checksum of the detector, and the settings that states depend on."""
        return f"{sha256(self.path)} score={self.score:g} nms={self.nms:g}" if self.path else "boxes"

    def check(self, dataset: Dataset) -> None:
        """Check that there are boxes, or a detector that runs on the first picture; PielightError if not."""
        first = dataset.samples[0]
        if self.path is None and first.boxes is None:
            raise ConfigError(f"{dataset.name} has no {BOXES}; name a face detector by --detector FILE.onnx")
        self.update(first.pixels(), first)

    def update(self, pixels: Pixels, sample: Sample) -> MetricState:
        """Measure the faces of a result; DataError if the detector fails."""
        before, boxes = _published(self, sample)
        return skin_state(pixels, before, boxes)

    def boxes(self, published: Pixels, sample: Sample) -> Floats:
        """Return the boxes of the faces of a published photograph, ``(N, 4)``."""
        if self.path is not None:
            return _detector(self.path, self.score, self.nms)(published)[0]
        sides = size(sample.input) or published.shape[1::-1]
        scale = np.array(published.shape[1::-1]) / sides
        return np.array(sample.boxes, float).reshape(-1, 4) * np.tile(scale, 2)


_detector = lru_cache(maxsize=2)(detector)


@lru_cache(maxsize=2)
def _published(evaluator: SkinEvaluator, sample: Sample) -> tuple[Pixels, Floats]:
    """Return a published photograph and the boxes of its faces, which all methods share."""
    pixels = sample.clean()
    return pixels, evaluator.boxes(pixels, sample)


def skin_state(result: Pixels, published: Pixels, boxes: Floats) -> MetricState:
    """Return the state of the metrics of skin for one picture.

    Args:
        result: ``(H, W, 3)`` uint8.
        published: The same size.
        boxes: Of faces ``(N, 4)``: x, y, width and height; those below 8 pixels a side, inside the picture, do not
            count.

    Returns:
        Three rows, a number for each face: the published median L*; that of the result; by how many degrees the hue of
        the mean color, scaled to L* = 50, turned.
    """
    rows: list[tuple[float, float, float]] = []
    for x, y, w, h in boxes:
        left, top = max(0, round(x)), max(0, round(y))
        inside = np.s_[top : max(top, round(y + h)), left : max(left, round(x + w))]
        before, after = _LINEAR[published[inside]], _LINEAR[result[inside]]
        if min(before.shape[:2]) >= LEAST_SIDE:
            turned = abs(_hue(after) - _hue(before))
            rows.append((median_lightness(before), median_lightness(after), min(turned, 360 - turned)))
    return tuple(tuple(column) for column in zip(*rows, strict=True)) if rows else ((), (), ())


def median_lightness(linear: Floats) -> float:
    """Return the median CIE L* of linear light ``(H, W, 3)``: ``116 f(Y) - 16`` (CIE 15).

    >>> round(median_lightness(np.full((2, 2, 3), 0.1842)), 1)
    50.0
    """
    return float(116 * _root(np.median(linear @ _XYZ[1])) - 16)


def _root(ratios: Any) -> Any:
    """Return ``f(t)`` of CIELAB: the cube root, linear near black."""
    return np.where(ratios > (6 / 29) ** 3, np.cbrt(ratios), ratios / (3 * (6 / 29) ** 2) + 4 / 29)


def _hue(linear: Floats) -> float:
    """Return the hue angle in degrees of the mean of linear light, scaled to L* = 50, under D65."""
    xyz = linear.mean((0, 1)) @ _XYZ.T
    x, y, z = _root(xyz * (_MIDDLE / max(xyz[1], 1e-9)) / _XYZ.sum(1))
    return float(np.degrees(np.arctan2(200 * (y - z), 500 * (x - y))) % 360)


@dataclass(frozen=True)
class _Faces:
    """All faces of some pictures: their published L*, by how much it moved, their turn, and whose they are."""

    published: Floats
    shift: Floats
    turned: Floats
    picture: Any

    @classmethod
    def of(cls, states: Sequence[MetricState]) -> _Faces:
        before, after, turned = (np.array([value for state in states for value in state[row]]) for row in range(3))
        return cls(before, after - before, turned, np.repeat(np.arange(len(states)), [len(s[0]) for s in states]))

    def mean(self, values: Floats, chosen: Any = True) -> Weighted:
        """Return the mean over chosen faces, as a function of the weights of pictures."""
        counted = np.broadcast_to(chosen, values.shape).astype(np.float64)
        return lambda weights: ratio(weights[:, self.picture] @ (values * counted), weights[:, self.picture] @ counted)


def _mean_shift(states: Sequence[MetricState]) -> Weighted:
    found = _Faces.of(states)
    return found.mean(found.shift)


def _mean_error(states: Sequence[MetricState]) -> Weighted:
    found = _Faces.of(states)
    return found.mean(np.abs(found.shift))


def _mean_turn(states: Sequence[MetricState]) -> Weighted:
    found = _Faces.of(states)
    return found.mean(found.turned)


def _quarter_shift(states: Sequence[MetricState], lightest: bool) -> Weighted:
    found = _Faces.of(states)
    if not len(found.published):
        return found.mean(found.shift)
    limit = np.quantile(found.published, 1 - _QUARTER if lightest else _QUARTER)
    return found.mean(found.shift, found.published >= limit if lightest else found.published <= limit)


def _quantile_error(states: Sequence[MetricState], quantile: float) -> Weighted:
    found = _Faces.of(states)
    order = np.argsort(np.abs(found.shift), kind="stable")
    size, picture = np.abs(found.shift)[order], found.picture[order]

    def of(weights: Floats) -> Floats:
        total = np.cumsum(weights[:, picture], axis=1)
        if not len(size):
            return np.full(len(weights), np.nan)
        first = (total >= quantile * total[:, -1:]).argmax(axis=1)
        return np.where(total[:, -1] > 0, size[first], np.nan)

    return of


def _metric(
    name: str,
    title: str,
    formula: str,
    weighted: Callable[[Sequence[MetricState]], Weighted],
    signed: bool,
    **words: Any,
) -> DatasetMetric:
    better = None if signed else False
    low = None if signed else 0.0
    return DatasetMetric(name, title, formula, "pielight; CIE 15", NAME, weighted, higher_is_better=better, low=low,
                         **({"unit": "L*"} | words))  # fmt: skip


METRICS = {
    metric.name: metric
    for metric in (
        _metric("face-shift", "Shift of the lightness of faces; 0 is best",
                "mean of d = median L*(result) - median L*(published) over the boxes", _mean_shift, signed=True),
        _metric("face-darkest", "Shift of the quarter of faces of the darkest skin; 0 is best",
                "mean of d over faces of published L* <= its 25 % quantile", partial(_quarter_shift, lightest=False),
                signed=True),
        _metric("face-lightest", "Shift of the quarter of faces of the lightest skin; 0 is best",
                "mean of d over faces of published L* >= its 75 % quantile", partial(_quarter_shift, lightest=True),
                signed=True),
        _metric("face-error", "Error of the lightness of faces", "mean |d|", _mean_error, signed=False),
        _metric("face-error-90", "Error that one face in ten exceeds", "90 % quantile of |d|",
                partial(_quantile_error, quantile=0.9), signed=False),
        _metric("face-hue", "Turn of the hue of faces", "mean |h - h'|, h of the mean color of the box at L* = 50",
                _mean_turn, signed=False, unit="degrees", high=180.0),
    )
}  # fmt: skip
"""Metrics of skin by name."""


def _read(name: str, path: Path) -> Dataset:
    """Read pictures with boxes of faces, or pictures alone, whose faces a detector finds."""
    return faces(name, path) if (path / BOXES).exists() else unpaired(name, path)


def _scoring(options: Mapping[str, Any], _: Dataset) -> tuple[SkinEvaluator, dict[str, DatasetMetric]]:
    """Return the evaluator and the metrics for options of the command."""
    thresholds = {name: options[name] for name in ("score", "nms") if name in options}
    return SkinEvaluator(Path(options["detector"]) if "detector" in options else None, **thresholds), METRICS


SKIN = DownstreamTask(
    name=NAME,
    dataset="boxes.json (or pictures, with --detector)",
    network=TaskOption("detector", "Face detector, such as YuNet.", "FILE.onnx"),
    options=(
        SHRINK,
        TaskOption("score", f"Least score of a face for the recall. [default: {SCORE:g}]", "0..1", float),
        TaskOption("nms", f"IoU up to which two boxes are two faces. [default: {NMS:g}]", "0..1", float),
    ),
    read=_read,
    scoring=_scoring,
    default_metrics=tuple(METRICS),
    needs_network=False,
)
