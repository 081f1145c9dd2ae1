"""Analysis of a study's votes: scores of the methods with intervals over raters, agreement, attention checks."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import choix
import krippendorff
import numpy as np
import numpy.typing as npt

from pielight.errors import DataError
from pielight.survey.study import LEVELS, Mode, Study, Vote

Floats = npt.NDArray[np.float64]
Undefined = Literal["no pairs", "one value"]
_OUTSIDE = 0.025  # share of the draws on either side of an interval
_MAX_UNDEFINED = 0.05  # share of the draws for an interval
_REGULARIZATION = 1e-3  # comparisons added to each pair where the likelihood alone has no maximum
_MAX_ITERATIONS = 100_000
_MAX_RATING_OF_BROKEN = 2  # a destroyed picture rated higher fails the attention check


@dataclass(frozen=True)
class MethodScore:
    """A value with its 95 % interval: infinite without a bound, None where votes or raters are too few."""

    value: float | None
    low: float | None = None
    high: float | None = None


class Scores(NamedTuple):
    """Scores of methods, which are named by their indices."""

    estimates: list[MethodScore]  # log-odds; inf if nothing bounds one from above, -inf from below, None if neither
    scale: list[int]  # methods of mean score 0: the largest set that bound one another in 97.5 % of the draws, or all
    order: list[int]  # the best method first
    connected: bool  # whether comparisons connect all methods; else their scores cannot be compared


@dataclass(frozen=True)
class Analysis:
    """Result of a study; raters who failed attention checks are counted, and left out of all the rest."""

    mode: Mode
    methods: list[str]  # best first
    scores: list[MethodScore]  # log-odds in pairs, infinite where the votes set no bound; else mean opinion
    scale: list[str]  # in pairs, the methods whose mean score is 0
    connected: bool  # whether comparisons connect all methods; else their scores are not comparable
    shares: list[list[int]]  # how often the row was preferred to the column; in rating mode, how often each level
    ties: list[list[int]]  # in pairs, how often neither was preferred
    tie_share: float | None  # in pairs, of all comparisons
    left_share: float | None  # of comparisons with a preference; raters favor a side if it is far from a half
    alpha: float | Undefined  # Krippendorff's, of the three answers (nominal) or the five levels (ordinal)
    raters: int  # with at least one answer that counts
    votes: int  # answers that count
    excluded: int  # raters who failed too many attention checks
    unchecked: int  # raters who left before any attention check, if the study has some
    checks: tuple[int, int]  # attention checks answered by all raters, and how many were failed


def passed(vote: Vote) -> bool:
    """Return whether the answer to an attention check shows that the rater was looking."""
    if vote.question.left is None and vote.question.right is None:
        return int(vote.answer) <= _MAX_RATING_OF_BROKEN
    return vote.answer == ("right" if vote.question.left is None else "left")


def analyze(study: Study, votes: Sequence[Vote], allowed: int = 0, rounds: int = 1000) -> Analysis:
    """Analyze all votes of a study; raise DataError if none of them count.

    A rater may fail ``allowed`` attention checks and still count; ``rounds`` are the draws of the bootstrap.
    """
    failures = Counter[int]()
    checks = [vote for vote in votes if vote.question.check]
    for vote in checks:
        failures[vote.rater] += not passed(vote)  # 0 is stored, too
    excluded = {rater for rater, count in failures.items() if count > allowed}
    counted = [vote for vote in votes if not vote.question.check and vote.rater not in excluded]
    if not counted:
        reason = f"; {len(excluded)} raters failed attention checks" if excluded else " yet"
        raise DataError(f"the study has no votes that count{reason}")
    methods, rated, seed = study.methods, study.settings.mode == "rating", study.settings.seed
    raters = {rater: row for row, rater in enumerate(dict.fromkeys(vote.rater for vote in counted))}
    shape = (len(methods), len(LEVELS)) if rated else (len(methods), len(methods), 2)
    # Ratings by method and level; comparisons by the preferred and the other method, and ties by both in either order.
    by_rater, by_scene = np.zeros((len(raters), *shape)), np.zeros((len(study.scenes), *shape))
    for vote in counted:
        left, right = (methods.index(name) if name else 0 for name in (vote.question.left, vote.question.right))
        cells = {"left": [(left, right, 0)], "right": [(right, left, 0)], "tie": [(left, right, 1), (right, left, 1)]}
        for cell in [(left, int(vote.answer) - 1)] if rated else cells[vote.answer]:
            by_rater[raters[vote.rater], *cell] += 1
            by_scene[vote.question.scene, *cell] += 1
    total = by_rater.sum(0).astype(int)
    if rated:
        means = mean_opinions(resample(by_rater, rounds, seed))
        order = np.argsort(-np.nan_to_num(means[0]), kind="stable").tolist()  # without ratings last
        scores, shares, ties, units = Scores(intervals(means), [], order, True), total[order], total[:0], by_scene
    else:
        scores = score(by_rater[..., 0] + by_rater[..., 1] / 2, rounds, seed)
        shares, ties = np.moveaxis(total[scores.order][:, scores.order], -1, 0)
        # Which method is the first of a pair is arbitrary: counted in both orders, chance is a toss of a coin.
        wins, neither = by_scene[..., 0], by_scene[..., 1]
        units = np.stack([wins, wins.swapaxes(1, 2), neither], -1)
    answers = Counter(vote.answer for vote in counted)
    preferences = answers["left"] + answers["right"]
    has_checks = study.settings.attention > 0 and any(scene.broken for scene in study.scenes)
    return Analysis(
        mode=study.settings.mode, methods=[methods[one] for one in scores.order],
        scores=[scores.estimates[one] for one in scores.order],
        scale=[methods[one] for one in scores.order if one in scores.scale], connected=scores.connected,
        shares=shares.tolist(), ties=ties.tolist(),
        tie_share=None if rated else answers["tie"] / len(counted),
        left_share=answers["left"] / preferences if preferences else None,
        alpha=agreement(units.reshape(-1, units.shape[-1]), "ordinal" if rated else "nominal"),
        raters=len(raters), votes=len(counted), excluded=len(excluded),
        unchecked=len(raters.keys() - failures.keys()) if has_checks else 0, checks=(len(checks), failures.total()),
    )  # fmt: skip


def resample(tallies: Floats, rounds: int = 1000, seed: int = 0) -> Floats:
    """Return the sum of the raters' tallies, then the sums over raters drawn with replacement: ``(1 + rounds, ...)``.

    Raters, not votes, are drawn, since the votes of one rater are correlated (Efron and Tibshirani, An Introduction
    to the Bootstrap, 1993, chapters 8 and 13). ``tallies`` is ``(raters, ...)``; one rater gives no draws.
    """
    raters = len(tallies)
    drawn = np.random.default_rng(seed).multinomial(raters, np.full(raters, 1 / raters), rounds if raters > 1 else 0)
    return np.tensordot(np.vstack([np.ones(raters), drawn]), tallies, 1)


def intervals(values: Floats) -> list[MethodScore]:
    """Return statistics with percentile intervals: 2.5 % of the draws lie on each side.

    ``values`` is ``(1 + draws, M)``, the first row of all raters; NaN where one is undefined.
    """
    estimates = []
    for value, *draws in values.T.tolist():
        defined = sorted(draw for draw in draws if not math.isnan(draw))
        outside = int(_OUTSIDE * len(defined))
        is_bounded = math.isfinite(value) and len(defined) >= max(1, (1 - _MAX_UNDEFINED) * len(draws))
        interval = (defined[outside], defined[-1 - outside]) if is_bounded else ()
        estimates.append(MethodScore(None if math.isnan(value) else value, *interval))
    return estimates


def mean_opinions(tallies: Floats) -> Floats:
    """Return mean opinion scores (ITU-T P.800.1), NaN without ratings, of ``(..., 5)`` counts of 1 to 5."""
    with np.errstate(invalid="ignore"):
        return np.asarray(tallies @ np.arange(1.0, 6.0) / tallies.sum(-1))


def reachable(wins: Floats) -> npt.NDArray[np.bool_]:
    """Return whether a chain of wins leads from row to column ``(..., M, M)``: a lower bound of ``s_row - s_column``.

    The likelihood has its maximum at finite scores if and only if a chain leads from each method to each other (Ford,
    "Solution of a Ranking Problem from Binary Comparisons", American Mathematical Monthly 64, 1957).
    """
    methods = wins.shape[-1]
    return np.linalg.matrix_power((wins > 0) | np.eye(methods, dtype=bool), methods)


def bradley_terry(wins: Floats) -> Floats:
    """Fit the Bradley-Terry model by maximum likelihood, and return ``(M,)`` log-odds with mean 0.

    ``P(i beats j) = exp(s_i) / (exp(s_i) + exp(s_j))`` (Bradley and Terry, Biometrika 39, 1952). ``wins`` is
    ``(M, M)``: how often the row beat the column. A weak regularization keeps unbounded scores finite.

    >>> bradley_terry(np.array([[0.0, 30], [10, 0]])).round(3).tolist()
    [0.549, -0.549]
    """
    alpha = 0.0 if reachable(wins).all() else _REGULARIZATION
    return np.asarray(choix.ilsr_pairwise_dense(wins, alpha, max_iter=_MAX_ITERATIONS))


def score(wins: Floats, rounds: int = 1000, seed: int = 0) -> Scores:
    """Score methods by comparisons, with intervals over raters.

    ``wins`` is ``(raters, M, M)``: how often the row beat the column; a tie counts half a win for either. An end of an
    interval is infinite where more than 2.5 % of the draws are.
    """
    draws = resample(wins, rounds, seed)
    reached = reachable(draws)
    mutual = reached & reached.swapaxes(1, 2)
    bounded = mutual[0] & (mutual.mean(0) >= 1 - _OUTSIDE)
    largest = bounded[bounded.sum(1) == bounded.sum(1).max()]
    scale = largest[0] if (largest == largest[0]).all() else np.ones(len(bounded), dtype=bool)
    scores = np.array([bradley_terry(drawn) for drawn in draws])
    above, below = ~reached[:, scale].all(1), ~reached[:, :, scale].all(2)
    values = np.select(
        [above & below, above, below], [np.nan, np.inf, -np.inf], scores - scores[:, scale].mean(1, keepdims=True)
    )
    order = np.lexsort((-scores[0].round(6), -np.nan_to_num(values[0], posinf=np.inf, neginf=-np.inf).round(6)))
    is_connected = bool(reachable(draws[0] + draws[0].T).all())
    return Scores(intervals(values), np.flatnonzero(scale).tolist(), order.tolist(), is_connected)


def agreement(counts: npt.ArrayLike, level: Literal["nominal", "ordinal"]) -> float | Undefined:
    """Return Krippendorff's alpha: 1 for perfect agreement, 0 as by chance, below 0 for systematic disagreement.

    ``counts`` is ``(units, values)``: how many raters gave each value, values in order. Alpha is undefined if no unit
    has two raters, or if they gave only one value.
    """
    table = np.asarray(counts, int)
    table = table[table.sum(1) > 1]
    if np.count_nonzero(table.sum(0)) < 2:
        return "one value" if len(table) else "no pairs"
    return float(krippendorff.alpha(value_counts=table, level_of_measurement=level))
