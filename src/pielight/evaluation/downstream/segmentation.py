"""How semantic segmentation is scored: IoU of every class, their mean, and pixel accuracy."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from pielight.errors import DataError
from pielight.evaluation.dataset_metrics import Pool, PooledFigure
from pielight.evaluation.store import Evidence

Floats = NDArray[np.float64]
Labels = NDArray[np.uint8]
Counts = NDArray[np.int64]
Segment = Callable[[NDArray[np.uint8]], Labels]
NAME = "segmentation"
IGNORE = 255


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
            f"labels are {_size(truth)}, what the segmenter found is {_size(found)}; they must be of one size"
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
    there = np.flatnonzero(np.bincount(truth.ravel(), minlength=256))
    wrong = [int(label) for label in there if label >= classes and label != ignore]
    if wrong:
        listed = ", ".join(map(str, wrong[:3]))
        raise DataError(
            f"holds the label{'s' if len(wrong) > 1 else ''} {listed}; there are {classes} classes, 0 to "
            f"{classes - 1}, and {ignore} is ignored"
        )


def evidence(matrix: Counts) -> Evidence:
    """Return what all figures are computed of: of every class, the pixels that are right, that are it, and that were
    taken for it."""
    rows = (matrix.diagonal(), matrix.sum(1), matrix.sum(0))
    return tuple(tuple(float(number) for number in row) for row in rows)


def class_ious(matrix: Counts) -> Floats:
    """Return ``IoU_c = m_cc / (sum_f m_cf + sum_t m_tc - m_cc)``, nan for a class that is neither there nor found.

    >>> class_ious(np.array([[3, 1, 0], [0, 4, 0], [0, 0, 0]])).round(2).tolist()
    [0.75, 0.8, nan]
    """
    found: Floats = _ious(*(np.array([row]) for row in evidence(matrix)))[0]
    return found


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
    return float(_ratio(matrix.diagonal().sum(keepdims=True), matrix.sum(keepdims=True).reshape(1))[0])


def figures(names: Sequence[str]) -> dict[str, PooledFigure]:
    """Return what can be measured, by name; processes can send it to each other.

    Args:
        names: Of the classes.

    >>> list(figures(["sky", "road"]))
    ['miou', 'accuracy', 'iou-sky', 'iou-road']
    """

    def figure(name: str, title: str, formula: str, pool: Callable[[Sequence[Evidence]], Pool]) -> PooledFigure:
        source = "PASCAL VOC; Everingham et al., IJCV 2015"
        return PooledFigure(name, title, formula, source, "%", True, 0.0, 100.0, frozenset(), NAME, pool)

    found = [
        figure("miou", "Mean IoU", "mean over classes of IoU_c; a class neither there nor found has none",
               partial(_pool, value=_mean)),
        figure("accuracy", "Pixel accuracy", "sum_c m_cc / sum m", _accuracy),
    ]  # fmt: skip
    for place, name in enumerate(names):
        slug = re.sub(r"[\s,]+", "-", name.strip().lower())
        found.append(
            figure(f"iou-{slug}", f"IoU of {name}", "m_cc / (sum_f m_cf + sum_t m_tc - m_cc)",
                   partial(_pool, value=partial(np.take, indices=place, axis=1)))
        )  # fmt: skip
    return {one.name: one for one in found}


def _pool(seen: Sequence[Evidence], value: Callable[[Floats], Floats]) -> Pool:
    right, true, taken = (np.array([one[row] for one in seen]) for row in range(3))
    return lambda weights: 100 * value(_ious(weights @ right, weights @ true, weights @ taken))


def _accuracy(seen: Sequence[Evidence]) -> Pool:
    right, true = (np.array([sum(one[row]) for one in seen]) for row in range(2))
    return lambda weights: 100 * _ratio(weights @ right, weights @ true)


def _ious(right: Floats, true: Floats, taken: Floats) -> Floats:
    return _ratio(right, true + taken - right)


def _mean(ious: Floats) -> Floats:
    there = ~np.isnan(ious)
    return _ratio(np.where(there, ious, 0).sum(1), there.sum(1))


def _ratio(above: Floats, below: Floats) -> Floats:
    found: Floats = np.divide(above, below, out=np.full(np.shape(below), np.nan), where=below > 0)
    return found


def _size(labels: Labels) -> str:
    return " x ".join(map(str, labels.shape[::-1]))
