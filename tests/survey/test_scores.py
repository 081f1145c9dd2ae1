"""Scores and agreement against published examples and plain maximum likelihood."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import minimize

from pielight.survey.analysis import agreement, bradley_terry, intervals, mean_opinions, resample, score

# Games of the American League in 1987: Agresti, Categorical Data Analysis (2nd edition), tables 10.10 and 10.11.
TEAMS = ("Milwaukee", "Detroit", "Toronto", "New York", "Boston", "Cleveland", "Baltimore")
GAMES = np.array(
    [
        [0, 7, 9, 7, 7, 9, 11],
        [6, 0, 7, 5, 11, 9, 9],
        [4, 6, 0, 7, 7, 8, 12],
        [6, 8, 6, 0, 6, 7, 10],
        [6, 2, 6, 7, 0, 7, 12],
        [4, 4, 5, 6, 6, 0, 6],
        [2, 4, 1, 3, 1, 7, 0],
    ]
)
PUBLISHED = [1.5814, 1.4364, 1.2945, 1.2476, 1.1077, 0.6839, 0.0]


def test_the_published_example() -> None:
    assert (GAMES + GAMES.T)[np.triu_indices(7, 1)].tolist() == [13] * 21
    scores = bradley_terry(GAMES.astype(float))
    assert scores - scores[-1] == pytest.approx(PUBLISHED, abs=1e-4)
    assert scores.sum() == pytest.approx(0, abs=1e-9)


def maximum_likelihood(wins: NDArray[np.int64], ties: NDArray[np.int64]) -> NDArray[np.float64]:
    """Maximize the likelihood of Bradley and Terry without derivatives; a tie is half a win for either."""
    size = len(wins)

    def cost(point: NDArray[np.float64]) -> float:
        strengths = np.exp([0, *point])
        total = 0.0
        for i in range(size):
            for j in set(range(size)) - {i}:
                total += (wins[i, j] + ties[i, j] / 2) * np.log(strengths[i] / (strengths[i] + strengths[j]))
        return -total

    options = {"xatol": 1e-9, "fatol": 1e-12, "maxiter": 20_000, "maxfev": 20_000}
    scores = np.array([0, *minimize(cost, np.zeros(size - 1), method="Nelder-Mead", options=options).x])
    return scores - scores.mean()


@pytest.mark.parametrize("seed", range(4))
def test_scores_agree_with_plain_maximum_likelihood(seed: int) -> None:
    rng = np.random.default_rng(seed)
    wins = rng.integers(1, 30, (4, 4))
    np.fill_diagonal(wins, 0)
    ties = np.triu(rng.integers(0, 20, (4, 4)), 1)
    ties += ties.T
    found = score((wins + ties / 2)[None])
    assert [one.value for one in found.estimates] == pytest.approx(maximum_likelihood(wins, ties), abs=1e-5)
    assert found.scale == [0, 1, 2, 3]


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 6), st.integers(0, 1000))
def test_known_strengths_come_back(size: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    true = rng.normal(0, 1, size)
    true -= true.mean()
    wins = 1e6 / (1 + np.exp(true - true[:, None]))  # as expected, not drawn
    np.fill_diagonal(wins, 0)
    scores = bradley_terry(wins)
    assert scores == pytest.approx(true, abs=1e-4)
    order = rng.permutation(size)
    assert bradley_terry(wins[np.ix_(order, order)]) == pytest.approx(scores[order], abs=1e-5)


def test_extremes_stay_finite() -> None:
    never_lost = bradley_terry(np.array([[0.0, 50, 50], [0, 0, 25], [0, 25, 0]]))
    assert np.isfinite(never_lost).all()
    assert never_lost[0] > 3
    assert never_lost[1] == pytest.approx(never_lost[2], abs=1e-5)
    assert bradley_terry(np.zeros((3, 3))) == pytest.approx([0, 0, 0])
    assert bradley_terry(5 * (1 - np.eye(3))) == pytest.approx([0, 0, 0], abs=1e-6)
    apart = bradley_terry(
        np.array([[0.0, 9, 0, 0], [3, 0, 0, 0], [0, 0, 0, 9], [0, 0, 3, 0]])
    )  # two pairs that never met
    assert np.isfinite(apart).all()
    rare = bradley_terry(np.array([[0, 1e6, 0.5], [0.5, 0, 1e6], [0.5, 0.5, 0]]))  # wins once in a million
    assert np.isfinite(rare).all()
    assert (np.diff(rare) < -5).all()


# Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), example C: four observers, twelve units.
OBSERVERS = ["1233214 12...", "1233224 125.3", ".333234 2251.", "1233244 1251."]


def test_the_published_agreement() -> None:
    counts = np.zeros((12, 5))
    for line in OBSERVERS:
        for unit, value in enumerate(line.replace(" ", "")):
            if value != ".":
                counts[unit, int(value) - 1] += 1
    assert agreement(counts, "nominal") == pytest.approx(0.743, abs=5e-4)
    assert agreement(counts, "ordinal") == pytest.approx(0.815, abs=5e-4)


def test_agreement_of_chance_and_of_nothing() -> None:
    rng = np.random.default_rng(0)
    chance = rng.multinomial(8, [0.3, 0.3, 0.4], 4000)
    assert agreement(chance, "nominal") == pytest.approx(0, abs=0.01)
    assert agreement([[1, 0], [0, 1]], "nominal") == "no pairs"
    assert agreement([[3, 0], [2, 0]], "ordinal") == "one value"
    contrary = agreement([[1, 1], [1, 1]], "nominal")
    assert not isinstance(contrary, str)
    assert contrary < 0


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    rng = np.random.default_rng(1)
    held = 0
    for trial in range(200):
        tallies = rng.normal(1.0, 1.0, (40, 1))
        (found,) = intervals(resample(tallies, 300, trial) / 40)
        assert found.low is not None
        assert found.high is not None
        held += found.low <= 1.0 <= found.high
    assert 0.89 <= held / 200 <= 0.99


def test_mean_opinions() -> None:
    assert mean_opinions(np.array([[0.0, 0, 0, 1, 1], [2, 0, 0, 0, 2]])).tolist() == [4.5, 3.0]
    assert np.isnan(mean_opinions(np.zeros((1, 5)))).all()


def test_one_rater_gives_no_interval() -> None:
    (found,) = intervals(resample(np.ones((1, 1))))
    assert (found.value, found.low, found.high) == (1.0, None, None)
