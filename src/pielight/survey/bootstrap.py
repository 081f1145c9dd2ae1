"""Intervals by drawing raters anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


_MOST_UNKNOWN = 0.05  # of the draws may say nothing for an interval of 95 %


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % interval; None where votes or raters are too few for one, infinite without bound."""

    value: float | None
    low: float | None = None
    high: float | None = None


def draws(tallies: Floats, rounds: int = 1000, seed: int = 0) -> Floats:
    """Draw raters anew, and return the sum of their tallies for each draw.

    Raters, not votes, are drawn with replacement, since votes of one rater hang together (Efron and Tibshirani, An
    Introduction to the Bootstrap, 1993, chapters 8 and 13).

    Args:
        tallies: ``(raters, ...)``.
        rounds: How often raters are drawn.
        seed: Of the draws.

    Returns:
        ``(rounds, ...)``; ``(0, ...)`` of a single rater.

    >>> draws(np.array([[1.0, 0.0], [1.0, 0.0]]), 2).tolist()
    [[2.0, 0.0], [2.0, 0.0]]
    """
    raters = len(tallies)
    if raters < 2:
        return np.zeros((0, *tallies.shape[1:]))
    weights = np.random.default_rng(seed).multinomial(raters, np.full(raters, 1 / raters), rounds)
    return np.tensordot(weights, tallies, 1)


def estimate(value: float, drawn: Floats) -> Estimate:
    """Return a value with the interval in which all but 2.5 % of the draws on each side lie.

    Args:
        value: Of all raters; NaN if there is none.
        drawn: ``(rounds,)``: the value of each draw; NaN where there is none.

    >>> estimate(1.0, np.array([1.0] * 97 + [np.inf] * 3))
    Estimate(value=1.0, low=1.0, high=inf)
    """
    if np.isnan(value):
        return Estimate(None)
    known = np.sort(drawn[~np.isnan(drawn)])
    if np.isinf(value) or not known.size or known.size < (1 - _MOST_UNKNOWN) * drawn.size:
        return Estimate(float(value))
    outside = int(0.025 * known.size)
    return Estimate(float(value), float(known[outside]), float(known[-1 - outside]))


def estimates(
    tallies: Floats, statistic: Callable[[Floats], Floats], rounds: int = 1000, seed: int = 0
) -> list[Estimate]:
    """Compute values from the sum of the raters' tallies, with percentile bootstrap intervals over raters.

    Args:
        tallies: ``(raters, ...)``.
        statistic: Makes values ``(M,)`` of a tally summed over raters; NaN where there is none.
        rounds: As for :func:`draws`.
        seed: As for :func:`draws`.

    >>> estimates(np.array([[1.0], [1.0]]), lambda tally: tally)
    [Estimate(value=2.0, low=2.0, high=2.0)]
    """
    values = statistic(tallies.sum(0))
    drawn = np.array([statistic(tally) for tally in draws(tallies, rounds, seed)]).reshape(-1, len(values))
    return [estimate(value, column) for value, column in zip(values, drawn.T, strict=True)]
