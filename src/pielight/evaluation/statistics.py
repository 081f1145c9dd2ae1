"""What can be said of many pictures: means with intervals, and whether two methods differ."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import bootstrap, norm, rankdata, t, wilcoxon

Floats = NDArray[np.float64]
CONFIDENCE = 0.95
RESAMPLES = 9999


@dataclass(frozen=True)
class Mean:
    """A mean with its interval.

    Attributes:
        count: Pictures that count, those of which the metric has no value left out.
        value: The mean of the finite values; infinite if there are no others, nan if there is none.
        low: Lower end of the 95 % bootstrap interval; nan for less than two groups.
        high: Upper end.
        infinite: Pictures whose value is infinite, which neither mean nor interval can take in.
    """

    count: int
    value: float
    low: float
    high: float
    infinite: int = 0


@dataclass(frozen=True)
class Difference:
    """How two methods differ on the same pictures.

    Attributes:
        mean: Mean of the differences, second minus first, with its interval.
        wins: Pictures on which the second has the greater value.
        losses: Pictures on which it has the smaller one.
        p: Of the Wilcoxon signed-rank test, two-sided: how likely differences as consistent as these are if there
            is none.
        direction: Where that test sees the second: 1 above, -1 below, 0 neither. A few large differences can move
            the mean the other way.
    """

    mean: Mean
    wins: int
    losses: int
    p: float
    direction: int

    @property
    def is_clear(self) -> bool:
        """Whether mean, interval and test point to the same side."""
        low, high = (self.mean.low, self.mean.high)
        return bool((low > 0 and self.direction > 0) or (high < 0 and self.direction < 0))


def mean(values: Sequence[float], seed: int = 0, groups: Sequence[Hashable] | None = None) -> Mean:
    """Return the mean of values and a 95 % interval of it by the bootstrap.

    Groups are drawn with replacement, all pictures of one together (the cluster bootstrap), since pictures of one scene
    are alike. Of the means that this gives, the interval takes the quantiles ``Phi(+-sqrt(n / (n - 1)) t)``, t the
    97.5 % quantile of Student's t with n - 1 degrees of freedom, n the groups: the expanded percentile interval
    (Hesterberg, The American Statistician 2015), since plain percentiles are too narrow for few pictures.

    Args:
        values: Of the pictures; nan says that there is none.
        seed: Of the resampling.
        groups: What each picture belongs to; None is each to itself.

    >>> found = mean([1.0, 2.0, 3.0, float("nan")])
    >>> found.count, found.value, 1 <= found.low < 2 < found.high <= 3
    (3, 2.0, True)
    """
    array = np.array(values, float)
    count, infinite = int((~np.isnan(array)).sum()), int(np.isinf(array).sum())
    kept = np.isfinite(array)
    if not kept.any():
        whole = math.copysign(math.inf, array[np.isinf(array)][0]) if infinite else math.nan
        return Mean(count, whole, math.nan, math.nan, infinite)
    array = array[kept]
    value = float(array.mean())
    sums, sizes = _by_group(array, None if groups is None else [g for g, k in zip(groups, kept, strict=True) if k])
    if len(sums) < 2:
        return Mean(count, value, math.nan, math.nan, infinite)
    if np.ptp(array) == 0:
        return Mean(count, value, value, value, infinite)
    n = len(sums)
    tail = float(norm.cdf(-math.sqrt(n / (n - 1)) * t.ppf((1 + CONFIDENCE) / 2, n - 1)))
    found = bootstrap(
        (sums, sizes), lambda a, b, axis: a.sum(axis) / b.sum(axis), paired=True, vectorized=True,
        confidence_level=1 - 2 * tail, n_resamples=RESAMPLES, method="percentile",
        batch=max(1, 2_000_000 // n), random_state=np.random.default_rng(seed),
    )  # fmt: skip
    low, high = found.confidence_interval
    return Mean(count, value, float(low), float(high), infinite)


def compare(
    first: Sequence[float], second: Sequence[float], seed: int = 0, groups: Sequence[Hashable] | None = None
) -> Difference:
    """Compare two methods by their values on the same pictures.

    The test is of the means of the groups, as these are what was drawn independently.

    Args:
        first: Values of the one, picture by picture.
        second: Values of the other on the same pictures. Where either has none, the picture does not count; nor where
            both are infinite.
        seed: Of the resampling.
        groups: What each picture belongs to; None is each to itself.

    >>> found = compare([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [2.0, 3.5, 4.2, 5.1, 6.9, 7.3])
    >>> found.wins, round(found.mean.value, 2), found.p, found.is_clear
    (6, 1.33, 0.03125, True)
    """
    with np.errstate(invalid="ignore"):
        differences = np.array(second, float) - np.array(first, float)
    there = ~np.isnan(differences)
    wins, losses = int((differences > 0).sum()), int((differences < 0).sum())
    kept = None if groups is None else [group for group, k in zip(groups, there, strict=True) if k]
    with np.errstate(invalid="ignore"):  # of one scene, one picture may be infinitely better and another worse
        sums, sizes = _by_group(differences[there], kept)
        tested = sums / sizes
    tested = tested[~np.isnan(tested)]
    changed = tested[tested != 0]
    p = math.nan if not len(tested) else 1.0 if not len(changed) else float(wilcoxon(tested).pvalue)
    direction = int(np.sign((np.sign(changed) * rankdata(np.abs(changed))).sum()))
    return Difference(mean(list(differences), seed, groups), wins, losses, p, direction)


def _by_group(values: Floats, groups: Sequence[Hashable] | None) -> tuple[Floats, Floats]:
    """Return the sum and the number of the values of every group."""
    if groups is None:
        return values, np.ones_like(values)
    numbers: dict[Hashable, int] = {}
    index = [numbers.setdefault(group, len(numbers)) for group in groups]
    return np.bincount(index, values).astype(np.float64), np.bincount(index).astype(np.float64)


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
