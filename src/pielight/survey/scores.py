"""Scores of comparisons with intervals, open where the votes set no bound."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pielight.survey.bootstrap import Estimate, draws, estimate
from pielight.survey.ranking import fit
from pielight.survey.separation import Relation, closure, common_scale, reach, sides

Floats = npt.NDArray[np.float64]
_OFTEN = 0.975  # of the draws: what holds in fewer is no part of a 95 % interval


@dataclass(frozen=True)
class Scores:
    """What comparisons say of each method.

    Attributes:
        estimates: Log-odds. ``inf`` of a method to which no chain of wins and ties leads up from those on the scale,
            ``-inf`` if none leads down to them, None if neither does. An interval's end is infinite where that holds in
            more than 2.5 % of the draws of raters.
        scale: Numbers of the methods whose mean score is 0: those that bound one another, nearly whoever is drawn.
        order: Numbers of the methods, the best first.
        connected: Whether comparisons, through whatever chain, connect all methods; else scores of those that are
            not connected cannot be compared.
    """

    estimates: tuple[Estimate, ...]
    scale: tuple[int, ...]
    order: tuple[int, ...]
    connected: bool


def scored(tallies: Floats, methods: int, rounds: int = 1000, seed: int = 0) -> Scores:
    """Score methods by comparisons of several raters.

    Args:
        tallies: ``(raters, pairs, 3)``: how often the first, the second or neither was preferred, for pairs in the
            order of ``np.triu_indices(methods, 1)``.
        methods: How many there are.
        rounds: Of the bootstrap.
        seed: Of the bootstrap.

    >>> even = np.array([[[4.0, 2, 0], [9, 0, 0], [7, 0, 0]], [[2, 4, 0], [9, 0, 0], [7, 0, 0]]])
    >>> scored(even, 3).estimates[2]
    Estimate(value=-inf, low=None, high=None)
    """
    total = tallies.sum(0)
    whole = fit(total, methods)
    reached = _reached(total, methods)
    drawn = draws(tallies, rounds, seed)
    chains = [_reached(tally, methods) for tally in drawn]
    bound = reached & reached.T
    if chains:
        bound &= np.mean([chain & chain.T for chain in chains], 0) >= _OFTEN
    scale = common_scale(bound)
    columns = np.array(
        [
            _bounded(fit(tally, methods, start=whole).scores, chain, scale)
            for tally, chain in zip(drawn, chains, strict=True)
        ]
    ).reshape(-1, methods)
    values = _bounded(whole.scores, reached, scale)
    estimates = tuple(estimate(value, column) for value, column in zip(values, columns.T, strict=True))
    met = square(total.sum(1), methods)
    order = np.lexsort((-whole.scores.round(6), -np.nan_to_num(values, posinf=np.inf, neginf=-np.inf).round(6)))
    return Scores(
        estimates,
        tuple(np.flatnonzero(scale).tolist()),
        tuple(order.tolist()),
        bool(closure((met + met.T) > 0).all()),
    )


def square(upper: Floats, methods: int) -> Floats:
    """Return a table ``(methods, methods)`` with values above its diagonal.

    >>> square(np.array([7.0]), 2).tolist()
    [[0.0, 7.0], [0.0, 0.0]]
    """
    table = np.zeros((methods, methods))
    table[np.triu_indices(methods, 1)] = upper
    return table


def _reached(counts: Floats, methods: int) -> Relation:
    first, second, tied = (square(column, methods) for column in counts.T)
    return reach(first + second.T, tied + tied.T)


def _bounded(scores: Floats, reached: Relation, scale: Relation) -> Floats:
    """Return scores as told from the mean of some; infinite where a bound is missing, NaN where both are."""
    above, below = sides(reached, scale)
    centered = scores - scores[scale].mean()
    return np.select([above & below, above, below], [np.nan, np.inf, -np.inf], centered)
