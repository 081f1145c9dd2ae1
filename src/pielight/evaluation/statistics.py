"""Statistics over pictures: means and dataset-level metrics with intervals, and whether two methods differ.

Intervals are by the bootstrap over pictures, or over ``groups`` of pictures that are alike, such as those of one
scene, all of a group together (the cluster bootstrap); None is each picture by itself. ``seed`` is that of the
resampling.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from scipy.stats import bootstrap, norm, rankdata, t, wilcoxon

from pielight.evaluation.metric_spec import DatasetMetric, Floats, MetricSpec, MetricState, Weighted, ratio

CONFIDENCE = 0.95
RESAMPLES = 9999
_BLOCK = 2_000_000  # weights that are held in memory at a time
Groups = Sequence[Hashable] | None  # what each picture belongs to; None is each to itself


@dataclass(frozen=True)
class Estimate:
    """A value with its interval.

    Attributes:
        count: Pictures that count: those of which the metric has a value.
        value: The mean of the finite values, infinite if there are no others; or a dataset-level metric. nan for none.
        low: Lower end of the 95 % bootstrap interval; nan for less than two groups.
        high: Upper end.
        infinite: Pictures whose value is infinite, which are left out of mean and interval.
    """

    count: int
    value: float = math.nan
    low: float = math.nan
    high: float = math.nan
    infinite: int = 0


@dataclass(frozen=True)
class Difference:
    """How two methods differ on the same pictures.

    Attributes:
        estimate: Mean of the differences, or difference of a dataset-level metric, second minus first.
        wins: Pictures on which the second has the greater value; ``losses``: the smaller one.
        p: Of a two-sided test: how likely differences as large as these are if the methods do not differ.
        direction: Where that test sees the second: 1 above, -1 below, 0 neither. A few large differences can move
            the mean the other way.
    """

    estimate: Estimate
    wins: int
    losses: int
    p: float
    direction: int

    @property
    def is_clear(self) -> bool:
        """Whether value, interval and test point to the same side."""
        low, high = self.estimate.low, self.estimate.high
        return bool((low > 0 and self.direction > 0) or (high < 0 and self.direction < 0))


def mean(values: Sequence[float], seed: int = 0, groups: Groups = None, *, is_balanced: bool = False) -> Estimate:
    """Return the mean of the values of pictures, nan for none, and a 95 % interval of it by the bootstrap.

    Groups are drawn with replacement. Of the means that this gives, the interval takes the quantiles
    ``Phi(+-sqrt(n / (n - 1)) t)``, t the 97.5 % quantile of Student's t with n - 1 degrees of freedom, n the groups:
    the expanded percentile interval (Hesterberg, The American Statistician 2015), since plain percentiles are too
    narrow for few pictures. Where it is balanced, the mean is that of the means of the groups.

    >>> estimate = mean([1.0, 2.0, 3.0, float("nan")])
    >>> estimate.count, estimate.value, 1 <= estimate.low < 2 < estimate.high <= 3
    (3, 2.0, True)
    """
    array = np.array(values, float)
    count, infinite = int((~np.isnan(array)).sum()), int(np.isinf(array).sum())
    kept = np.isfinite(array)
    if not kept.any():
        value = math.copysign(math.inf, array[np.isinf(array)][0]) if infinite else math.nan
        return Estimate(count, value, infinite=infinite)
    array = array[kept]
    sums, sizes = _by_group(array, None if groups is None else [g for g, k in zip(groups, kept, strict=True) if k])
    if is_balanced:
        sums, sizes = sums / sizes, np.ones_like(sizes)
    value = float(sums.sum() / sizes.sum())
    if len(sums) < 2:
        return Estimate(count, value, infinite=infinite)
    if np.ptp(array) == 0:
        return Estimate(count, value, value, value, infinite)
    n = len(sums)
    result = bootstrap(
        (sums, sizes), lambda a, b, axis: a.sum(axis) / b.sum(axis), paired=True, vectorized=True,
        confidence_level=1 - 2 * _tail(n), n_resamples=RESAMPLES, method="percentile",
        batch=max(1, _BLOCK // n), random_state=np.random.default_rng(seed),
    )  # fmt: skip
    low, high = result.confidence_interval
    return Estimate(count, value, float(low), float(high), infinite)


def compare(
    first: Sequence[float], second: Sequence[float], seed: int = 0, groups: Groups = None, *, is_balanced: bool = False
) -> Difference:
    """Compare two methods by their values on the same pictures.

    The test is the Wilcoxon signed-rank test of the means of the groups, which are drawn independently.
    Pictures of which either has no value do not count, nor those of which both are infinite. The mean difference is
    that of :func:`mean`.

    >>> difference = compare([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [2.0, 3.5, 4.2, 5.1, 6.9, 7.3])
    >>> difference.wins, round(difference.estimate.value, 2), difference.p, difference.is_clear
    (6, 1.33, 0.03125, True)
    """
    with np.errstate(invalid="ignore"):
        differences = np.array(second, float) - np.array(first, float)
    present = ~np.isnan(differences)
    wins, losses = int((differences > 0).sum()), int((differences < 0).sum())
    kept = None if groups is None else [group for group, k in zip(groups, present, strict=True) if k]
    with np.errstate(invalid="ignore"):  # of one scene, one picture may be infinitely better and another worse
        sums, sizes = _by_group(differences[present], kept)
        tested = sums / sizes
    tested = tested[~np.isnan(tested)]
    changed = tested[tested != 0]
    p = math.nan if not len(tested) else 1.0 if not len(changed) else float(wilcoxon(tested).pvalue)
    direction = int(np.sign((np.sign(changed) * rankdata(np.abs(changed))).sum()))
    estimate = mean(list(differences), seed, groups, is_balanced=is_balanced)
    return Difference(estimate, wins, losses, p, direction)


def dataset_value(
    metric: DatasetMetric, states: Sequence[MetricState], seed: int = 0, groups: Groups = None
) -> Estimate:
    """Return a dataset-level metric and a 95 % interval of it, with the resamples and quantiles of :func:`mean`."""
    if not states:
        return Estimate(0)
    low, high = _interval(metric.weighted(states), _group_index(groups, len(states)), seed)
    return Estimate(len(states), metric.compute(states), low, high)


def compare_datasets(
    metric: DatasetMetric, first: Sequence[MetricState], second: Sequence[MetricState], seed: int = 0,
    groups: Groups = None,
) -> Difference:  # fmt: skip
    """Compare two methods by a dataset-level metric of their states, picture by picture.

    The interval is that of the difference by the bootstrap over pictures, the same draws for both methods. The test is
    the paired permutation test: if the methods do not differ, each picture's two results may be exchanged, those of a
    group together; ``p`` is the share of random exchanges (and the actual assignment) after which the difference is at
    least as large (Noreen, Computer-Intensive Methods, 1989). For the recall of one face a picture it is the exact
    test of McNemar.
    """
    count = len(first)
    if not count:
        return Difference(Estimate(0), 0, 0, math.nan, 0)
    of_first, of_second = metric.weighted(first), metric.weighted(second)

    def difference(weights: Floats) -> Floats:
        return of_second(weights) - of_first(weights)

    values = [(metric.compute([a]), metric.compute([b])) for a, b in zip(first, second, strict=True)]
    wins, losses = sum(b > a for a, b in values), sum(b < a for a, b in values)
    value = float(difference(np.ones((1, count)))[0])
    index = _group_index(groups, count)
    low, high = _interval(difference, index, seed)
    p = math.nan if math.isnan(value) else _permutation_test(metric.weighted([*first, *second]), index, value, seed)
    return Difference(Estimate(count, value, low, high), wins, losses, p, int(np.sign(np.nan_to_num(value))))


def spread(metric: MetricSpec) -> DatasetMetric:
    """Return the standard deviation, n - 1 in the denominator, of a metric's values as a dataset-level metric.

    Its states are ``((value,),)``; one picture has the spread nan.

    >>> from pielight.evaluation.metrics import METRICS
    >>> spread(METRICS["brightness-spread"]).compute([((1.0,),), ((2.0,),), ((3.0,),)])
    1.0
    """

    def weighted(states: Sequence[MetricState]) -> Weighted:
        values = np.array([state[0][0] for state in states])

        def of(weights: Floats) -> Floats:
            count = weights.sum(axis=1)
            center = ratio(weights @ values, count)
            squares = (weights * (values - center[:, np.newaxis]) ** 2).sum(axis=1)
            return np.sqrt(ratio(squares, count - 1))

        return of

    kept = {field.name: getattr(metric, field.name) for field in fields(MetricSpec)}
    return DatasetMetric(**kept, evaluator="", weighted=weighted)


def holm(p_values: Sequence[float]) -> list[float]:
    """Correct p-values for there being several (Holm, 1979): ``max_{j <= i} min(1, (m - j) p_(j))``, j from 0.

    Those that are nan stay nan and do not count.

    >>> [round(p, 3) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    order = sorted((i for i, p in enumerate(p_values) if not math.isnan(p)), key=lambda i: p_values[i])
    corrected, worst = list(p_values), 0.0
    for rank, i in enumerate(order):
        worst = max(worst, min(1.0, (len(order) - rank) * p_values[i]))
        corrected[i] = worst
    return corrected


def _permutation_test(both: Weighted, index: NDArray[np.intp], value: float, seed: int) -> float:
    """Return the share of exchanges after which the difference is at least as large as the actual ``value``.

    ``both`` takes the weights of the first method's results, then of the second's; ``index`` is the group of each
    picture.
    """
    rng = np.random.default_rng(seed)
    as_large = 0
    for size in _blocks(2 * len(index)):
        kept = rng.integers(0, 2, (size, index.max() + 1))[:, index].astype(np.float64)
        differences = both(np.hstack([1 - kept, kept])) - both(np.hstack([kept, 1 - kept]))
        as_large += int((~(np.abs(differences) < abs(value) - 1e-12)).sum())  # nan counts, too
    return (1 + as_large) / (1 + RESAMPLES)


def _interval(metric: Weighted, index: NDArray[np.intp], seed: int) -> tuple[float, float]:
    """Return the ends of the expanded percentile interval, nan for less than two groups."""
    n = int(index.max()) + 1
    if n < 2:
        return math.nan, math.nan
    rng = np.random.default_rng(seed)
    draws = (rng.multinomial(n, np.full(n, 1 / n), size)[:, index] for size in _blocks(len(index)))
    values = np.concatenate([metric(weights.astype(np.float64)) for weights in draws])
    if np.isnan(values).all():
        return math.nan, math.nan
    low, high = np.nanquantile(values, [_tail(n), 1 - _tail(n)])
    return float(low), float(high)


def _tail(n: int) -> float:
    """Return the share of bootstrap values beyond each end of the interval, for n groups."""
    return float(norm.cdf(-math.sqrt(n / (n - 1)) * t.ppf((1 + CONFIDENCE) / 2, n - 1)))


def _blocks(width: int) -> Iterator[int]:
    """Yield how many resamples to compute at a time, for some pictures."""
    size = max(1, _BLOCK // width)
    for start in range(0, RESAMPLES, size):
        yield min(size, RESAMPLES - start)


def _by_group(values: Floats, groups: Groups) -> tuple[Floats, Floats]:
    """Return the sum and the number of the values of every group."""
    if groups is None:
        return values, np.ones_like(values)
    index = _group_index(groups, len(values))
    return np.bincount(index, values).astype(np.float64), np.bincount(index).astype(np.float64)


def _group_index(groups: Groups, count: int) -> NDArray[np.intp]:
    """Return the number of each picture's group, from 0 on."""
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(group, len(numbers)) for group in groups or range(count)], np.intp)
