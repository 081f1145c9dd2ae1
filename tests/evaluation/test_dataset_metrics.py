"""Statistics of a data set as a whole, against those that are known for its mean."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from pielight.evaluation.downstream.face_detection import face_metrics
from pielight.evaluation.metric_spec import MetricState
from pielight.evaluation.statistics import compare, compare_datasets, dataset_value, mean

RECALL = face_metrics(0.5, 0.5)["recall"]


def faces(hits: list[int]) -> list[MetricState]:
    """Pictures with a face each, which is found or not."""
    return [((1.0,), (0.9,), (float(hit),)) for hit in hits]


def test_recall_of_one_face_each_is_a_mean() -> None:
    hits = [1] * 30 + [0] * 12
    ours, theirs = dataset_value(RECALL, faces(hits), seed=1), mean(list(map(float, hits)), seed=1)
    assert (ours.count, ours.value) == (42, pytest.approx(theirs.value))
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.03)
    groups = [i // 6 for i in range(42)]
    ours = dataset_value(RECALL, faces(hits), groups=groups)
    theirs = mean(list(map(float, hits)), groups=groups)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.03)


@pytest.mark.parametrize(("wins", "losses"), [(9, 2), (3, 3), (5, 0), (0, 12), (0, 0)])
def test_for_one_face_each_the_test_is_that_of_mcnemar(wins: int, losses: int) -> None:
    first = [0] * wins + [1] * losses + [1] * 20 + [0] * 10
    second = [1] * wins + [0] * losses + [1] * 20 + [0] * 10
    found = compare_datasets(RECALL, faces(first), faces(second))
    exact = binomtest(wins, wins + losses).pvalue if wins + losses else 1.0
    assert found.p == pytest.approx(exact, abs=0.015)
    assert (found.wins, found.losses) == (wins, losses)
    assert found.estimate.value == pytest.approx((wins - losses) / len(first))
    assert found.direction == np.sign(wins - losses)
    known = compare(list(map(float, first)), list(map(float, second)))
    assert (found.estimate.low, found.estimate.high) == pytest.approx(
        (known.estimate.low, known.estimate.high), abs=0.04
    )
    assert found.is_clear == known.is_clear


def test_pictures_of_one_scene_are_one_draw() -> None:
    first, second = faces([0] * 12), faces([1] * 12)
    apart = compare_datasets(RECALL, first, second)
    together = compare_datasets(RECALL, first, second, groups=["a"] * 6 + ["b"] * 6)
    assert apart.p < 0.01
    assert together.p == pytest.approx(0.5, abs=0.02)
    alone = dataset_value(RECALL, first, groups=["a"] * 12)
    assert np.isnan(alone.low)


def test_nothing_to_measure() -> None:
    assert np.isnan(dataset_value(RECALL, []).value)
    nothing = [((0.0,), (), ())] * 4
    assert np.isnan(dataset_value(RECALL, nothing).value)
    found = compare_datasets(RECALL, nothing, nothing)
    assert np.isnan(found.p)
    assert found.direction == 0
    assert np.isnan(compare_datasets(RECALL, [], []).p)
