"""An analysis as Markdown and JSON, and the votes as CSV."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from jinja2 import Environment, PackageLoader

import pielight
from pielight.core.json_file import json_text
from pielight.core.tables import csv_text, markdown_text
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
    environment = Environment(
        loader=PackageLoader("pielight", "survey"), finalize=lambda value: markdown_text(str(value)),
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    return environment.get_template("report.md").render(
        title=study.settings.title, photos=len(study.scenes), levels=LEVELS, result=analysis, count=_count,
        number=_number, log_odds=_log_odds, interval=_interval,
        alpha=_UNDEFINED[analysis.alpha] if isinstance(analysis.alpha, str) else f"{analysis.alpha:.3f}",
    )  # fmt: skip


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
        scene = study.scenes[question.scene].name
        shown = (left, right, int(question.check), answer, preferred, f"{seconds:.3f}")
        rows.append(dict(zip(_COLUMNS, (rater, number + 1, scene, *shown), strict=True)))
    return csv_text(dict.fromkeys(_COLUMNS, ""), rows)


def is_export(path: Path) -> bool:
    """Return whether a file was made by :func:`as_csv`, by its first line."""
    with suppress(OSError), path.open("rb") as file:
        return file.readline(1000) == ",".join(_COLUMNS).encode() + b"\n"
    return False


def _number(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form).replace("inf", "∞")


def _log_odds(value: float | None, wins: int, defeats: int) -> str:
    if value is not None and math.isfinite(value):
        return _number(value, "+.2f")
    return "not bounded" if bool(wins) == bool(defeats) else "never won" if defeats else "never lost"


def _interval(score: Estimate, form: str) -> str:
    if score.low is None:
        return "not bounded by the votes" if score.value is not None and math.isinf(score.value) else "–"
    return f"{_number(score.low, form)} to {_number(score.high, form)}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
