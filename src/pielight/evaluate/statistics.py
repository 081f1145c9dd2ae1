"""What can be said of many pictures: means with intervals, and whether two methods differ."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import bootstrap, wilcoxon

CONFIDENCE = 0.95
RESAMPLES = 9999


@dataclass(frozen=True)
class Mean:
    """A mean with its interval.

    Attributes:
        count: Pictures that count, those of which the metric has no value left out.
        value: The mean, nan if there is none.
        low: Lower end of the 95 % bootstrap interval; nan for less than two pictures or infinite values.
        high: Upper end.
    """

    count: int
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Difference:
    """How two methods differ on the same pictures.

    Attributes:
        mean: Mean of the differences, second minus first, with its interval.
        wins: Pictures on which the second has the greater value.
        losses: Pictures on which it has the smaller one.
        p: Of the Wilcoxon signed-rank test, two-sided: how likely differences as consistent as these are if there
            is none.
    """

    mean: Mean
    wins: int
    losses: int
    p: float


def mean(values: Sequence[float], seed: int = 0) -> Mean:
    """Return the mean of values and a 95 % interval of it by the percentile bootstrap (Efron, 1979).

    Args:
        values: Of the pictures; nan says that there is none.
        seed: Of the resampling.

    >>> found = mean([1.0, 2.0, 3.0, float("nan")])
    >>> found.count, found.value, 1 <= found.low < 2 < found.high <= 3
    (3, 2.0, True)
    """
    array = np.array(values, float)
    array = array[~np.isnan(array)]
    if not array.size:
        return Mean(0, math.nan, math.nan, math.nan)
    value = float(array.mean())
    if array.size < 2 or not np.isfinite(array).all():
        return Mean(len(array), value, math.nan, math.nan)
    if np.ptp(array) == 0:
        return Mean(len(array), value, value, value)
    found = bootstrap(
        (array,), np.mean, confidence_level=CONFIDENCE, n_resamples=RESAMPLES, method="percentile",
        batch=max(1, 2_000_000 // array.size), random_state=np.random.default_rng(seed),
    )  # fmt: skip
    low, high = found.confidence_interval
    return Mean(len(array), value, float(low), float(high))


def compare(first: Sequence[float], second: Sequence[float], seed: int = 0) -> Difference:
    """Compare two methods by their values on the same pictures.

    Args:
        first: Values of the one, picture by picture.
        second: Values of the other on the same pictures. Where either has none, the picture does not count; nor where
            both are infinite.
        seed: Of the resampling.

    >>> found = compare([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [2.0, 3.5, 4.2, 5.1, 6.9, 7.3])
    >>> found.wins, round(found.mean.value, 2), found.p
    (6, 1.33, 0.03125)
    """
    with np.errstate(invalid="ignore"):
        differences = np.array(second, float) - np.array(first, float)
    differences = differences[~np.isnan(differences)]
    wins, losses = int((differences > 0).sum()), int((differences < 0).sum())
    p = 1.0 if wins + losses == 0 else float(wilcoxon(differences).pvalue)
    return Difference(mean(list(differences), seed), wins, losses, p if len(differences) else math.nan)


def holm(p_values: Sequence[float]) -> list[float]:
    """Correct p-values for there being several (Holm, 1979): ``max_{j <= i} min(1, (m - j) p_(j))``, j from 0.

    Those that are nan stay so and do not count.

    >>> [round(p, 3) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    order = sorted((i for i, p in enumerate(p_values) if not math.isnan(p)), key=lambda i: p_values[i])
    corrected, worst = list(p_values), 0.0
    for place, i in enumerate(order):
        worst = max(worst, min(1.0, (len(order) - place) * p_values[i]))
        corrected[i] = worst
    return corrected
