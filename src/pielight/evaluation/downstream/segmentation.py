"""Semantic segmentation as a downstream task: IoU of every class, their mean, and pixel accuracy."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from pielight.core.messages import shown
from pielight.errors import ConfigError, DataError, ModelError
from pielight.evaluation.datasets.dataset import Dataset, Sample
from pielight.evaluation.datasets.file_cache import sha256
from pielight.evaluation.downstream.annotations import Labels, read_labels
from pielight.evaluation.downstream.datasets import segmentation
from pielight.evaluation.downstream.description import DownstreamTask, TaskOption
from pielight.evaluation.metric_spec import DatasetMetric, Floats, MetricState, Weighted, ratio, size_text
from pielight.evaluation.onnx_network import OnnxNetwork
from pielight.io.load_rgb import Pixels, load_rgb8

Counts = NDArray[np.int64]
NAME = "segmentation"
IGNORE = 255
_MOST_CLASSES = 255


class Segmenter:
    """A network that classifies every pixel, by the largest logit.

    Args:
        path: An ONNX file from ``(N, 3, H, W)`` floats in [0, 1], R, G, B, to logits ``(N, C, H, W)``; its first output
            counts.
        multiple: What both sides must be a multiple of; pictures are padded by reflection, and logits cropped.

    Raises:
        ModelError: It is missing, damaged, or takes something else.
    """

    def __init__(self, path: Path, multiple: int = 1) -> None:
        self._network = OnnxNetwork(path, multiple, hint="FILE.onnx")
        self._output = (first := self._network.outputs[0]).name
        if first.type != "tensor(float)" or (first.shape and len(first.shape) != 4):
            raise ModelError(
                f"{shown(path)}: its first output {first.name} is {first.type} {first.shape}; expected logits "
                "(N, C, H, W) of a segmentation network"
            )

    def __call__(self, pixels: Pixels) -> tuple[Labels, int]:
        """Return the labels ``(H, W)`` of a picture ``(H, W, 3)`` uint8, and how many classes there are.

        Raises:
            DataError: The network fails, or returns no logits of the picture's size.
        """
        file, batch = shown(self._network.path), self._network.batch(pixels)
        (height, width), (rows, columns) = pixels.shape[:2], batch.shape[2:]
        logits = self._network.run(batch, [self._output])[0]
        if logits.ndim != 4 or logits.shape[2:] != (rows, columns) or not 2 <= logits.shape[1] <= _MOST_CLASSES:
            raise DataError(
                f"{file}: returns {list(logits.shape)} for {columns} x {rows} pixels; "
                f"expected logits [1, C, {rows}, {columns}] of 2 to {_MOST_CLASSES} classes"
            )
        if not np.isfinite(logits).all():
            raise DataError(f"{file}: returns values that are not finite on {width} x {height} pixels")
        labels: Labels = logits[0, :, :height, :width].argmax(0).astype(np.uint8)
        return labels, logits.shape[1]


@dataclass(frozen=True)
class SegmentationEvaluator:
    """A segmentation network, scored by IoU and pixel accuracy.

    Attributes:
        path: Its ONNX file.
        multiple: What both sides of its input must be a multiple of.
        ignore: Label whose pixels do not count.
    """

    name: ClassVar[str] = NAME
    path: Path
    multiple: int = 1
    ignore: int = IGNORE

    def description(self) -> str:
        """Return a sentence for reports."""
        file = f"{self.path.name} finds (SHA-256 {sha256(self.path)})"
        return f"Classes that {file}; pixels of the label {self.ignore} do not count."

    def identity(self) -> str:
        """Return the checksum of the file, and the settings."""
        return f"{sha256(self.path)} multiple={self.multiple} ignore={self.ignore}"

    def classes(self, sample: Sample) -> int:
        """Return how many classes the network has, by running it on a picture; PielightError if it fails."""
        return _segmenter(self.path, self.multiple)(load_rgb8(sample.input))[1]

    def check(self, dataset: Dataset) -> None:
        """Check the labels of all pictures, and run the network on the first; PielightError if one fails."""
        classes = self.classes(dataset.samples[0])
        for sample in dataset.samples:
            with _naming_labels(sample, "; --ignore names another label") as labels:
                check_labels(labels, classes, self.ignore)

    def update(self, pixels: Pixels, sample: Sample) -> MetricState:
        """Classify the pixels of a picture; DataError if the network fails, or the labels do not fit."""
        predicted, classes = _segmenter(self.path, self.multiple)(pixels)
        with _naming_labels(sample) as truth:
            return segmentation_state(confusion(truth, predicted, classes, self.ignore))


@contextmanager
def _naming_labels(sample: Sample, hint: str = "") -> Iterator[Labels]:
    """Yield the labels of a picture; errors that they cause name their file."""
    assert sample.labels is not None
    try:
        yield _read_labels(sample.labels)
    except DataError as error:
        name = shown(sample.labels)
        raise error if str(error).startswith(name) else DataError(f"{name}: {error}{hint}") from None


_read_labels = lru_cache(maxsize=2)(read_labels)  # the methods follow each other on the same picture
_segmenter = lru_cache(maxsize=2)(Segmenter)


def confusion(truth: Labels, predicted: Labels, classes: int, ignore: int = IGNORE) -> Counts:
    """Return the confusion matrix of a picture: ``m[t, f]`` pixels of class t were classified as f.

    Args:
        truth: ``(H, W)``, classes from 0 on, and ``ignore`` where there is none.
        predicted: ``(H, W)``.
        classes: How many there are.
        ignore: Label whose pixels do not count.

    Raises:
        DataError: Sizes differ, or a label is not a class.

    >>> confusion(np.array([[0, 1, 255]], np.uint8), np.array([[0, 0, 1]], np.uint8), 2).tolist()
    [[1, 0], [1, 0]]
    """
    if truth.shape != predicted.shape:
        sizes = f"labels are {size_text(truth)}, those that the segmenter returned {size_text(predicted)}"
        raise DataError(f"{sizes}; they must be of one size")
    check_labels(truth, classes, ignore)
    counted = truth != ignore
    if counted.any() and (most := predicted[counted].max()) >= classes:
        raise DataError(f"the segmenter returned class {most}; there are {classes}, 0 to {classes - 1}")
    index = truth[counted].astype(np.int64) * classes + predicted[counted]
    return np.bincount(index, minlength=classes * classes).reshape(classes, classes).astype(np.int64)


def check_labels(truth: Labels, classes: int, ignore: int) -> None:
    """Raise DataError if labels are neither classes nor the one to be ignored.

    >>> check_labels(np.array([[0, 11]], np.uint8), 11, 255)
    Traceback (most recent call last):
        ...
    pielight.errors.DataError: holds the label 11; there are 11 classes, 0 to 10, and 255 is ignored
    """
    present = np.flatnonzero(np.bincount(truth.ravel(), minlength=256))
    wrong = [int(label) for label in present if label >= classes and label != ignore]
    if wrong:
        listed = f"label{'s' if len(wrong) > 1 else ''} {', '.join(map(str, wrong[:3]))}"
        raise DataError(f"holds the {listed}; there are {classes} classes, 0 to {classes - 1}, and {ignore} is ignored")


def segmentation_state(matrix: Counts) -> MetricState:
    """Return the state of all metrics: of every class, the true positives, the labeled and the predicted pixels."""
    rows = (matrix.diagonal(), matrix.sum(1), matrix.sum(0))
    return tuple(tuple(float(number) for number in row) for row in rows)


def class_ious(matrix: Counts) -> Floats:
    """Return ``IoU_c = m_cc / (sum_f m_cf + sum_t m_tc - m_cc)``, nan for a class neither labeled nor predicted.

    >>> class_ious(np.array([[3, 1, 0], [0, 4, 0], [0, 0, 0]])).round(2).tolist()
    [0.75, 0.8, nan]
    """
    ious: Floats = _ious(*(np.array([row]) for row in segmentation_state(matrix)))[0]
    return ious


def mean_iou(matrix: Counts) -> float:
    """Return the mean of :func:`class_ious` over the classes that have one (PASCAL VOC; Cityscapes).

    >>> round(mean_iou(np.array([[3, 1, 0], [0, 4, 0], [0, 0, 0]])), 3)
    0.775
    """
    return float(_mean(class_ious(matrix)[np.newaxis])[0])


def pixel_accuracy(matrix: Counts) -> float:
    """Return the share of the pixels that are classified correctly, nan without pixels.

    >>> pixel_accuracy(np.array([[3, 1], [0, 4]]))
    0.875
    """
    return float(ratio(matrix.diagonal().sum(keepdims=True), matrix.sum(keepdims=True).reshape(1))[0])


def segmentation_metrics(names: Sequence[str]) -> dict[str, DatasetMetric]:
    """Return the metrics of segmentation by name, given the names of the classes.

    >>> list(segmentation_metrics(["sky", "road"]))
    ['miou', 'accuracy', 'iou-sky', 'iou-road']
    """

    def metric(
        name: str, title: str, formula: str, weighted: Callable[[Sequence[MetricState]], Weighted]
    ) -> DatasetMetric:
        return DatasetMetric(
            name, title, formula, "PASCAL VOC; Everingham et al., IJCV 2015", NAME, weighted, higher_is_better=True,
            unit="%", high=100.0,
        )  # fmt: skip

    metrics = [
        metric("miou", "Mean IoU", "mean over classes of IoU_c; a class neither there nor found has none",
               partial(_of_ious, value=_mean)),
        metric("accuracy", "Pixel accuracy", "sum_c m_cc / sum m", _accuracy),
    ]  # fmt: skip
    for number, name in enumerate(names):
        slug = re.sub(r"[\s,]+", "-", name.strip().lower())
        of_class = partial(np.take, indices=number, axis=1)
        formula = "m_cc / (sum_f m_cf + sum_t m_tc - m_cc)"
        metrics.append(metric(f"iou-{slug}", f"IoU of {name}", formula, partial(_of_ious, value=of_class)))
    return {one.name: one for one in metrics}


def _of_ious(states: Sequence[MetricState], value: Callable[[Floats], Floats]) -> Weighted:
    right, labeled, predicted = (np.array([state[row] for state in states]) for row in range(3))
    return lambda weights: 100 * value(_ious(weights @ right, weights @ labeled, weights @ predicted))


def _accuracy(states: Sequence[MetricState]) -> Weighted:
    right, labeled = (np.array([sum(state[row]) for state in states]) for row in range(2))
    return lambda weights: 100 * ratio(weights @ right, weights @ labeled)


def _ious(right: Floats, labeled: Floats, predicted: Floats) -> Floats:
    return ratio(right, labeled + predicted - right)


def _mean(ious: Floats) -> Floats:
    present = ~np.isnan(ious)
    return ratio(np.where(present, ious, 0).sum(1), present.sum(1))


def _scoring(options: Mapping[str, Any], dataset: Dataset) -> tuple[SegmentationEvaluator, dict[str, DatasetMetric]]:
    """Return the evaluator and the metrics for options of the command; the network is run to count its classes."""
    file, _, multiple = options["segmenter"].partition(",multiple=")
    if multiple and (not multiple.isdecimal() or not int(multiple)):
        raise ConfigError(f"--segmenter {options['segmenter']}: multiple must be a whole number from 1 on")
    evaluator = SegmentationEvaluator(Path(file), int(multiple or 1), options.get("ignore", IGNORE))
    count = evaluator.classes(dataset.samples[0])
    names = [str(number) for number in range(count)]
    if "classes" in options:
        names = [name.strip() for name in options["classes"].split(",")]
        if len(set(names)) != count or len(names) != count or not all(names):
            raise ConfigError(f"--classes names {len(set(filter(None, names)))} classes; {file} has {count}")
    return evaluator, segmentation_metrics(names)


SEGMENTATION = DownstreamTask(
    name=NAME,
    dataset="images/ and labels/",
    network=TaskOption("segmenter", "From (N, 3, H, W) in [0, 1] to logits.", "FILE.onnx[,multiple=N]"),
    options=(
        TaskOption("ignore", f"Label that does not count. [default: {IGNORE}]", bounds=(0, 255)),
        TaskOption("classes", "Names of the classes, from 0 on.", "NAME,NAME,..."),
    ),
    read=segmentation,
    scoring=_scoring,
    default_metrics=("miou", "accuracy", "iou-*"),
)
