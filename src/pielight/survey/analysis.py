"""What the votes of a study say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from pielight.errors import DataError
from pielight.survey.agreement import Unknown, both_ways, krippendorff_alpha
from pielight.survey.bootstrap import Estimate, estimates
from pielight.survey.scores import scored, square
from pielight.survey.study import LEVELS, Mode, Study
from pielight.survey.votes import Vote

Floats = npt.NDArray[np.float64]
_POOR = 2  # what a destroyed picture may be rated at most


@dataclass(frozen=True)
class Analysis:
    """What the votes say; raters who failed attention checks are counted, and left out of all the rest.

    Attributes:
        mode: Of the study.
        methods: Best first.
        scores: Of each: log-odds in pairs, infinite where the votes set no bound; mean opinion in rating mode.
        scale: In pairs: the methods whose mean score is 0.
        connected: Whether all methods were compared, through whatever chain; else the scores are not comparable.
        shares: How often the row's method was preferred to the column's, of pairs with a preference; in rating mode,
            how often each method got each level.
        ties: How often neither was; in rating mode empty.
        tie_share: Of all comparisons, or None.
        left_share: How often the left one was preferred, of comparisons with a preference; far from a half, raters
            favor a side.
        alpha: Krippendorff's alpha: of the three answers (nominal) or the five levels (ordinal); or why there is none.
        raters: Who gave at least one answer that counts.
        votes: That count.
        excluded: Who failed too many attention checks.
        unchecked: Of the raters, who left before any attention check, if the study has some.
        checks: Attention checks answered by everyone, and how many of them were failed.
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
    alpha: float | Unknown
    raters: int
    votes: int
    excluded: int = 0
    unchecked: int = 0
    checks: tuple[int, int] = (0, 0)


def passed(vote: Vote) -> bool:
    """Say whether the answer to an attention check shows that the rater was looking.

    >>> from pielight.survey.questions import Question
    >>> passed(Vote(1, 0, Question(0, None, "pie", True), "right", 2.0))
    True
    """
    if vote.question.left is None and vote.question.right is None:
        return int(vote.answer) <= _POOR
    return vote.answer == ("right" if vote.question.left is None else "left")


def analyse(study: Study, votes: Sequence[Vote], allowed: int = 0, rounds: int = 1000) -> Analysis:
    """Analyse votes.

    Args:
        study: Which they belong to.
        votes: All of them.
        allowed: How many attention checks a rater may fail and still count.
        rounds: Of the bootstrap.

    Raises:
        DataError: No votes count.
    """
    checks = [vote for vote in votes if vote.question.check]
    failed: dict[int, int] = {}
    for vote in checks:
        failed[vote.rater] = failed.get(vote.rater, 0) + (not passed(vote))
    excluded = {rater for rater, times in failed.items() if times > allowed}
    counted = [vote for vote in votes if not vote.question.check and vote.rater not in excluded]
    if not counted:
        reason = f"; {len(excluded)} raters failed attention checks" if excluded else " yet"
        raise DataError(f"the study has no votes that count{reason}")
    rows = {rater: row for row, rater in enumerate(dict.fromkeys(vote.rater for vote in counted))}
    tell = _ratings if study.settings.mode == "rating" else _comparisons
    has_checks = study.settings.attention > 0 and any(scene.broken for scene in study.scenes)
    found = tell(study, counted, rows, rounds)
    return replace(
        found,
        excluded=len(excluded),
        unchecked=len(rows.keys() - failed.keys()) if has_checks else 0,
        checks=(len(checks), sum(failed.values())),
    )


def _comparisons(study: Study, votes: Sequence[Vote], rows: dict[int, int], rounds: int) -> Analysis:
    size = len(study.methods)
    pairs = {pair: number for number, pair in enumerate(study.pairs())}
    tallies = np.zeros((len(rows), len(pairs), 3))  # rater, pair, which of it
    units = np.zeros((len(study.scenes), len(pairs), 3))
    left = 0
    for vote in votes:
        shown = (vote.question.left or "", vote.question.right or "")
        turned = shown not in pairs
        pair = pairs[shown[::-1] if turned else shown]
        outcome = 2 if vote.answer == "tie" else int((vote.answer == "right") != turned)
        tallies[rows[vote.rater], pair, outcome] += 1
        units[vote.question.scene, pair, outcome] += 1
        left += vote.answer == "left"
    total = tallies.sum(0)
    found = scored(tallies, size, rounds, study.settings.seed)
    first, second, neither = (square(column, size) for column in total.T)
    order = list(found.order)
    tied = int(total[:, 2].sum())
    alpha = krippendorff_alpha(both_ways(units.reshape(-1, 3)), "nominal")
    return Analysis(
        "pairs",
        tuple(study.methods[one] for one in order),
        tuple(found.estimates[one] for one in order),
        tuple(study.methods[one] for one in order if one in found.scale),
        found.connected,
        _rows((first + second.T)[np.ix_(order, order)]),
        _rows((neither + neither.T)[np.ix_(order, order)]),
        tied / len(votes),
        left / (len(votes) - tied) if len(votes) > tied else None,
        alpha,
        len(rows),
        len(votes),
    )


def _ratings(study: Study, votes: Sequence[Vote], rows: dict[int, int], rounds: int) -> Analysis:
    columns = {method: number for number, method in enumerate(study.methods)}
    tallies = np.zeros((len(rows), len(columns), len(LEVELS)))
    units = np.zeros((len(study.scenes), len(columns), len(LEVELS)))
    for vote in votes:
        place = columns[vote.question.left or ""], int(vote.answer) - 1
        tallies[rows[vote.rater], *place] += 1
        units[vote.question.scene, *place] += 1
    scores = estimates(tallies, mean_opinions, rounds, study.settings.seed)
    order = _best_first(scores)
    return Analysis(
        "rating",
        tuple(study.methods[one] for one in order),
        tuple(scores[one] for one in order),
        (),
        True,
        _rows(tallies.sum(0)[order]),
        (),
        None,
        None,
        krippendorff_alpha(units.reshape(-1, len(LEVELS)), "ordinal"),
        len(rows),
        len(votes),
    )


def mean_opinions(tally: Floats) -> Floats:
    """Return the mean opinion score of each method, NaN without ratings (ITU-T P.800.1).

    Args:
        tally: ``(M, 5)``: how often each got 1 to 5.

    >>> mean_opinions(np.array([[0.0, 0, 0, 1, 1]])).tolist()
    [4.5]
    """
    with np.errstate(invalid="ignore"):
        means: Floats = tally @ np.array(list(LEVELS), float) / tally.sum(1)
    return means


def _best_first(scores: Sequence[Estimate]) -> list[int]:
    def value(one: int) -> float:
        found = scores[one].value
        return float("inf") if found is None else -found

    return sorted(range(len(scores)), key=value)


def _rows(table: Floats) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(int(value) for value in row) for row in table)
