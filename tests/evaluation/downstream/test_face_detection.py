"""Recall and average precision, against values by hand and a plain transcription."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from pielight.evaluation.downstream.bounding_boxes import matches
from pielight.evaluation.downstream.face_detection import detection_state, face_metrics
from pielight.evaluation.metric_spec import MetricState

FACE = np.array([[10.0, 10, 20, 20]])


def seen(faces: int, *boxes: tuple[float, bool]) -> MetricState:
    """MetricState of a picture: how many faces, and score and rightness of every box."""
    ordered = sorted(boxes, reverse=True)
    return (float(faces),), tuple(s for s, _ in ordered), tuple(float(hit) for _, hit in ordered)


def plain_ap(pictures: Sequence[MetricState]) -> float:
    """Average precision as the VOC development kit computes it: envelope, then the area at every change of recall."""
    boxes = sorted(((s, hit) for _, scores, hits in pictures for s, hit in zip(scores, hits, strict=True)),
                   key=lambda box: -box[0])  # fmt: skip
    faces, found, recalls, precisions = sum(one[0][0] for one in pictures), 0.0, [0.0], [0.0]
    for count, (_, hit) in enumerate(boxes, 1):
        found += hit
        recalls.append(found / faces)
        precisions.append(found / count)
    recalls.append(1.0)
    precisions.append(0.0)
    for i in range(len(precisions) - 2, -1, -1):
        precisions[i] = max(precisions[i], precisions[i + 1])
    return sum((b - a) * p for a, b, p in zip(recalls, recalls[1:], precisions[1:], strict=False))


def test_average_precision_by_hand() -> None:
    ap = face_metrics(0.5, 0.5)["ap"]
    assert ap.compute([seen(1, (0.9, True))]) == 1
    assert ap.compute([seen(2, (0.9, True))]) == 0.5
    assert ap.compute([seen(2, (0.9, True), (0.8, False), (0.7, True))]) == pytest.approx(0.5 + 0.5 * 2 / 3)
    assert ap.compute([seen(1)]) == 0
    assert np.isnan(ap.compute([seen(0, (0.9, False))]))


def test_average_precision_is_that_of_the_transcription() -> None:
    rng = np.random.default_rng(0)
    for _ in range(30):
        pictures = []
        for _ in range(8):
            hits = rng.integers(0, 2, rng.integers(0, 6)).astype(bool)
            faces = int(hits.sum() + rng.integers(0, 3))
            scores = rng.uniform(0.02, 1, len(hits)).tolist()
            pictures.append(seen(faces, *zip(scores, hits.tolist(), strict=True)))
        pictures.append(seen(1))
        assert face_metrics(0.5, 0.5)["ap"].compute(pictures) == pytest.approx(plain_ap(pictures))


def test_average_precision_takes_in_no_box_below_its_floor() -> None:
    """Recall may ask for lower scores, so that they are there."""
    ap = face_metrics(0.01, 0.5)["ap"]
    assert ap.compute([seen(2, (0.9, True), (0.019, True))]) == pytest.approx(0.5)
    assert ap.compute([seen(2, (0.9, True), (0.02, True))]) == pytest.approx(1.0)


def test_weights_count_pictures_as_often() -> None:
    pictures = [seen(2, (0.9, True), (0.4, True)), seen(1, (0.8, False)), seen(1, (0.7, True))]
    for name in ("recall", "ap"):
        metric = face_metrics(0.5, 0.5)[name]
        weights = np.array([[2.0, 1, 0], [0, 0, 3]])
        repeated = [[pictures[0], pictures[0], pictures[1]], [pictures[2]] * 3]
        found = metric.weighted(pictures)(weights)
        assert found.tolist() == pytest.approx([metric.compute(one) for one in repeated])


def test_recall_counts_faces_by_boxes_of_enough_score() -> None:
    pictures = [seen(2, (0.9, True), (0.4, True)), seen(1, (0.8, False)), seen(0, (0.9, False))]
    assert face_metrics(0.5, 0.5)["recall"].compute(pictures) == pytest.approx(1 / 3)
    assert face_metrics(0.3, 0.5)["recall"].compute(pictures) == pytest.approx(2 / 3)
    assert np.isnan(face_metrics(0.5, 0.5)["recall"].compute([seen(0)]))


def test_which_box_finds_which_face() -> None:
    half = FACE - np.array([[0, 0, 0, 10]])  # IoU 0.5
    assert matches(half, FACE, 0.5).tolist() == [True]
    assert matches(half, FACE, 0.51).tolist() == [False]
    assert matches(np.vstack([half, FACE]), FACE, 0.5).tolist() == [True, False]  # the better box came too late
    two = np.vstack([FACE, FACE + np.array([[2, 0, 0, 0]])])
    assert matches(two, two, 0.5).tolist() == [True, True]
    assert matches(np.zeros((0, 4)), FACE, 0.5).tolist() == []
    assert detection_state(FACE, np.array([0.9]), np.zeros((0, 4)), 0.5) == ((0.0,), (0.9,), (0.0,))
