"""Bounding boxes ``(x, y, w, h)``: overlap, non-maximum suppression, and matching with the ground truth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pielight.evaluation.metric_spec import Floats


def iou(first: Floats, second: Floats) -> Floats:
    """Return the intersection over union of every box of one list ``(M, 4)`` with every box of another ``(N, 4)``.

    Boxes are x, y, width and height. The result is ``(M, N)`` in [0, 1]; boxes without area overlap nothing.

    >>> iou(np.array([[0.0, 0, 2, 2]]), np.array([[1.0, 0, 2, 2], [5, 5, 1, 1]])).round(3).tolist()
    [[0.333, 0.0]]
    """
    a, b = first[:, np.newaxis], second[np.newaxis]
    sides = np.minimum(a[..., :2] + a[..., 2:], b[..., :2] + b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    shared = sides.clip(0).prod(-1)
    union = a[..., 2:].prod(-1) + b[..., 2:].prod(-1) - shared
    overlaps: Floats = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return overlaps


def non_maximum_suppression(boxes: Floats, scores: Floats, most: float) -> NDArray[np.intp]:
    """Return the indices of the boxes that greedy non-maximum suppression keeps, the highest score first.

    Boxes ``(N, 4)`` whose IoU with a better one is above ``most`` are dropped; scores are ``(N,)``.

    >>> boxes = np.array([[0.0, 0, 9, 9], [0, 0, 9, 8], [20, 0, 9, 9]])
    >>> non_maximum_suppression(boxes, np.array([0.6, 0.9, 0.7]), 0.3).tolist()
    [1, 2]
    """
    left = np.argsort(-scores, kind="stable")
    kept = []
    while len(left):
        best, left = left[0], left[1:]
        kept.append(best)
        left = left[iou(boxes[best : best + 1], boxes[left])[0] <= most]
    return np.array(kept, np.intp)


def matches(boxes: Floats, truth: Floats, least: float) -> NDArray[np.bool_]:
    """Return which boxes match the ground truth, as PASCAL VOC does (Everingham et al., IJCV 2010, section 4.2).

    Each box of ``(N, 4)``, the highest score first, belongs to the true one of ``(M, 4)`` that it overlaps most; it
    matches if their IoU is ``least`` or more and no box before it matched the same.

    >>> matches(np.array([[0.0, 0, 9, 9], [0, 0, 9, 8]]), np.array([[0.0, 0, 9, 9]]), 0.5).tolist()
    [True, False]
    """
    matched = np.zeros(len(boxes), bool)
    if not len(truth):
        return matched
    overlaps = iou(boxes, truth)
    taken: set[int] = set()
    for i, best in enumerate(overlaps.argmax(1).tolist()):
        if overlaps[i, best] >= least and best not in taken:
            taken.add(best)
            matched[i] = True
    return matched
