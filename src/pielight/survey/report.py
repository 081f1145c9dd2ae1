"""An analysis as Markdown and JSON, and the votes as CSV."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pielight
from pielight.core.json_file import json_text
from pielight.core.tables import csv_text, markdown, markdown_text
from pielight.survey.analysis import Analysis, passed
from pielight.survey.scores import Estimate
from pielight.survey.study import LEVELS, Study
from pielight.survey.votes import Vote

_COLUMNS = ("rater", "question", "scene", "left", "right", "check", "answer", "preferred", "seconds")
_UNDEFINED = {
    "no pairs": "unknown, nothing was seen by two raters",
    "one value": "unknown, everyone gave one and the same answer",
}


def as_json(study: Study, analysis: Analysis) -> str:
    """Return an analysis as JSON, with the settings of its study; scores without bounds are ``"inf"`` or ``"-inf"``."""
    report = {"pielight": pielight.__version__, "settings": asdict(study.settings), "analysis": asdict(analysis)}
    return json_text(report) + "\n"


def as_markdown(study: Study, analysis: Analysis) -> str:
    """Return an analysis as Markdown."""
    return "\n".join(_lines(study, analysis)) + "\n"


def _lines(study: Study, analysis: Analysis) -> Iterator[str]:
    checks, failed = analysis.checks
    photos = _count(len(study.scenes), "photo")
    yield f"# {markdown_text(study.settings.title)}\n"
    yield f"{_count(analysis.votes, 'vote')} of {_count(analysis.raters, 'rater')} on {photos}."
    left_out = f"{_count(analysis.excluded, 'rater')} left out who failed attention checks"
    yield f"{left_out}; {failed} of {_count(checks, 'check')} failed in all.\n"
    if analysis.unchecked:
        yield f"{_count(analysis.unchecked, 'rater')} counted who left before any attention check.\n"
    yield from _comparisons(analysis) if analysis.mode == "pairs" else _ratings(analysis)
    alpha = _UNDEFINED[analysis.alpha] if isinstance(analysis.alpha, str) else f"{analysis.alpha:.3f}"
    level = "nominal" if analysis.mode == "pairs" else "ordinal"
    yield f"Agreement of raters (Krippendorff's alpha, {level}): {alpha}."
    if analysis.raters < 2:
        yield "\nOne rater alone gives no intervals."


def _comparisons(analysis: Analysis) -> Iterator[str]:
    rows, matrix = [], []
    for row, (method, score) in enumerate(zip(analysis.methods, analysis.scores, strict=True)):
        wins, ties, defeats = analysis.shares[row], analysis.ties[row], [line[row] for line in analysis.shares]
        met = [sum(counts) for counts in zip(wins, ties, defeats, strict=True)]
        value = _number(score.value, "+.2f")
        if score.value is None or math.isinf(score.value):
            value = "not bounded" if any(wins) == any(defeats) else "never won" if any(defeats) else "never lost"
        rows.append((method, value, _interval(score, "+.2f"), sum(wins), sum(defeats), sum(ties)))
        matrix.append((method, *(f"{won} of {times}" if times else "" for won, times in zip(wins, met, strict=True))))
    yield from _table(("method", "score (log-odds)", "95 % interval", "preferred", "not preferred", "ties"), rows)
    if not analysis.connected:
        yield "\nWarning: no chain of comparisons connects all methods; scores of those apart cannot be compared."
    if len(analysis.scale) < len(analysis.methods):
        bounded = markdown_text(", ".join(analysis.scale))
        yield f"\nScores are relative to the mean of {bounded}; the votes set no bound for the others."
    yield "\nThe row preferred to the column, of all their comparisons:\n"
    yield from _table(("", *analysis.methods), matrix)
    ties_and_sides = (_number(analysis.tie_share, ".1%"), _number(analysis.left_share, ".1%"))
    yield "\nTies: {} of the votes. Where one was preferred, it was the left one in {}.".format(*ties_and_sides)


def _ratings(analysis: Analysis) -> Iterator[str]:
    titles = ("method", "mean opinion", "95 % interval", *(f"{level} {name}" for level, name in LEVELS.items()))
    rated = zip(analysis.methods, analysis.scores, analysis.shares, strict=True)
    rows = [(method, _number(score.value, ".2f"), _interval(score, ".2f"), *counts) for method, score, counts in rated]
    yield from (*_table(titles, rows), "")


def as_csv(study: Study, votes: Sequence[Vote]) -> str:
    """Return all votes as CSV, attention checks included: one a line, raters by number only.

    ``preferred`` is the preferred method or ``tie``, and for a check ``passed`` or ``failed``; in rating mode it is
    empty except for checks. A destroyed picture is called ``(destroyed)``.
    """
    rows = []
    rated = study.settings.mode == "rating"
    for rater, number, question, answer, seconds in votes:
        left, right = question.left or "(destroyed)", "" if rated else question.right or "(destroyed)"
        preferred = "" if rated else {"left": left, "right": right}.get(answer, answer)
        if question.check:
            preferred = "passed" if passed(Vote(rater, number, question, answer, seconds)) else "failed"
        scene = study.scenes[question.scene].name
        shown = (left, right, int(question.check), answer, preferred, f"{seconds:.3f}")
        rows.append(dict(zip(_COLUMNS, (rater, number + 1, scene, *shown), strict=True)))
    return csv_text(dict.fromkeys(_COLUMNS, ""), rows)


def is_export(path: Path) -> bool:
    """Return whether a file was made by :func:`as_csv`, by its first line."""
    first_line = ",".join(_COLUMNS).encode() + b"\n"
    try:
        with path.open("rb") as file:
            return file.read(len(first_line)) == first_line
    except OSError:
        return False


def _table(titles: Sequence[str], rows: Sequence[Sequence[Any]]) -> Iterator[str]:
    columns = {str(number): title for number, title in enumerate(titles)}
    return markdown(columns, (dict(zip(columns, row, strict=True)) for row in rows))


def _number(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form).replace("inf", "∞")


def _interval(score: Estimate, form: str) -> str:
    if score.low is None:
        return "not bounded by the votes" if score.value is not None and math.isinf(score.value) else "–"
    return f"{_number(score.low, form)} to {_number(score.high, form)}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
