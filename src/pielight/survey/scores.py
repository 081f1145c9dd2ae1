"""Scores of methods: Bradley-Terry for paired comparisons, mean opinion for ratings, intervals over raters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import choix
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Relation = npt.NDArray[np.bool_]
_MAX_UNDEFINED = 0.05  # share of the draws for an interval
_BOUNDED_SHARE = 0.975  # of the draws for the common scale
_REGULARIZATION = 1e-3  # comparisons added to each pair where the likelihood alone has no maximum
_MAX_ITERATIONS = 100_000


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % interval: infinite without a bound, None where votes or raters are too few."""

    value: float | None
    low: float | None = None
    high: float | None = None


class Scores(NamedTuple):
    """Scores of methods, which are named by their indices."""

    estimates: list[Estimate]  # log-odds; inf if nothing bounds a method from above, -inf from below, None if neither
    scale: list[int]  # methods of mean score 0: the largest set that bound one another in 97.5 % of the draws, or all
    order: list[int]  # the best method first
    connected: bool  # whether comparisons connect all methods; else their scores cannot be compared


def resample(tallies: Floats, rounds: int, seed: int) -> Floats:
    """Draw raters with replacement, and return the sums of their tallies ``(rounds, ...)``; none of a single rater.

    Raters, not votes, are drawn, since the votes of one rater are correlated (Efron and Tibshirani, An Introduction
    to the Bootstrap, 1993, chapters 8 and 13). ``tallies`` is ``(raters, ...)``.
    """
    raters = len(tallies)
    weights = np.random.default_rng(seed).multinomial(raters, np.full(raters, 1 / raters), rounds if raters > 1 else 0)
    return np.tensordot(weights, tallies, 1)


def bootstrap(
    tallies: Floats, statistic: Callable[[Floats], Floats], rounds: int = 1000, seed: int = 0
) -> list[Estimate]:
    """Compute statistics with percentile intervals: 2.5 % of the draws lie on each side.

    ``tallies`` is ``(raters, ...)``; ``statistic`` computes ``(M,)`` values from their sum, NaN where one is undefined.
    """
    values = statistic(tallies.sum(0))
    drawn = np.array([statistic(tally) for tally in resample(tallies, rounds, seed)]).reshape(-1, len(values))
    estimates = []
    for value, column in zip(values.tolist(), drawn.T, strict=True):
        defined = np.sort(column[~np.isnan(column)])
        if np.isfinite(value) and defined.size and defined.size >= (1 - _MAX_UNDEFINED) * column.size:
            outside = int(0.025 * defined.size)
            estimates.append(Estimate(value, float(defined[outside]), float(defined[-1 - outside])))
        else:
            estimates.append(Estimate(None if np.isnan(value) else value))
    return estimates


def mean_opinions(tally: Floats) -> Floats:
    """Return ``(M,)`` mean opinion scores, NaN without ratings (ITU-T P.800.1), of ``(M, 5)`` counts of 1 to 5."""
    with np.errstate(invalid="ignore"):
        return np.asarray(tally @ np.arange(1.0, 6.0) / tally.sum(1))


def reachable(wins: Floats) -> Relation:
    """Return whether a chain of wins leads from row to column ``(M, M)``: ``s_row - s_column`` has a lower bound.

    The likelihood has its maximum at finite scores if and only if a chain leads from each method to each other (Ford,
    "Solution of a Ranking Problem from Binary Comparisons", American Mathematical Monthly 64, 1957).

    >>> reachable(np.array([[0, 3], [0, 0]])).tolist()
    [[True, True], [False, True]]
    """
    reached = (wins > 0) | np.eye(len(wins), dtype=bool)
    for _ in range(len(wins).bit_length()):
        reached = reached @ reached  # chains of twice the length
    return reached


def bradley_terry(wins: Floats) -> Floats:
    """Fit the Bradley-Terry model by maximum likelihood, and return ``(M,)`` log-odds with mean 0.

    ``P(i beats j) = exp(s_i) / (exp(s_i) + exp(s_j))`` (Bradley and Terry, Biometrika 39, 1952). ``wins`` is
    ``(M, M)``: how often the row beat the column. A weak regularization keeps unbounded scores finite.

    >>> bradley_terry(np.array([[0.0, 30], [10, 0]])).round(3).tolist()
    [0.549, -0.549]
    """
    alpha = 0.0 if reachable(wins).all() else _REGULARIZATION
    return np.asarray(choix.ilsr_pairwise_dense(wins, alpha, max_iter=_MAX_ITERATIONS))


def score(tallies: Floats, methods: int, rounds: int = 1000, seed: int = 0) -> Scores:
    """Score methods by comparisons, with intervals over raters; a tie counts half a win for either.

    ``tallies`` is ``(raters, pairs, 3)``: how often the first, the second or neither was preferred, for pairs in the
    order of ``np.triu_indices(methods, 1)``. An end of an interval is infinite where more than 2.5 % of the draws are.

    >>> score(np.array([[[4.0, 2, 0], [9, 0, 0], [7, 0, 0]], [[2, 4, 0], [9, 0, 0], [7, 0, 0]]]), 3).estimates[2]
    Estimate(value=-inf, low=None, high=None)
    """
    first, second = np.triu_indices(methods, 1)
    wins = np.zeros((len(tallies), methods, methods))
    wins[:, first, second] = tallies[..., 0] + tallies[..., 2] / 2
    wins[:, second, first] = tallies[..., 1] + tallies[..., 2] / 2
    total = wins.sum(0)
    chains = np.array([reachable(drawn) for drawn in (*resample(wins, rounds, seed), total)])
    mutual = chains & chains.swapaxes(1, 2)
    bounded = mutual[-1] & (mutual[: max(1, len(mutual) - 1)].mean(0) >= _BOUNDED_SHARE)
    largest = bounded[bounded.sum(1) == bounded.sum(1).max()]
    scale = largest[0] if (largest == largest[0]).all() else np.ones(methods, dtype=bool)

    def centered(drawn: Floats) -> Floats:
        """Return scores relative to the mean of the scale, infinite where a bound is missing, NaN where both are."""
        reached, scores = reachable(drawn), bradley_terry(drawn)
        above, below = ~reached[scale].all(0), ~reached[:, scale].all(1)
        return np.select([above & below, above, below], [np.nan, np.inf, -np.inf], scores - scores[scale].mean())

    values = np.nan_to_num(centered(total), posinf=np.inf, neginf=-np.inf)
    order = np.lexsort((-bradley_terry(total).round(6), -values.round(6))).tolist()
    is_connected = bool(reachable(total + total.T).all())
    return Scores(bootstrap(wins, centered, rounds, seed), np.flatnonzero(scale).tolist(), order, is_connected)
