"""An analysis as Markdown, as JSON, and the votes as CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict

import pielight
from pielight.evaluate.survey.analysis import Analysis, passed
from pielight.evaluate.survey.bootstrap import Estimate
from pielight.evaluate.survey.study import LEVELS, Study
from pielight.evaluate.survey.votes import Vote

_COLUMNS = ("rater", "question", "scene", "left", "right", "check", "answer", "preferred", "seconds")

_UNKNOWN = {
    "no pairs": "unknown, nothing was seen by two raters.",
    "one value": "unknown, everyone gave one and the same answer.",
}


def as_json(study: Study, analysis: Analysis) -> str:
    """Write an analysis for programs, with the settings of its study."""
    report = {"pielight": pielight.__version__, "settings": asdict(study.settings), "analysis": asdict(analysis)}
    return json.dumps(report, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def as_markdown(study: Study, analysis: Analysis) -> str:
    """Write an analysis for people."""
    return "\n".join(_lines(study, analysis)) + "\n"


def _lines(study: Study, analysis: Analysis) -> Iterator[str]:
    answered, failed = analysis.checks
    yield f"# {study.settings.title}\n"
    photos = _many(len(study.scenes), "photo")
    yield f"{_many(analysis.votes, 'vote')} of {_many(analysis.raters, 'rater')} on {photos}."
    yield (
        f"{_many(analysis.excluded, 'rater')} left out who failed attention checks; "
        f"{failed} of {_many(answered, 'check')} failed in all.\n"
    )
    yield from _comparisons(analysis) if analysis.mode == "pairs" else _ratings(analysis)
    yield f"Agreement of raters (Krippendorff's alpha, {'nominal' if analysis.mode == 'pairs' else 'ordinal'}): " + (
        _UNKNOWN[analysis.alpha] if isinstance(analysis.alpha, str) else f"{analysis.alpha:.3f}."
    )
    if analysis.raters < 2:
        yield "\nOne rater alone gives no intervals."


def _comparisons(analysis: Analysis) -> Iterator[str]:
    yield "| method | score (log-odds) | 95 % interval | preferred | not preferred | ties |"
    yield "|---|---:|---:|---:|---:|---:|"
    for row, (method, score) in enumerate(zip(analysis.methods, analysis.scores, strict=True)):
        lost = sum(line[row] for line in analysis.shares)
        counts = f"{sum(analysis.shares[row])} | {lost} | {sum(analysis.ties[row])}"
        yield f"| {_cell(method)} | {_number(score.value, '+.2f')} | {_interval(score, '+.2f')} | {counts} |"
    yield "\nThe row preferred to the column, of all their comparisons:\n"
    yield f"| | {' | '.join(map(_cell, analysis.methods))} |"
    yield f"|---|{'---:|' * len(analysis.methods)}"
    for row, method in enumerate(analysis.methods):
        cells = []
        for column in range(len(analysis.methods)):
            won, tied = analysis.shares[row][column], analysis.ties[row][column]
            met = won + analysis.shares[column][row] + tied
            cells.append(f"{won} of {met}" if met else "")
        yield f"| {_cell(method)} | {' | '.join(cells)} |"
    yield (
        f"\nTies: {_number(analysis.tie_share, '.1%')} of the votes. Where one was preferred, it was the left one in "
        + (f"{_number(analysis.left_share, '.1%')}.")
    )


def _ratings(analysis: Analysis) -> Iterator[str]:
    levels = " | ".join(f"{level} {name}" for level, name in LEVELS.items())
    yield f"| method | mean opinion | 95 % interval | {levels} |"
    yield f"|---|---:|---:|{'---:|' * len(LEVELS)}"
    for method, score, counts in zip(analysis.methods, analysis.scores, analysis.shares, strict=True):
        levels = " | ".join(map(str, counts))
        yield f"| {_cell(method)} | {_number(score.value, '.2f')} | {_interval(score, '.2f')} | {levels} |"
    yield ""


def as_csv(study: Study, votes: Sequence[Vote]) -> str:
    """Write all votes, attention checks included: one a line, raters by number only.

    ``preferred`` is the method that was, ``tie``, or of a check ``passed`` or ``failed``; in rating mode it is empty
    but for checks. A destroyed picture is called ``(destroyed)``.
    """
    file = io.StringIO()
    table = csv.writer(file, lineterminator="\n")
    table.writerow(_COLUMNS)
    rated = study.settings.mode == "rating"
    for vote in votes:
        question = vote.question
        left, right = question.left or "(destroyed)", "" if rated else question.right or "(destroyed)"
        preferred = "" if rated else {"left": left, "right": right}.get(vote.answer, vote.answer)
        if question.check:
            preferred = "passed" if passed(vote) else "failed"
        table.writerow(
            (vote.rater, vote.number + 1, study.scenes[question.scene].name, left, right, int(question.check),
             vote.answer, preferred, f"{vote.seconds:.3f}")
        )  # fmt: skip
    return file.getvalue()


def _number(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)


def _interval(score: Estimate, form: str) -> str:
    return "–" if score.low is None else f"{_number(score.low, form)} to {_number(score.high, form)}"


def _many(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
