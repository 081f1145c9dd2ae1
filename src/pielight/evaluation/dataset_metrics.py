"""Numbers of a data set as a whole, such as mIoU, which are no means over its pictures: intervals and a paired test."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, t

from pielight.evaluation.metrics.metric import Figure
from pielight.evaluation.statistics import CONFIDENCE, RESAMPLES, Difference, Mean
from pielight.evaluation.store import Evidence

Floats = NDArray[np.float64]
Pool = Callable[[Floats], Floats]
_BLOCK = 2_000_000  # weights at a time


@dataclass(frozen=True)
class PooledFigure(Figure):
    """A number of all pictures of a data set together.

    Attributes:
        made_of: Name of the task whose evidence it is computed of.
        pool: Takes the evidence of P pictures; returns a function from weights ``(R, P)``, how often each picture
            counts in R resamples, to the numbers ``(R,)``, nan where there is none.
    """

    made_of: str
    pool: Callable[[Sequence[Evidence]], Pool]

    def of(self, evidence: Sequence[Evidence]) -> float:
        """Return the number of some pictures, each of which counts once; nan where there is none."""
        return float(self.pool(evidence)(np.ones((1, len(evidence))))[0]) if evidence else math.nan


def pooled_mean(
    figure: PooledFigure, evidence: Sequence[Evidence], seed: int = 0, groups: Sequence[Hashable] | None = None
) -> Mean:
    """Return the number of a data set and a 95 % interval of it by the bootstrap over pictures.

    Resamples and quantiles are those of :func:`pielight.evaluation.statistics.mean`.

    Args:
        figure: The number.
        evidence: Of the pictures.
        seed: Of the resampling.
        groups: What each picture belongs to, drawn together; None is each to itself.
    """
    if not evidence:
        return Mean(0, math.nan, math.nan, math.nan)
    low, high = _interval(figure.pool(evidence), _index(groups, len(evidence)), seed)
    return Mean(len(evidence), figure.of(evidence), low, high)


def pooled_compare(
    figure: PooledFigure,
    first: Sequence[Evidence],
    second: Sequence[Evidence],
    seed: int = 0,
    groups: Sequence[Hashable] | None = None,
) -> Difference:
    """Compare two methods by a number of the whole data set.

    The interval is that of the difference by the bootstrap over pictures, the same draws for both methods. The test is
    the paired permutation test: if the methods do not differ, each picture's two results may change places; ``p`` is
    the share of random exchanges (and the one that is there) after which the difference is at least as large
    (Noreen, Computer-Intensive Methods, 1989). For the recall of one face a picture it is the exact test of McNemar.

    Args:
        figure: The number.
        first: Evidence of the one, picture by picture.
        second: Of the other on the same pictures.
        seed: Of both resamplings.
        groups: What each picture belongs to, drawn and exchanged together; None is each to itself.
    """
    count = len(first)
    if not count:
        return Difference(Mean(0, math.nan, math.nan, math.nan), 0, 0, math.nan, 0)
    one, other = figure.pool(first), figure.pool(second)

    def difference(weights: Floats) -> Floats:
        return other(weights) - one(weights)

    there = [(figure.of([a]), figure.of([b])) for a, b in zip(first, second, strict=True)]
    wins, losses = sum(b > a for a, b in there), sum(b < a for a, b in there)
    value = float(difference(np.ones((1, count)))[0])
    index = _index(groups, count)
    low, high = _interval(difference, index, seed)
    p = math.nan if math.isnan(value) else _permuted(figure.pool([*first, *second]), index, value, seed)
    return Difference(Mean(count, value, low, high), wins, losses, p, int(np.sign(np.nan_to_num(value))))


def _permuted(both: Pool, index: NDArray[np.intp], value: float, seed: int) -> float:
    """Return the share of exchanges after which the difference is at least as large.

    Args:
        both: Takes weights of the one method's results, then of the other's.
        index: Group of each picture.
        value: The difference that is there.
        seed: Of the exchanges.
    """
    rng = np.random.default_rng(seed)
    beyond = 0
    for size in _blocks(2 * len(index)):
        kept = rng.integers(0, 2, (size, index.max() + 1))[:, index].astype(np.float64)
        found = both(np.hstack([1 - kept, kept])) - both(np.hstack([kept, 1 - kept]))
        beyond += int((~(np.abs(found) < abs(value) - 1e-12)).sum())  # where there is no number, too
    return (1 + beyond) / (1 + RESAMPLES)


def _interval(pool: Pool, index: NDArray[np.intp], seed: int) -> tuple[float, float]:
    """Return the ends of the expanded percentile interval, nan for less than two groups."""
    n = int(index.max()) + 1
    if n < 2:
        return math.nan, math.nan
    rng = np.random.default_rng(seed)
    found = np.concatenate(
        [pool(rng.multinomial(n, np.full(n, 1 / n), size)[:, index].astype(np.float64)) for size in _blocks(len(index))]
    )
    if np.isnan(found).all():
        return math.nan, math.nan
    tail = float(norm.cdf(-math.sqrt(n / (n - 1)) * t.ppf((1 + CONFIDENCE) / 2, n - 1)))
    low, high = np.nanquantile(found, [tail, 1 - tail])
    return float(low), float(high)


def _blocks(width: int) -> Iterator[int]:
    size = max(1, _BLOCK // width)
    for start in range(0, RESAMPLES, size):
        yield min(size, RESAMPLES - start)


def _index(groups: Sequence[Hashable] | None, count: int) -> NDArray[np.intp]:
    """Number the groups of pictures from 0 on."""
    numbers: dict[Hashable, int] = {}
    named: Sequence[Hashable] = range(count) if groups is None else groups
    return np.array([numbers.setdefault(group, len(numbers)) for group in named], np.intp)
