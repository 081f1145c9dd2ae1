"""Confidence intervals by a bootstrap over raters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
_MAX_UNDEFINED = 0.05  # share of the draws


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % interval: infinite without a bound, None where votes or raters are too few."""

    value: float | None
    low: float | None = None
    high: float | None = None


def resample(tallies: Floats, rounds: int = 1000, seed: int = 0) -> Floats:
    """Draw raters with replacement, and return the sum of their tallies for each draw.

    Raters, not votes, are drawn, since the votes of one rater are correlated (Efron and Tibshirani, An Introduction
    to the Bootstrap, 1993, chapters 8 and 13).

    Args:
        tallies: ``(raters, ...)``.
        rounds: Number of draws.
        seed: Seed of the draws.

    Returns:
        ``(rounds, ...)``; ``(0, ...)`` for a single rater.

    >>> resample(np.array([[1.0, 0.0], [1.0, 0.0]]), 2).tolist()
    [[2.0, 0.0], [2.0, 0.0]]
    """
    raters = len(tallies)
    if raters < 2:
        return np.zeros((0, *tallies.shape[1:]))
    weights = np.random.default_rng(seed).multinomial(raters, np.full(raters, 1 / raters), rounds)
    return np.tensordot(weights, tallies, 1)


def bootstrap(
    tallies: Floats, statistic: Callable[[Floats], Floats], rounds: int = 1000, seed: int = 0
) -> list[Estimate]:
    """Compute statistics of the raters' summed tally with percentile intervals: 2.5 % of the draws lie on each side.

    Args:
        tallies: ``(raters, ...)``.
        statistic: Computes ``(M,)`` values from a tally summed over raters; NaN where a value is undefined.
        rounds: Number of draws.
        seed: Seed of the draws.

    >>> bootstrap(np.array([[1.0], [1.0]]), lambda tally: tally)
    [Estimate(value=2.0, low=2.0, high=2.0)]
    """
    values = statistic(tallies.sum(0))
    drawn = np.array([statistic(tally) for tally in resample(tallies, rounds, seed)]).reshape(-1, len(values))
    return [_estimate(float(value), column) for value, column in zip(values, drawn.T, strict=True)]


def _estimate(value: float, drawn: Floats) -> Estimate:
    if np.isnan(value):
        return Estimate(None)
    defined = np.sort(drawn[~np.isnan(drawn)])
    if np.isinf(value) or not defined.size or defined.size < (1 - _MAX_UNDEFINED) * drawn.size:
        return Estimate(value)
    outside = int(0.025 * defined.size)
    return Estimate(value, float(defined[outside]), float(defined[-1 - outside]))
