"""An analysis as Markdown and JSON, and the votes as CSV."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import pielight
from pielight.core.json_file import json_text
from pielight.core.tables import csv_text, markdown, markdown_text
from pielight.survey.analysis import Analysis, passed
from pielight.survey.bootstrap import Estimate
from pielight.survey.study import LEVELS, Study
from pielight.survey.votes import Vote

_COLUMNS = ("rater", "question", "scene", "left", "right", "check", "answer", "preferred", "seconds")
_FIRST_LINE = (",".join(_COLUMNS) + "\n").encode()
_UNDEFINED = {
    "no pairs": "unknown, nothing was seen by two raters.",
    "one value": "unknown, all raters gave one and the same answer.",
}


def as_json(study: Study, analysis: Analysis) -> str:
    """Return an analysis as JSON, with the settings of its study; scores without bounds are ``"inf"`` or ``"-inf"``."""
    report = {"pielight": pielight.__version__, "settings": asdict(study.settings), "analysis": asdict(analysis)}
    return json_text(report) + "\n"


def as_markdown(study: Study, analysis: Analysis) -> str:
    """Return an analysis as Markdown."""
    return "\n".join(_lines(study, analysis)) + "\n"


def _lines(study: Study, analysis: Analysis) -> Iterator[str]:
    answered, failed = analysis.checks
    yield f"# {markdown_text(study.settings.title)}\n"
    yield (
        f"{_count(analysis.votes, 'vote')} of {_count(analysis.raters, 'rater')} "
        f"on {_count(len(study.scenes), 'photo')}."
    )
    yield (
        f"{_count(analysis.excluded, 'rater')} left out who failed attention checks; "
        f"{failed} of {_count(answered, 'check')} failed in all.\n"
    )
    if analysis.unchecked:
        yield f"{_count(analysis.unchecked, 'rater')} counted who left before any attention check.\n"
    yield from _comparisons(analysis) if analysis.mode == "pairs" else _ratings(analysis)
    yield f"Agreement of raters (Krippendorff's alpha, {'nominal' if analysis.mode == 'pairs' else 'ordinal'}): " + (
        _UNDEFINED[analysis.alpha] if isinstance(analysis.alpha, str) else f"{analysis.alpha:.3f}."
    )
    if analysis.raters < 2:
        yield "\nOne rater alone gives no intervals."


def _comparisons(analysis: Analysis) -> Iterator[str]:
    rows, matrix = [], []
    for row, (method, score) in enumerate(zip(analysis.methods, analysis.scores, strict=True)):
        wins, defeats = analysis.shares[row], [line[row] for line in analysis.shares]
        met = [sum(counts) for counts in zip(wins, defeats, analysis.ties[row], strict=True)]
        unbounded = _unbounded(score.value, sum(wins), sum(defeats))
        rows.append((method, unbounded or _number(score.value, "+.2f"), _interval(score, "+.2f"),
                     sum(wins), sum(defeats), sum(analysis.ties[row])))  # fmt: skip
        matrix.append((method, *(f"{won} of {times}" if times else "" for won, times in zip(wins, met, strict=True))))
    yield from _table(("method", "score (log-odds)", "95 % interval", "preferred", "not preferred", "ties"), rows)
    if not analysis.connected:
        yield "\nWarning: no chain of comparisons connects all methods; scores of those apart cannot be compared."
    if len(analysis.scale) < len(analysis.methods):
        bounded = markdown_text(", ".join(analysis.scale))
        yield f"\nScores are relative to the mean of {bounded}; the votes set no bound for the others."
    yield "\nThe row preferred to the column, of all their comparisons:\n"
    yield from _table(("", *analysis.methods), matrix)
    yield (
        f"\nTies: {_number(analysis.tie_share, '.1%')} of the votes. Where one was preferred, it was the left one in "
        f"{_number(analysis.left_share, '.1%')}."
    )


def _ratings(analysis: Analysis) -> Iterator[str]:
    titles = ("method", "mean opinion", "95 % interval", *(f"{level} {name}" for level, name in LEVELS.items()))
    rows = [
        (method, _number(score.value, ".2f"), _interval(score, ".2f"), *counts)
        for method, score, counts in zip(analysis.methods, analysis.scores, analysis.shares, strict=True)
    ]
    yield from _table(titles, rows)
    yield ""


def as_csv(study: Study, votes: Sequence[Vote]) -> str:
    """Return all votes as CSV, attention checks included: one a line, raters by number only.

    ``preferred`` is the preferred method or ``tie``, and for a check ``passed`` or ``failed``; in rating mode it is
    empty except for checks. A destroyed picture is called ``(destroyed)``.
    """
    rows = []
    rated = study.settings.mode == "rating"
    for vote in votes:
        question = vote.question
        left, right = question.left or "(destroyed)", "" if rated else question.right or "(destroyed)"
        preferred = "" if rated else {"left": left, "right": right}.get(vote.answer, vote.answer)
        if question.check:
            preferred = "passed" if passed(vote) else "failed"
        scene = study.scenes[question.scene].name
        rows.append((vote.rater, vote.number + 1, scene, left, right, int(question.check), vote.answer, preferred,
                     f"{vote.seconds:.3f}"))  # fmt: skip
    return csv_text(dict(zip(_COLUMNS, _COLUMNS, strict=True)), [dict(zip(_COLUMNS, row, strict=True)) for row in rows])


def is_export(path: Path) -> bool:
    """Return whether a file was made by :func:`as_csv`, by its first line."""
    try:
        with path.open("rb") as file:
            return file.read(len(_FIRST_LINE)) == _FIRST_LINE
    except OSError:
        return False


def _table(titles: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    keys = [str(number) for number in range(len(titles))]
    return markdown(dict(zip(keys, titles, strict=True)), (dict(zip(keys, row, strict=True)) for row in rows))


def _unbounded(value: float | None, wins: int, defeats: int) -> str:
    """Say why a method has no finite score, if it has none."""
    if value is not None and math.isfinite(value):
        return ""
    return "not bounded" if bool(wins) == bool(defeats) else "never won" if defeats else "never lost"


def _number(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form).replace("inf", "∞")


def _interval(score: Estimate, form: str) -> str:
    if score.low is None:
        return "not bounded by the votes" if score.value is not None and math.isinf(score.value) else "–"
    return f"{_number(score.low, form)} to {_number(score.high, form)}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
