"""What votes bound, against linear programming and against likelihoods that grow without end."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import linprog

from pielight.survey.analysis import reachable, score


def furthest(wins: NDArray[np.int64], ties: NDArray[np.int64], high: int, low: int) -> float:
    """Move scores at most 1 so that no answer given becomes less likely: by how much do two move apart?

    The maximum of the likelihood is at infinity in those directions (Albert and Anderson, "On the Existence of Maximum
    Likelihood Estimates in Logistic Regression Models", Biometrika 71, 1984). A tie is half a win for either.
    """
    size = len(wins)
    rows = [np.eye(size)[j] - np.eye(size)[i] for i in range(size) for j in range(size) if wins[i, j] or ties[i, j]]
    aim = np.zeros(size)
    aim[high], aim[low] = -1, 1
    found = linprog(aim, np.array(rows) if rows else None, np.zeros(len(rows)) if rows else None, bounds=(-1, 1))
    return float(-found.fun)


@settings(max_examples=150, deadline=None)
@given(st.integers(2, 5), st.integers(0, 10**6), st.floats(0.1, 0.6), st.floats(0, 0.5))
def test_bounds_are_those_of_linear_programming(size: int, seed: int, won: float, tied: float) -> None:
    rng = np.random.default_rng(seed)
    wins = (rng.random((size, size)) < won).astype(int)
    if seed % 2:  # a consistent order, so that even the share of ties may have no bounds
        wins = np.triu(wins, 1)
    np.fill_diagonal(wins, 0)
    ties = np.triu(rng.random((size, size)) < tied, 1).astype(int)
    ties += ties.T
    if not wins.any():
        return
    reached = reachable(wins + ties / 2)
    for i in range(size):
        assert reached[i, i]
        for j in {*range(size)} - {i}:
            assert reached[j, i] == (furthest(wins, ties, i, j) < 1e-6)


def tallies(*raters: dict[str, str]) -> NDArray[np.float64]:
    """Count wins in ``{"ab": "<<>="}``: whom each of several answers preferred, ``<`` the first."""
    names = sorted(set("".join(raters[0])))
    pairs = [x + y for number, x in enumerate(names) for y in names[number + 1 :]]
    wins = np.zeros((len(raters), len(names), len(names)))
    for number, rater in enumerate(raters):
        for pair in pairs:
            first, second = map(names.index, pair)
            better, worse, ties = (rater.get(pair, "").count(sign) for sign in "<>=")
            wins[number, first, second], wins[number, second, first] = better + ties / 2, worse + ties / 2
    return wins


EVEN = {"ab": "<<>>", "bc": "<<<>", "ac": "<<>", "ad": "<<<", "bd": "<<", "cd": "<<"}


def test_one_that_never_won_takes_no_part_in_the_scale() -> None:
    found = score(tallies(*[EVEN] * 12))
    assert found.scale == [0, 1, 2]
    assert found.order[-1] == 3
    assert (found.estimates[3].value, found.estimates[3].low, found.estimates[3].high) == (-np.inf, None, None)
    others = tallies(*[{pair: signs for pair, signs in EVEN.items() if "d" not in pair}] * 12)
    alone = score(others)  # the others' scores are as if it had not been there
    for one, same in zip(found.estimates[:3], alone.estimates, strict=True):
        assert (one.value, one.low, one.high) == pytest.approx((same.value, same.low, same.high), abs=1e-3)


def test_an_interval_is_open_where_draws_are() -> None:
    """One rater of twelve says otherwise: some (11/12)^12 = 35 % of the draws are without."""
    usual = {"ab": "<<<<"}
    found = score(tallies(*[usual] * 11, {"ab": "<>"}))
    best, worst = found.estimates
    assert best.value == pytest.approx(np.log(45) / 2, abs=0.02)
    assert best.low is not None
    assert 0 < best.low < best.value
    assert best.high == np.inf
    assert worst.low == -np.inf
    closed = score(tallies(*[{"ab": "<<<>"}] * 11, usual)).estimates[0]
    assert closed.high is not None
    assert closed.high < 3


@pytest.mark.parametrize(
    ("answers", "values"),
    [
        ({"ab": "<<<"}, [np.inf, -np.inf]),
        ({"ab": "<<<=="}, [np.log(4) / 2, -np.log(4) / 2]),  # never lost, but a tie is half a defeat
        ({"ab": "<<", "bc": "<<", "ac": "<<"}, [np.inf, None, -np.inf]),
        ({"ab": "<>", "cd": "<>"}, [None] * 4),
        ({"ab": "==", "bc": "=="}, [0, 0, 0]),
    ],
)
def test_values_that_votes_do_not_bound(answers: dict[str, str], values: list[float | None]) -> None:
    found = score(tallies(*[answers] * 5), 100)
    assert [one.value for one in found.estimates] == pytest.approx(values, abs=1e-5)
    assert found.connected == ("cd" not in answers)
    assert list(found.order) == sorted(found.order)
