"""An analysis as Markdown and JSON, and the votes as CSV."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import numpy as np

import pielight
from pielight.core.json_file import json_text
from pielight.core.messages import counted
from pielight.core.tables import csv_text, markdown, markdown_text
from pielight.survey.analysis import Analysis, MethodScore, passed
from pielight.survey.study import LEVELS, Study, Vote

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
    rated, methods = analysis.mode == "rating", analysis.methods
    shares, ties = np.array(analysis.shares), np.array(analysis.ties)
    counts = shares if rated else np.stack([shares.sum(1), shares.sum(0), ties.sum(1)], 1)
    heads = [f"{level} {name}" for level, name in LEVELS.items()] if rated else ["preferred", "not preferred", "ties"]
    rows = [
        [method, _value(score, rated, *row[:2]), _interval(score, ".2f" if rated else "+.2f"), *row]
        for method, score, row in zip(methods, analysis.scores, counts.tolist(), strict=True)
    ]
    parts = [
        f"# {markdown_text(study.settings.title)}",
        f"{counted(analysis.votes, 'vote')} of {counted(analysis.raters, 'rater')} on "
        f"{counted(len(study.scenes), 'photo')}.\n{counted(analysis.excluded, 'rater')} left out who failed attention "
        f"checks; {analysis.checks[1]} of {counted(analysis.checks[0], 'check')} failed in all.",
        f"{counted(analysis.unchecked, 'rater')} counted who left before any attention check."
        if analysis.unchecked else "",
        _table(["method", "mean opinion" if rated else "score (log-odds)", "95 % interval", *heads], rows),
    ]  # fmt: skip
    if not analysis.connected:
        parts.append("Warning: no chain of comparisons connects all methods; scores of those apart cannot be compared.")
    if not rated and len(analysis.scale) < len(methods):
        scale = markdown_text(", ".join(analysis.scale))
        parts.append(f"Scores are relative to the mean of {scale}; the votes set no bound for the others.")
    alpha = _UNDEFINED[analysis.alpha] if isinstance(analysis.alpha, str) else f"{analysis.alpha:.3f}"
    closing = f"Agreement of raters (Krippendorff's alpha, {'ordinal' if rated else 'nominal'}): {alpha}."
    if not rated:
        parts.append("The row preferred to the column, of all their comparisons:")
        cells = [
            [f"{wins} of {met}" if met else "" for wins, met in zip(*row, strict=True)]
            for row in zip(shares.tolist(), (shares + shares.T + ties).tolist(), strict=True)
        ]
        parts.append(_table(["", *methods], ([name, *row] for name, row in zip(methods, cells, strict=True))))
        left = f"Where one was preferred, it was the left one in {_number(analysis.left_share, '.1%')}."
        closing = f"Ties: {_number(analysis.tie_share, '.1%')} of the votes. {left}\n{closing}"
    parts += [closing, "One rater alone gives no intervals." if analysis.raters < 2 else ""]
    return "\n\n".join(filter(None, parts)) + "\n"


def as_csv(study: Study, votes: Sequence[Vote]) -> str:
    """Return all votes as CSV, attention checks included: one a line, raters by number only.

    ``preferred`` is the preferred method or ``tie``, and for a check ``passed`` or ``failed``; in rating mode it is
    empty except for checks. A destroyed picture is called ``(destroyed)``.
    """
    rows = []
    rated = study.settings.mode == "rating"
    for vote in votes:
        rater, number, question, answer, seconds = vote
        left, right = question.left or "(destroyed)", "" if rated else question.right or "(destroyed)"
        preferred = "" if rated else {"left": left, "right": right}.get(answer, answer)
        if question.check:
            preferred = "passed" if passed(vote) else "failed"
        scene, check = study.scenes[question.scene].name, int(question.check)
        values = (rater, number + 1, scene, left, right, check, answer, preferred, f"{seconds:.3f}")
        rows.append(dict(zip(_COLUMNS, values, strict=True)))
    return csv_text(dict.fromkeys(_COLUMNS, ""), rows)


def is_export(path: Path) -> bool:
    """Return whether a file was made by :func:`as_csv`, by its first line."""
    with suppress(OSError), path.open("rb") as file:
        return file.readline(1000) == ",".join(_COLUMNS).encode() + b"\n"
    return False


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    columns = dict(zip(heads, heads, strict=True))
    return "\n".join(markdown(columns, (dict(zip(heads, row, strict=True)) for row in rows)))


def _number(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form).replace("inf", "∞")


def _value(score: MethodScore, rated: bool, wins: int, defeats: int) -> str:
    if rated or (score.value is not None and math.isfinite(score.value)):
        return _number(score.value, ".2f" if rated else "+.2f")
    return "not bounded" if bool(wins) == bool(defeats) else "never won" if defeats else "never lost"


def _interval(score: MethodScore, form: str) -> str:
    if score.low is None:
        return "not bounded by the votes" if score.value is not None and math.isinf(score.value) else "–"
    return f"{_number(score.low, form)} to {_number(score.high, form)}"
