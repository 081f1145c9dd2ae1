"""Scores and agreement against published examples and plain maximum likelihood."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import minimize

from pielight.errors import DataError
from pielight.survey.agreement import krippendorff_alpha
from pielight.survey.bootstrap import estimates
from pielight.survey.ranking import rank

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
    found = rank(GAMES, prior=0)
    assert found.scores - found.scores[-1] == pytest.approx(PUBLISHED, abs=1e-4)
    assert found.tie == -np.inf
    assert rank(GAMES).scores == pytest.approx(found.scores, abs=2e-3)  # the prior hardly moves it


def plain(wins: NDArray[np.int64], ties: NDArray[np.int64]) -> tuple[NDArray[np.float64], float]:
    """Maximize Davidson's likelihood as he writes it, without derivatives."""
    size = len(wins)

    def cost(point: NDArray[np.float64]) -> float:
        strengths, nu = np.exp([0, *point[:-1]]), np.exp(point[-1])
        total = 0.0
        for i in range(size):
            for j in range(i):
                draw = nu * np.sqrt(strengths[i] * strengths[j])
                whole = strengths[i] + strengths[j] + draw
                total += wins[i, j] * np.log(strengths[i] / whole) + wins[j, i] * np.log(strengths[j] / whole)
                total += ties[i, j] * np.log(draw / whole)
        return -total

    options = {"xatol": 1e-9, "fatol": 1e-12, "maxiter": 20_000, "maxfev": 20_000}
    found = minimize(cost, np.zeros(size), method="Nelder-Mead", options=options).x
    scores = np.array([0, *found[:-1]])
    return scores - scores.mean(), float(found[-1])


@pytest.mark.parametrize("seed", range(4))
def test_ties_agree_with_plain_maximum_likelihood(seed: int) -> None:
    rng = np.random.default_rng(seed)
    wins = rng.integers(1, 30, (4, 4))
    np.fill_diagonal(wins, 0)
    ties = np.triu(rng.integers(0, 20, (4, 4)), 1)
    found = rank(wins, ties + ties.T, prior=0)
    scores, tie = plain(wins, ties + ties.T)
    assert found.scores == pytest.approx(scores, abs=1e-5)
    assert found.tie == pytest.approx(tie, abs=1e-5)


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 6), st.integers(0, 1000))
def test_known_strengths_come_back(size: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    true = rng.normal(0, 1, size)
    true -= true.mean()
    tie = rng.uniform(-2, 1)
    wins, ties = np.zeros((size, size)), np.zeros((size, size))
    for i in range(size):
        for j in range(i):
            weights = np.exp([true[i], true[j], tie + (true[i] + true[j]) / 2])
            wins[i, j], wins[j, i], ties[i, j] = 1e6 * weights / weights.sum()  # as expected, not drawn
    found = rank(wins, ties + ties.T)
    assert found.scores == pytest.approx(true, abs=1e-4)
    assert found.tie == pytest.approx(tie, abs=1e-4)
    order = rng.permutation(size)
    again = rank(wins[np.ix_(order, order)], (ties + ties.T)[np.ix_(order, order)])
    assert again.scores == pytest.approx(found.scores[order], abs=1e-5)


def test_extremes_stay_finite() -> None:
    never_lost = rank([[0, 50, 50], [0, 0, 25], [0, 25, 0]])
    assert np.isfinite(never_lost.scores).all()
    assert never_lost.scores[0] > 3
    assert never_lost.scores[1] == pytest.approx(never_lost.scores[2], abs=1e-5)
    all_ties = rank(np.zeros((3, 3)), 10 * (1 - np.eye(3)))
    assert all_ties.scores == pytest.approx([0, 0, 0], abs=1e-6)
    assert rank(np.zeros((3, 3))).scores == pytest.approx([0, 0, 0])
    apart = rank([[0, 9, 0, 0], [3, 0, 0, 0], [0, 0, 0, 9], [0, 0, 3, 0]])  # two pairs that never met
    assert np.isfinite(apart.scores).all()


@pytest.mark.parametrize("wins", [[[0, 1]], [[0, -1], [1, 0]], [1, 2], [[0, np.nan], [1, 0]]])
def test_impossible_tables(wins: list[object]) -> None:
    with pytest.raises(DataError, match="must be square"):
        rank(wins)


# Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), example C: four observers, twelve units.
OBSERVERS = ["1233214 12...", "1233224 125.3", ".333234 2251.", "1233244 1251."]


def test_the_published_agreement() -> None:
    counts = np.zeros((12, 5))
    for line in OBSERVERS:
        for unit, value in enumerate(line.replace(" ", "")):
            if value != ".":
                counts[unit, int(value) - 1] += 1
    assert krippendorff_alpha(counts, "nominal") == pytest.approx(0.743, abs=5e-4)
    assert krippendorff_alpha(counts, "ordinal") == pytest.approx(0.815, abs=5e-4)


def test_agreement_of_chance_and_of_nothing() -> None:
    rng = np.random.default_rng(0)
    chance = rng.multinomial(8, [0.3, 0.3, 0.4], 4000)
    assert krippendorff_alpha(chance, "nominal") == pytest.approx(0, abs=0.01)
    assert krippendorff_alpha([[1, 0], [0, 1]], "nominal") == "no pairs"
    assert krippendorff_alpha([[3, 0], [2, 0]], "ordinal") == "one value"
    contrary = krippendorff_alpha([[1, 1], [1, 1]], "nominal")
    assert not isinstance(contrary, str)
    assert contrary < 0


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    rng = np.random.default_rng(1)
    held = 0
    for trial in range(200):
        tallies = rng.normal(1.0, 1.0, (40, 1))
        (found,) = estimates(tallies, lambda tally: tally / 40, 300, trial)
        assert found.low is not None
        assert found.high is not None
        held += found.low <= 1.0 <= found.high
    assert 0.89 <= held / 200 <= 0.99


def test_one_rater_gives_no_interval() -> None:
    (found,) = estimates(np.ones((1, 1)), lambda tally: tally)
    assert (found.value, found.low, found.high) == (1.0, None, None)
