"""Intervals by drawing raters anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % interval; None where there are too few raters for one, or no votes for a value."""

    value: float | None
    low: float | None = None
    high: float | None = None


def estimates(
    tallies: Floats, statistic: Callable[[Floats], Floats], rounds: int = 1000, seed: int = 0
) -> list[Estimate]:
    """Compute values from the sum of the raters' tallies, with percentile bootstrap intervals over raters.

    Raters, not votes, are drawn with replacement, since votes of one rater hang together (Efron and Tibshirani, An
    Introduction to the Bootstrap, 1993, chapters 8 and 13).

    Args:
        tallies: ``(raters, ...)``.
        statistic: Makes values ``(M,)`` of a tally summed over raters; NaN where there is none.
        rounds: How often raters are drawn.
        seed: Of the draws.

    >>> estimates(np.array([[1.0], [1.0]]), lambda tally: tally)
    [Estimate(value=2.0, low=2.0, high=2.0)]
    """
    values = statistic(tallies.sum(0))
    raters = len(tallies)
    if raters < 2:
        return [Estimate(_finite(value)) for value in values]
    weights = np.random.default_rng(seed).multinomial(raters, np.full(raters, 1 / raters), rounds)
    drawn = np.array([statistic(np.tensordot(weight, tallies, 1)) for weight in weights])
    found = []
    for value, column in zip(values, drawn.T, strict=True):
        known = column[np.isfinite(column)]
        low, high = np.percentile(known, (2.5, 97.5)) if known.size and np.isfinite(value) else (np.nan, np.nan)
        found.append(Estimate(_finite(value), _finite(low), _finite(high)))
    return found


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
