"""Intervals and tests against what is known of them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pielight.evaluation.statistics import compare, holm, mean


def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    rng = np.random.default_rng(0)
    found = [mean(list(rng.normal(3, 2, 40)), seed) for seed in range(100)]
    assert 88 <= sum(one.low <= 3 <= one.high for one in found) <= 99
    normal = 1.96 * 2 / math.sqrt(40)
    assert np.mean([one.high - one.low for one in found]) == pytest.approx(2 * normal, rel=0.1)


def test_intervals_of_few_pictures_are_wide_enough() -> None:
    rng = np.random.default_rng(4)
    found = [mean(list(rng.normal(3, 2, 6)), seed) for seed in range(200)]
    assert sum(one.low <= 3 <= one.high for one in found) >= 180  # plain percentiles: 172


def test_pictures_of_one_scene_count_as_one_draw() -> None:
    rng = np.random.default_rng(5)
    groups = [scene for scene in range(20) for _ in range(3)]
    covered, alarms = 0, 0
    for seed in range(100):
        values = np.repeat(rng.normal(0, 1, 20), 3) + rng.normal(0, 0.4, 60)
        found = compare([0.0] * 60, list(values), seed, groups)
        covered += found.estimate.low <= 0 <= found.estimate.high
        alarms += found.p < 0.05
    assert covered >= 90  # 72 when every picture is drawn by itself
    assert alarms <= 10
    assert math.isnan(mean([1.0, 2.0, 3.0], groups=["clip"] * 3).low)


def test_clips_count_alike_where_means_are_balanced() -> None:
    values, groups = [1.0, 1.0, 1.0, 4.0, math.nan], ["long", "long", "long", "short", "short"]
    assert mean(values, groups=groups).value == 1.75
    found = mean(values, groups=groups, is_balanced=True)
    assert (found.count, found.value) == (4, 2.5)
    assert 1 <= found.low < 2.5 < found.high <= 4
    zero = [0.0] * 5
    assert compare(zero, values, groups=groups, is_balanced=True).estimate == found
    assert mean(values[:4], is_balanced=True) == mean(values[:4])


def test_groups_of_one_are_no_groups() -> None:
    values = list(np.random.default_rng(6).random(12))
    assert mean(values, groups=list("abcdefghijkl")) == mean(values)


def test_a_few_large_differences_do_not_make_a_method_worse() -> None:
    second = [1.0 + 0.01 * k for k in range(38)] + [-40.0, -41.0]
    found = compare([0.0] * 40, second)
    assert (found.estimate.value < 0, found.p < 0.001, found.direction, found.is_clear) == (True, True, 1, False)


def test_the_seed_decides() -> None:
    values = list(np.random.default_rng(1).random(30))
    assert mean(values, 5) == mean(values, 5)
    assert mean(values, 5) != mean(values, 6)


def test_few_or_odd_values() -> None:
    assert mean([]).count == 0
    assert math.isnan(mean([math.nan]).value)
    assert (mean([2.0]).value, math.isnan(mean([2.0]).low)) == (2.0, True)
    assert (mean([4.0, 4.0]).low, mean([4.0, 4.0]).high) == (4.0, 4.0)
    assert mean([math.inf, math.inf]).value == math.inf
    some = mean([1.0, math.inf, 3.0, math.nan])
    assert (some.value, some.count, some.infinite) == (2.0, 3, 1)


def test_a_difference_is_found_and_none_is_not() -> None:
    rng = np.random.default_rng(2)
    base = rng.normal(20, 5, 50)
    better = compare(list(base), list(base + rng.normal(0.5, 0.5, 50)))
    assert better.p < 0.001
    assert 0 < better.estimate.low < 0.5 < better.estimate.high
    equal = compare(list(base), list(base))
    assert (equal.p, equal.wins, equal.losses, equal.estimate.value) == (1.0, 0, 0, 0.0)
    assert compare([1.0, math.nan, 3.0], [2.0, 2.0, 5.0]).estimate.count == 2
    assert compare([math.inf, 1.0], [math.inf, 3.0]).estimate.value == 2.0
    assert math.isnan(compare([math.nan], [1.0]).p)


def test_false_alarms_are_as_rare_as_they_should_be() -> None:
    rng = np.random.default_rng(3)
    alarms = [compare(list(rng.random(15)), list(rng.random(15))).p < 0.05 for _ in range(100)]
    assert sum(alarms) <= 12


def test_holm() -> None:
    assert holm([0.01]) == [0.01]
    assert [round(p, 4) for p in holm([0.04, 0.01, 0.03])] == [0.06, 0.03, 0.06]
    with_none = holm([0.04, 0.01, math.nan, 0.03])
    assert math.isnan(with_none.pop(2))
    assert with_none == holm([0.04, 0.01, 0.03])
    assert holm([0.6, 0.5]) == [1.0, 1.0]
    assert [round(p, 4) for p in holm([0.005, 0.011, 0.02, 0.04, 0.13])] == [0.025, 0.044, 0.06, 0.08, 0.13]
