"""Bradley-Terry scores of paired comparisons, and which of them the votes bound."""

from __future__ import annotations

from dataclasses import dataclass

import choix
import numpy as np
import numpy.typing as npt

from pielight.survey.bootstrap import Estimate, Floats, bootstrap, resample

Relation = npt.NDArray[np.bool_]
_REGULARIZATION = 1e-3  # comparisons added to each pair where the likelihood alone has no maximum
_MAX_ITERATIONS = 100_000
_BOUNDED_SHARE = 0.975  # of the draws


@dataclass(frozen=True)
class Scores:
    """Scores of methods.

    Attributes:
        estimates: Log-odds. ``inf`` for a method that no chain of defeats and ties links down to the scale, ``-inf``
            for one that no chain of wins and ties links up to it, None if neither does. An end of an interval is
            infinite where that holds in more than 2.5 % of the draws of raters.
        scale: Indices of the methods whose mean score is 0: the largest set that bound one another in 97.5 % of the
            draws, or all methods if there is no single largest set.
        order: Indices of the methods, the best first.
        connected: Whether comparisons connect all methods; scores of methods that are not cannot be compared.
    """

    estimates: tuple[Estimate, ...]
    scale: tuple[int, ...]
    order: tuple[int, ...]
    connected: bool


def fit(wins: Floats) -> Floats:
    """Fit the Bradley-Terry model by maximum likelihood.

    ``P(i beats j) = exp(s_i) / (exp(s_i) + exp(s_j))`` (Bradley and Terry, Biometrika 39, 1952). Where the likelihood
    has no maximum, a weak regularization keeps the scores finite.

    Args:
        wins: ``(M, M)``: how often the row beat the column; a tie counts half a win for either.

    Returns:
        ``(M,)`` log-odds with mean 0.

    >>> fit(np.array([[0.0, 30], [10, 0]])).round(3).tolist()
    [0.549, -0.549]
    """
    alpha = 0.0 if reachable(wins).all() else _REGULARIZATION
    scores: Floats = choix.ilsr_pairwise_dense(wins, alpha, max_iter=_MAX_ITERATIONS)
    return scores


def reachable(wins: Floats) -> Relation:
    """Return which methods a chain of wins leads to.

    The likelihood has its maximum at finite scores if and only if a chain leads from each method to each other (Ford,
    "Solution of a Ranking Problem from Binary Comparisons", American Mathematical Monthly 64, 1957).

    Returns:
        ``(M, M)``: ``s_row - s_column`` is bounded below if the row leads to the column, above if the reverse holds.

    >>> reachable(np.array([[0, 3], [0, 0]])).tolist()
    [[True, True], [False, True]]
    """
    reached = (wins > 0) | np.eye(len(wins), dtype=bool)
    for _ in range(len(wins).bit_length()):
        reached = reached @ reached  # chains of twice the length
    return reached


def score(tallies: Floats, methods: int, rounds: int = 1000, seed: int = 0) -> Scores:
    """Score methods by the comparisons of several raters.

    Args:
        tallies: ``(raters, pairs, 3)``: how often the first, the second or neither was preferred, for pairs in the
            order of ``np.triu_indices(methods, 1)``.
        methods: Number of methods.
        rounds: Draws of the bootstrap.
        seed: Seed of the bootstrap.

    >>> score(np.array([[[4.0, 2, 0], [9, 0, 0], [7, 0, 0]], [[2, 4, 0], [9, 0, 0], [7, 0, 0]]]), 3).estimates[2]
    Estimate(value=-inf, low=None, high=None)
    """
    first, second = np.triu_indices(methods, 1)
    wins = np.zeros((len(tallies), methods, methods))
    wins[:, first, second] = tallies[..., 0] + tallies[..., 2] / 2
    wins[:, second, first] = tallies[..., 1] + tallies[..., 2] / 2
    total = wins.sum(0)
    draws = [reachable(drawn) for drawn in resample(wins, rounds, seed)] or [reachable(total)]
    bounded = reachable(total) & reachable(total).T
    bounded &= np.mean([reached & reached.T for reached in draws], 0) >= _BOUNDED_SHARE
    largest = bounded[bounded.sum(1) == bounded.sum(1).max()]
    scale = largest[0] if (largest == largest[0]).all() else np.ones(methods, dtype=bool)

    def centered(drawn: Floats) -> Floats:
        """Return scores relative to the mean of the scale, infinite where a bound is missing, NaN where both are."""
        reached, scores = reachable(drawn), fit(drawn)
        above, below = ~reached[scale].all(0), ~reached[:, scale].all(1)
        return np.select([above & below, above, below], [np.nan, np.inf, -np.inf], scores - scores[scale].mean())

    values = np.nan_to_num(centered(total), posinf=np.inf, neginf=-np.inf)
    return Scores(
        tuple(bootstrap(wins, centered, rounds, seed)),
        tuple(np.flatnonzero(scale).tolist()),
        tuple(np.lexsort((-fit(total).round(6), -values.round(6))).tolist()),
        bool(reachable(total + total.T).all()),
    )
