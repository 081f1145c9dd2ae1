"""Analysis of a study's votes: scores, agreement of raters, attention checks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import krippendorff
import numpy as np
import numpy.typing as npt

from pielight.errors import DataError
from pielight.survey.bootstrap import Estimate, Floats, bootstrap
from pielight.survey.bradley_terry import score
from pielight.survey.study import LEVELS, Mode, Study
from pielight.survey.votes import Vote

Undefined = Literal["no pairs", "one value"]
_MAX_RATING_OF_BROKEN = 2  # a destroyed picture rated higher fails the attention check


@dataclass(frozen=True)
class Analysis:
    """Result of a study; raters who failed attention checks are counted, and left out of all the rest.

    Attributes:
        mode: Mode of the study.
        methods: Best first.
        scores: Of each method: log-odds in pairs, infinite where the votes set no bound; mean opinion in rating mode.
        scale: In pairs, the methods whose mean score is 0.
        connected: Whether comparisons connect all methods; else their scores are not comparable.
        shares: In pairs, how often the row's method was preferred to the column's; in rating mode, how often each
            method got each level.
        ties: In pairs, how often neither was preferred; in rating mode empty.
        tie_share: Share of ties in all comparisons, or None.
        left_share: How often the left picture was preferred, of comparisons with a preference; raters favor a side
            if it is far from a half.
        alpha: Krippendorff's alpha of the three answers (nominal) or the five levels (ordinal), or why it is undefined.
        raters: Raters with at least one answer that counts.
        votes: Answers that count.
        excluded: Raters who failed too many attention checks.
        unchecked: Raters who left before any attention check, if the study has some.
        checks: Attention checks answered by all raters, and how many of them were failed.
    """

    mode: Mode
    methods: tuple[str, ...]
    scores: tuple[Estimate, ...]
    scale: tuple[str, ...]
    connected: bool
    shares: tuple[tuple[int, ...], ...]
    ties: tuple[tuple[int, ...], ...]
    tie_share: float | None
    left_share: float | None
    alpha: float | Undefined
    raters: int
    votes: int
    excluded: int = 0
    unchecked: int = 0
    checks: tuple[int, int] = (0, 0)


def passed(vote: Vote) -> bool:
    """Return whether the answer to an attention check shows that the rater was looking.

    >>> from pielight.survey.questions import Question
    >>> passed(Vote(1, 0, Question(0, None, "pie", True), "right", 2.0))
    True
    """
    if vote.question.left is None and vote.question.right is None:
        return int(vote.answer) <= _MAX_RATING_OF_BROKEN
    return vote.answer == ("right" if vote.question.left is None else "left")


def analyze(study: Study, votes: Sequence[Vote], allowed: int = 0, rounds: int = 1000) -> Analysis:
    """Analyze votes.

    Args:
        study: The study that they belong to.
        votes: All of its votes.
        allowed: Attention checks that a rater may fail and still count.
        rounds: Draws of the bootstrap.

    Raises:
        DataError: No votes count.
    """
    checks = [vote for vote in votes if vote.question.check]
    failures = {vote.rater: 0 for vote in checks}
    for vote in checks:
        failures[vote.rater] += not passed(vote)
    excluded = {rater for rater, count in failures.items() if count > allowed}
    counted = [vote for vote in votes if not vote.question.check and vote.rater not in excluded]
    if not counted:
        reason = f"; {len(excluded)} raters failed attention checks" if excluded else " yet"
        raise DataError(f"the study has no votes that count{reason}")
    raters = {vote.rater for vote in counted}
    has_checks = study.settings.attention > 0 and any(scene.broken for scene in study.scenes)
    analyze_mode = _ratings if study.settings.mode == "rating" else _comparisons
    return Analysis(
        mode=study.settings.mode,
        raters=len(raters),
        votes=len(counted),
        excluded=len(excluded),
        unchecked=len(raters - failures.keys()) if has_checks else 0,
        checks=(len(checks), sum(failures.values())),
        **analyze_mode(study, counted, rounds),
    )


def _comparisons(study: Study, votes: Sequence[Vote], rounds: int) -> dict[str, Any]:
    """Analyze comparisons; outcomes of a pair are the first, the second, neither."""
    pairs = {pair: number for number, pair in enumerate(study.pairs())}
    outcomes = []
    for vote in votes:
        shown = (vote.question.left or "", vote.question.right or "")
        is_swapped = shown not in pairs
        outcome = 2 if vote.answer == "tie" else int((vote.answer == "right") != is_swapped)
        outcomes.append((pairs[shown[::-1] if is_swapped else shown], outcome))
    by_rater, by_scene = _tallies(study, votes, outcomes, (len(pairs), 3))
    scores = score(by_rater, len(study.methods), rounds, study.settings.seed)
    order = list(scores.order)
    first, second = np.triu_indices(len(study.methods), 1)
    preferred, tied = np.zeros((2, len(order), len(order)), int)
    preferred[first, second], preferred[second, first], tied[first, second] = by_rater.sum(0).T
    ties = sum(vote.answer == "tie" for vote in votes)
    # Which method is the first of a pair is arbitrary: in both orders, chance agreement is a toss of a coin.
    by_unit = by_scene.reshape(-1, 3)
    return {
        "methods": tuple(study.methods[one] for one in order),
        "scores": tuple(scores.estimates[one] for one in order),
        "scale": tuple(study.methods[one] for one in order if one in scores.scale),
        "connected": scores.connected,
        "shares": _rows(preferred[np.ix_(order, order)]),
        "ties": _rows((tied + tied.T)[np.ix_(order, order)]),
        "tie_share": ties / len(votes),
        "left_share": sum(vote.answer == "left" for vote in votes) / (len(votes) - ties) if ties < len(votes) else None,
        "alpha": agreement(np.vstack([by_unit, by_unit[:, [1, 0, 2]]]), "nominal"),
    }


def _ratings(study: Study, votes: Sequence[Vote], rounds: int) -> dict[str, Any]:
    outcomes = [(study.methods.index(vote.question.left or ""), int(vote.answer) - 1) for vote in votes]
    by_rater, by_scene = _tallies(study, votes, outcomes, (len(study.methods), len(LEVELS)))
    scores = bootstrap(by_rater, mean_opinions, rounds, study.settings.seed)
    order = sorted(range(len(scores)), key=lambda one: -(scores[one].value or 0))  # without ratings last
    return {
        "methods": tuple(study.methods[one] for one in order),
        "scores": tuple(scores[one] for one in order),
        "scale": (),
        "connected": True,
        "shares": _rows(by_rater.sum(0)[order]),
        "ties": (),
        "tie_share": None,
        "left_share": None,
        "alpha": agreement(by_scene.reshape(-1, len(LEVELS)), "ordinal"),
    }


def _tallies(
    study: Study, votes: Sequence[Vote], outcomes: Sequence[tuple[int, int]], shape: tuple[int, int]
) -> tuple[Floats, Floats]:
    """Count the outcomes of votes ``(raters, *shape)`` and ``(scenes, *shape)``."""
    raters = {rater: row for row, rater in enumerate(dict.fromkeys(vote.rater for vote in votes))}
    by_rater, by_scene = np.zeros((len(raters), *shape)), np.zeros((len(study.scenes), *shape))
    for vote, outcome in zip(votes, outcomes, strict=True):
        by_rater[raters[vote.rater], *outcome] += 1
        by_scene[vote.question.scene, *outcome] += 1
    return by_rater, by_scene


def mean_opinions(tally: Floats) -> Floats:
    """Return the mean opinion score of each method, NaN without ratings (ITU-T P.800.1).

    Args:
        tally: ``(M, 5)``: how often each method got 1 to 5.

    >>> mean_opinions(np.array([[0.0, 0, 0, 1, 1]])).tolist()
    [4.5]
    """
    with np.errstate(invalid="ignore"):
        means: Floats = tally @ np.array(list(LEVELS), float) / tally.sum(1)
    return means


def agreement(counts: npt.ArrayLike, level: Literal["nominal", "ordinal"]) -> float | Undefined:
    """Return Krippendorff's alpha: 1 for perfect agreement, 0 as by chance, below 0 for systematic disagreement.

    Args:
        counts: ``(units, values)``: how many raters gave each value, values in order.
        level: Level of measurement.

    Returns:
        Alpha, or why it is undefined: no unit has two raters, or they gave only one value.

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


def _rows(table: npt.NDArray[Any]) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(int(value) for value in row) for row in table)
