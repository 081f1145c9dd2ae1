"""How face detection is scored: recall and average precision at an overlap."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from pielight.evaluation.dataset_metrics import Pool, PooledFigure
from pielight.evaluation.downstream.bounding_boxes import right
from pielight.evaluation.store import Evidence

Floats = NDArray[np.float64]
NAME = "faces"
FLOOR = 0.02
"""Least score of the boxes that average precision takes in."""


def evidence(boxes: Floats, scores: Floats, truth: Floats, least: float) -> Evidence:
    """Return what both figures are computed of.

    Args:
        boxes: ``(N, 4)``, the highest score first.
        scores: ``(N,)``.
        truth: Boxes of the faces, ``(M, 4)``.
        least: IoU from which on a face counts as found.

    Returns:
        Three rows: the number of faces; the scores; 1 for every box that is right and 0 for others.
    """
    return ((float(len(truth)),), tuple(scores.tolist()), tuple(right(boxes, truth, least).astype(float).tolist()))


def recall(seen: Sequence[Evidence], score: float) -> Pool:
    """Return the share of the faces that boxes of at least a score find, as a function of pictures' weights."""
    faces = np.array([one[0][0] for one in seen])
    found = np.array([sum(hit for s, hit in zip(one[1], one[2], strict=True) if s >= score) for one in seen])

    def pool(weights: Floats) -> Floats:
        return _ratio(weights @ found, weights @ faces)

    return pool


def average_precision(seen: Sequence[Evidence]) -> Pool:
    """Return the average precision as a function of pictures' weights.

    ``AP = sum_k (r_k - r_(k-1)) max_(j >= k) p_j`` over the boxes of all pictures, the highest score first: precision
    p and recall r after k boxes, precision made to fall with recall, all points (PASCAL VOC from 2010 on; Everingham
    et al., IJCV 2015, section 4.2). Boxes of one score count in the order of pictures, those below 0.02 do not count.
    """
    faces = np.array([one[0][0] for one in seen])
    scores = np.concatenate([one[1] for one in seen])
    order = np.argsort(-scores, kind="stable")
    order = order[scores[order] >= FLOOR]
    hits = np.concatenate([one[2] for one in seen])[order]
    owner = np.repeat(np.arange(len(seen)), [len(one[1]) for one in seen])[order]

    def pool(weights: Floats) -> Floats:
        return np.array([_area(row, row[owner], hits, float(row @ faces)) for row in weights])

    return pool


def _area(row: Floats, weights: Floats, hits: Floats, faces: float) -> float:
    """Return the area below the falling curve of precision over recall."""
    if faces == 0:
        return float("nan")
    gained = weights * hits
    precision = _ratio(np.cumsum(gained), np.cumsum(weights))
    falling = np.maximum.accumulate(np.nan_to_num(precision)[::-1])[::-1]
    return float((gained * falling).sum() / faces)


def figures(score: float, least: float) -> dict[str, PooledFigure]:
    """Return what can be measured, by name; processes can send it to each other.

    Args:
        score: Least score of the boxes that count in the recall.
        least: IoU from which on a face counts as found.

    >>> list(figures(0.5, 0.5))
    ['recall', 'ap']
    """
    return {
        "recall": PooledFigure(
            "recall", f"Share of the faces that are found (IoU {least:g}, score {score:g})",
            f"faces with a box of IoU >= {least:g} and score >= {score:g} / all faces; one box finds one face",
            "Everingham et al., IJCV 2010, for which box finds which face", "", True, 0.0, 1.0, frozenset(),
            NAME, partial(recall, score=score),
        ),
        "ap": PooledFigure(
            "ap", f"Average precision (IoU {least:g}); all faces must be labeled",
            f"sum_k (r_k - r_(k-1)) max_(j >= k) p_j, boxes of score >= {FLOOR:g}, all points",
            "Everingham et al., IJCV 2015, section 4.2", "", True, 0.0, 1.0, frozenset(), NAME, average_precision,
        ),
    }  # fmt: skip


def _ratio(above: Floats, below: Floats) -> Floats:
    found: Floats = np.divide(above, below, out=np.full(np.shape(below), np.nan), where=below > 0)
    return found
