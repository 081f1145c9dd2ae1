"""Semantic segmentation as a downstream task: IoU of every class, their mean, and pixel accuracy."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pielight.core.messages import shown
from pielight.errors import DataError
from pielight.evaluation.datasets.dataset import Dataset, Sample
from pielight.evaluation.datasets.file_cache import sha256
from pielight.evaluation.downstream.annotations import Labels, read_labels
from pielight.evaluation.downstream.segmenter import Segmenter
from pielight.evaluation.metric_spec import DatasetMetric, Floats, MetricState, Weighted, ratio
from pielight.evaluation.onnx_network import size_text
from pielight.io.load_rgb import Pixels, load_rgb8

Counts = NDArray[np.int64]
NAME = "segmentation"
IGNORE = 255


@dataclass(frozen=True)
class SegmentationEvaluator:
    """A segmentation network, scored by IoU and pixel accuracy.

    Attributes:
        path: Its ONNX file.
        multiple: What both sides of its input must be a multiple of.
        ignore: Label whose pixels do not count.
    """

    path: Path
    multiple: int = 1
    ignore: int = IGNORE

    @property
    def name(self) -> str:
        """Name of the task."""
        return NAME

    def description(self) -> str:
        """Return a sentence for reports."""
        return (
            f"Classes that {self.path.name} finds (SHA-256 {sha256(self.path)}); pixels of the label {self.ignore} do "
            "not count."
        )

    def identity(self) -> str:
        """Return the checksum of the file, and the settings."""
        return f"{sha256(self.path)} multiple={self.multiple} ignore={self.ignore}"

    def classes(self, sample: Sample) -> int:
        """Return how many classes the network has, by running it on a picture.

        Raises:
            PielightError: It fails.
        """
        return _segmenter(self.path, self.multiple)(load_rgb8(sample.input))[1]

    def check(self, dataset: Dataset) -> None:
        """Check the labels of all pictures, and run the network on the first.

        Raises:
            PielightError: Something is wrong.
        """
        classes = self.classes(dataset.samples[0])
        for sample in dataset.samples:
            path, labels = _labels_of(sample)
            try:
                check_labels(labels, classes, self.ignore)
            except DataError as error:
                raise DataError(f"{shown(path)}: {error}; --ignore names another label") from None

    def update(self, pixels: Pixels, sample: Sample) -> MetricState:
        """Find the classes of a picture.

        Raises:
            DataError: The network fails, or the labels do not fit.
        """
        found, classes = _segmenter(self.path, self.multiple)(pixels)
        path, truth = _labels_of(sample)
        try:
            return segmentation_state(confusion(truth, found, classes, self.ignore))
        except DataError as error:
            raise DataError(f"{shown(path)}: {error}") from None


def _labels_of(sample: Sample) -> tuple[Path, Labels]:
    assert sample.labels is not None
    return sample.labels, _read_labels(sample.labels)


_read_labels = lru_cache(maxsize=2)(read_labels)  # the methods follow each other on the same picture
_segmenter = lru_cache(maxsize=2)(Segmenter)


def confusion(truth: Labels, found: Labels, classes: int, ignore: int = IGNORE) -> Counts:
    """Return the confusion matrix of a picture: ``m[t, f]`` pixels of class t were taken for class f.

    Args:
        truth: ``(H, W)``, classes from 0 on, and ``ignore`` where there is none.
        found: ``(H, W)``.
        classes: How many there are.
        ignore: Label whose pixels do not count.

    Raises:
        DataError: Sizes differ, or a label is no class.

    >>> confusion(np.array([[0, 1, 255]], np.uint8), np.array([[0, 0, 1]], np.uint8), 2).tolist()
    [[1, 0], [1, 0]]
    """
    if truth.shape != found.shape:
        raise DataError(
            f"labels are {size_text(truth)}, what the segmenter found is {size_text(found)}; they must be of one size"
        )
    check_labels(truth, classes, ignore)
    counted = truth != ignore
    if counted.any() and found[counted].max() >= classes:
        raise DataError(f"the segmenter found class {found[counted].max()}; there are {classes}, 0 to {classes - 1}")
    index = truth[counted].astype(np.int64) * classes + found[counted]
    return np.bincount(index, minlength=classes * classes).reshape(classes, classes).astype(np.int64)


def check_labels(truth: Labels, classes: int, ignore: int) -> None:
    """Check that labels are classes, or the one to be ignored.

    Raises:
        DataError: Some are not.

    >>> check_labels(np.array([[0, 11]], np.uint8), 11, 255)
    Traceback (most recent call last):
        ...
    pielight.errors.DataError: holds the label 11; there are 11 classes, 0 to 10, and 255 is ignored
    """
    present = np.flatnonzero(np.bincount(truth.ravel(), minlength=256))
    wrong = [int(label) for label in present if label >= classes and label != ignore]
    if wrong:
        listed = ", ".join(map(str, wrong[:3]))
        raise DataError(
            f"holds the label{'s' if len(wrong) > 1 else ''} {listed}; there are {classes} classes, 0 to "
            f"{classes - 1}, and {ignore} is ignored"
        )


def segmentation_state(matrix: Counts) -> MetricState:
    """Return what all metrics are computed of: of every class, the pixels found right, labeled so, and found so."""
    rows = (matrix.diagonal(), matrix.sum(1), matrix.sum(0))
    return tuple(tuple(float(number) for number in row) for row in rows)


def class_ious(matrix: Counts) -> Floats:
    """Return ``IoU_c = m_cc / (sum_f m_cf + sum_t m_tc - m_cc)``, nan for a class neither labeled nor found.

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
    """Return the share of the pixels whose class was found, nan without pixels.

    >>> pixel_accuracy(np.array([[3, 1], [0, 4]]))
    0.875
    """
    return float(ratio(matrix.diagonal().sum(keepdims=True), matrix.sum(keepdims=True).reshape(1))[0])


def segmentation_metrics(names: Sequence[str]) -> dict[str, DatasetMetric]:
    """Return the metrics of segmentation by name.

    Args:
        names: Of the classes.

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
    right, labeled, found = (np.array([state[row] for state in states]) for row in range(3))
    return lambda weights: 100 * value(_ious(weights @ right, weights @ labeled, weights @ found))


def _accuracy(states: Sequence[MetricState]) -> Weighted:
    right, labeled = (np.array([sum(state[row]) for state in states]) for row in range(2))
    return lambda weights: 100 * ratio(weights @ right, weights @ labeled)


def _ious(right: Floats, labeled: Floats, found: Floats) -> Floats:
    return ratio(right, labeled + found - right)


def _mean(ious: Floats) -> Floats:
    present = ~np.isnan(ious)
    return ratio(np.where(present, ious, 0).sum(1), present.sum(1))
