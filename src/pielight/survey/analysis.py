"""Analysis of a study's votes: scores, agreement of raters, attention checks."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import krippendorff
import numpy as np
import numpy.typing as npt

from pielight.errors import DataError
from pielight.survey.scores import Estimate, Scores, bootstrap, mean_opinions, score
from pielight.survey.study import LEVELS, Mode, Study
from pielight.survey.votes import Vote

Undefined = Literal["no pairs", "one value"]
_MAX_RATING_OF_BROKEN = 2  # a destroyed picture rated higher fails the attention check


@dataclass(frozen=True)
class Analysis:
    """Result of a study; raters who failed attention checks are counted, and left out of all the rest."""

    mode: Mode
    methods: list[str]  # best first
    scores: list[Estimate]  # log-odds in pairs, infinite where the votes set no bound; else mean opinion
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
    checks = [vote for vote in votes if vote.question.check]
    failures = Counter({vote.rater: 0 for vote in checks})
    failures.update(vote.rater for vote in checks if not passed(vote))
    excluded = {rater for rater, count in failures.items() if count > allowed}
    counted = [vote for vote in votes if not vote.question.check and vote.rater not in excluded]
    if not counted:
        reason = f"; {len(excluded)} raters failed attention checks" if excluded else " yet"
        raise DataError(f"the study has no votes that count{reason}")
    methods, rated, seed = study.methods, study.settings.mode == "rating", study.settings.seed
    raters = {rater: row for row, rater in enumerate(dict.fromkeys(vote.rater for vote in counted))}
    shape = (len(methods), len(LEVELS)) if rated else (math.comb(len(methods), 2), 3)
    by_rater, by_scene = np.zeros((len(raters), *shape)), np.zeros((len(study.scenes), *shape))
    for vote in counted:
        outcome = _outcome(study, vote)
        by_rater[raters[vote.rater], *outcome] += 1
        by_scene[vote.question.scene, *outcome] += 1
    total, units = by_rater.sum(0).astype(int), by_scene.reshape(-1, shape[1])
    if rated:
        means = bootstrap(by_rater, mean_opinions, rounds, seed)
        order = sorted(range(len(means)), key=lambda one: -(means[one].value or 0))  # without ratings last
        scores, shares, ties = Scores(means, [], order, True), total[order].tolist(), []
    else:
        scores = score(by_rater, len(methods), rounds, seed)
        first, second = np.triu_indices(len(methods), 1)
        table = np.zeros((2, len(methods), len(methods)), int)
        table[:, first, second], table[:, second, first] = total[:, [0, 2]].T, total[:, [1, 2]].T
        shares, ties = table[:, scores.order][:, :, scores.order].tolist()
        # Which method is the first of a pair is arbitrary: counted in both orders, chance is a toss of a coin.
        units = np.vstack([units, units[:, [1, 0, 2]]])
    answers = Counter(vote.answer for vote in counted)
    preferences = answers["left"] + answers["right"]
    has_checks = study.settings.attention > 0 and any(scene.broken for scene in study.scenes)
    return Analysis(
        mode=study.settings.mode,
        methods=[methods[one] for one in scores.order],
        scores=[scores.estimates[one] for one in scores.order],
        scale=[methods[one] for one in scores.order if one in scores.scale],
        connected=scores.connected,
        shares=shares,
        ties=ties,
        tie_share=None if rated else answers["tie"] / len(counted),
        left_share=answers["left"] / preferences if preferences else None,
        alpha=agreement(units, "ordinal" if rated else "nominal"),
        raters=len(raters),
        votes=len(counted),
        excluded=len(excluded),
        unchecked=len(raters.keys() - failures.keys()) if has_checks else 0,
        checks=(len(checks), failures.total()),
    )


def _outcome(study: Study, vote: Vote) -> tuple[int, int]:
    """Return the method and the level of a rating, or the pair and 0, 1 or 2: the first, the second, neither."""
    left = study.methods.index(vote.question.left or "")
    if study.settings.mode == "rating":
        return left, int(vote.answer) - 1
    right = study.methods.index(vote.question.right or "")
    pair = list(combinations(range(len(study.methods)), 2)).index((min(left, right), max(left, right)))
    return pair, 2 if vote.answer == "tie" else int((vote.answer == "right") != (left > right))


def agreement(counts: npt.ArrayLike, level: Literal["nominal", "ordinal"]) -> float | Undefined:
    """Return Krippendorff's alpha: 1 for perfect agreement, 0 as by chance, below 0 for systematic disagreement.

    ``counts`` is ``(units, values)``: how many raters gave each value, values in order. Alpha is undefined if no unit
    has two raters, or if they gave only one value.

    >>> agreement([[2, 0], [0, 2]], "nominal")
    1.0
    """
    table = np.asarray(counts, int)
    table = table[table.sum(1) > 1]
    if not len(table):
        return "no pairs"
    if np.count_nonzero(table.sum(0)) < 2:
        return "one value"
    return float(krippendorff.alpha(value_counts=table, level_of_measurement=level))
