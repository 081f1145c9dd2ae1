"""An analysis as Markdown, as JSON, and the votes as CSV."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import pielight
from pielight.core.table_cells import markdown_text
from pielight.core.tables import csv_text, json_text, markdown
from pielight.survey.analysis import Analysis, passed
from pielight.survey.bootstrap import Estimate
from pielight.survey.study import LEVELS, Study
from pielight.survey.votes import Vote

_COLUMNS = ("rater", "question", "scene", "left", "right", "check", "answer", "preferred", "seconds")
_FIRST_LINE = (",".join(_COLUMNS) + "\n").encode()

_UNKNOWN = {
    "no pairs": "unknown, nothing was seen by two raters.",
    "one value": "unknown, everyone gave one and the same answer.",
}


def as_json(study: Study, analysis: Analysis) -> str:
    """Write an analysis for programs, with the settings of its study; what has no bound is ``"inf"`` or ``"-inf"``."""
    report = {"pielight": pielight.__version__, "settings": asdict(study.settings), "analysis": asdict(analysis)}
    return json_text(report) + "\n"


def as_markdown(study: Study, analysis: Analysis) -> str:
    """Write an analysis for people."""
    return "\n".join(_lines(study, analysis)) + "\n"


def _lines(study: Study, analysis: Analysis) -> Iterator[str]:
    answered, failed = analysis.checks
    yield f"# {markdown_text(study.settings.title)}\n"
    photos = _many(len(study.scenes), "photo")
    yield f"{_many(analysis.votes, 'vote')} of {_many(analysis.raters, 'rater')} on {photos}."
    yield (
        f"{_many(analysis.excluded, 'rater')} left out who failed attention checks; "
        f"{failed} of {_many(answered, 'check')} failed in all.\n"
    )
    if analysis.unchecked:
        yield f"{_many(analysis.unchecked, 'rater')} counted who left before any attention check.\n"
    yield from _comparisons(analysis) if analysis.mode == "pairs" else _ratings(analysis)
    yield f"Agreement of raters (Krippendorff's alpha, {'nominal' if analysis.mode == 'pairs' else 'ordinal'}): " + (
        _UNKNOWN[analysis.alpha] if isinstance(analysis.alpha, str) else f"{analysis.alpha:.3f}."
    )
    if analysis.raters < 2:
        yield "\nOne rater alone gives no intervals."


def _comparisons(analysis: Analysis) -> Iterator[str]:
    titles = ("method", "score (log-odds)", "95 % interval", "preferred", "not preferred", "ties")
    rows = []
    for row, (method, score) in enumerate(zip(analysis.methods, analysis.scores, strict=True)):
        won, lost = sum(analysis.shares[row]), sum(line[row] for line in analysis.shares)
        told = _boundless(score.value, won, lost) or _number(score.value, "+.2f")
        rows.append((method, told, _interval(score, "+.2f"), won, lost, sum(analysis.ties[row])))
    yield from _table(titles, rows)
    if not analysis.connected:
        yield "\nWarning: no chain of comparisons connects all methods; scores of those apart cannot be compared."
    if len(analysis.scale) < len(analysis.methods):
        told = markdown_text(", ".join(analysis.scale))
        yield f"\nScores are told from the mean of {told}; of the others the votes set no bound."
    yield "\nThe row preferred to the column, of all their comparisons:\n"
    matrix = []
    for row, method in enumerate(analysis.methods):
        cells = []
        for column in range(len(analysis.methods)):
            won, tied = analysis.shares[row][column], analysis.ties[row][column]
            met = won + analysis.shares[column][row] + tied
            cells.append(f"{won} of {met}" if met else "")
        matrix.append((method, *cells))
    yield from _table(("", *analysis.methods), matrix)
    yield (
        f"\nTies: {_number(analysis.tie_share, '.1%')} of the votes. Where one was preferred, it was the left one in "
        + (f"{_number(analysis.left_share, '.1%')}.")
    )


def _ratings(analysis: Analysis) -> Iterator[str]:
    titles = ("method", "mean opinion", "95 % interval", *(f"{level} {name}" for level, name in LEVELS.items()))
    yield from _table(
        titles,
        [
            (method, _number(score.value, ".2f"), _interval(score, ".2f"), *counts)
            for method, score, counts in zip(analysis.methods, analysis.scores, analysis.shares, strict=True)
        ],
    )
    yield ""


def as_csv(study: Study, votes: Sequence[Vote]) -> str:
    """Write all votes, attention checks included: one a line, raters by number only.

    ``preferred`` is the method that was, ``tie``, or of a check ``passed`` or ``failed``; in rating mode it is empty
    but for checks. A destroyed picture is called ``(destroyed)``.
    """
    rows = []
    rated = study.settings.mode == "rating"
    for vote in votes:
        question = vote.question
        left, right = question.left or "(destroyed)", "" if rated else question.right or "(destroyed)"
        preferred = "" if rated else {"left": left, "right": right}.get(vote.answer, vote.answer)
        if question.check:
            preferred = "passed" if passed(vote) else "failed"
        rows.append(
            (vote.rater, vote.number + 1, study.scenes[question.scene].name, left, right, int(question.check),
             vote.answer, preferred, f"{vote.seconds:.3f}")
        )  # fmt: skip
    return csv_text(dict(zip(_COLUMNS, _COLUMNS, strict=True)), [dict(zip(_COLUMNS, row, strict=True)) for row in rows])


def is_export(path: Path) -> bool:
    """Say whether a file is one that :func:`as_csv` made, by its first line."""
    try:
        with path.open("rb") as file:
            return file.read(len(_FIRST_LINE)) == _FIRST_LINE
    except OSError:
        return False


def _table(titles: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    keys = [str(number) for number in range(len(titles))]
    return markdown(dict(zip(keys, titles, strict=True)), (dict(zip(keys, row, strict=True)) for row in rows))


def _boundless(value: float | None, won: int, lost: int) -> str:
    """Say why a method has no finite score, if it has none."""
    if value is not None and math.isfinite(value):
        return ""
    if won + lost and not won * lost:
        return "never won" if lost else "never lost"
    return "not bounded"


def _number(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form).replace("inf", "∞")


def _interval(score: Estimate, form: str) -> str:
    if score.low is None:
        return "not bounded by the votes" if score.value is not None and math.isinf(score.value) else "–"
    return f"{_number(score.low, form)} to {_number(score.high, form)}"


def _many(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
