"""What is said of votes: known raters give known answers."""

from __future__ import annotations

import csv
import dataclasses
import json
import random
from collections.abc import Callable, Iterable
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from pielight.cli import main
from pielight.errors import DataError
from pielight.survey.analysis import analyze, passed
from pielight.survey.report import as_json, as_markdown
from pielight.survey.study import Question, Scene, Study, StudySettings, Vote, Votes, load, questions, read_votes

TRUE = {"best": 1.2, "bright": 0.5, "fair": -0.3, "dim": -1.4}


def invoke(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["survey", *map(str, arguments)], prog_name="pielight")


def imagined(**chosen: object) -> Study:
    scenes = tuple(Scene(str(one), 9, 9, "", {}, "x" if one < 3 else "") for one in range(12))
    return Study(StudySettings(**chosen), tuple(sorted(TRUE)), scenes)  # type: ignore[arg-type]


def careful(question: Question, rng: random.Random) -> str:
    """Answer by Davidson's model."""
    if question.check:
        return "right" if question.left is None else "left"
    left, right = TRUE[question.left or ""], TRUE[question.right or ""]
    return rng.choices(("left", "right", "tie"), np.exp([left, right, (left + right) / 2 - 0.7]).tolist())[0]


def careless(_: Question, rng: random.Random) -> str:
    return rng.choice(("left", "right", "tie"))


def leftist(_: Question, __: random.Random) -> str:
    return "left"


def taken(study: Study, people: Iterable[Callable[[Question, random.Random], str]]) -> list[Vote]:
    votes = []
    for rater, answer in enumerate(people, 1):
        rng = random.Random(rater)
        asked = questions(study, str(rater))
        votes += [Vote(rater, number, one, answer(one, rng), 1.0) for number, one in enumerate(asked)]
    return votes


def test_the_truth_comes_back_within_its_intervals() -> None:
    found = analyze(imagined(), taken(imagined(), [careful] * 40), rounds=400)
    assert found.methods == ["best", "bright", "fair", "dim"]
    for method, score in zip(found.methods, found.scores, strict=True):
        assert score.value == pytest.approx(TRUE[method], abs=0.3)
        assert score.low is not None
        assert score.high is not None
        assert score.low < score.value < score.high  # type: ignore[operator]
        assert 0.1 < score.high - score.low < 0.8
    assert (found.raters, found.excluded, found.votes, found.checks) == (40, 0, 1600, (120, 0))
    assert sum(map(sum, found.shares)) + sum(map(sum, found.ties)) // 2 == 1600
    assert found.tie_share == pytest.approx(0.17, abs=0.05)
    assert found.left_share == pytest.approx(0.5, abs=0.05)
    assert not isinstance(found.alpha, str)
    assert 0.05 < found.alpha < 0.5


def test_the_order_of_methods_does_not_matter() -> None:
    votes = taken(imagined(attention=0), [careful] * 6)
    alphas = []
    for methods in list(permutations(TRUE))[::4]:
        found = analyze(dataclasses.replace(imagined(), methods=methods), votes, rounds=100)
        assert found.methods == ["best", "bright", "fair", "dim"]
        alphas.append(found.alpha)
    assert alphas == pytest.approx([alphas[0]] * 6)


@pytest.mark.parametrize(("answer", "alpha"), [("clear", 1.0), ("tie", "one value")])
def test_unanimous_raters(answer: str, alpha: float | str) -> None:
    def same(question: Question, _: random.Random) -> str:
        return answer if answer == "tie" else "left" if (question.left or "") < (question.right or "") else "right"

    study = imagined(attention=0)
    assert analyze(study, taken(study, [same] * 3), rounds=100).alpha == alpha
    alone = analyze(study, taken(study, [same]), rounds=100)
    assert alone.alpha == "no pairs"
    assert "nothing was seen by two raters" in as_markdown(study, alone)


@pytest.mark.parametrize(
    ("left", "right", "answers"),
    [(None, "pie", ("right",)), ("pie", None, ("left",)), (None, None, ("1", "2"))],
)
def test_who_looks_passes_an_attention_check(left: str | None, right: str | None, answers: tuple[str, ...]) -> None:
    possible = "12345" if left == right else ("left", "right", "tie")
    votes = [Vote(1, 0, Question(0, left, right, True), answer, 2.0) for answer in possible]
    assert tuple(vote.answer for vote in votes if passed(vote)) == answers


def test_careless_raters_are_left_out() -> None:
    study = imagined(attention=3)
    votes = taken(study, [careful] * 10 + [careless] * 10 + [leftist] * 3)
    found = analyze(study, votes, rounds=100)
    assert found.excluded >= 11  # one in 27 passes by chance, of those who toss
    assert found.raters + found.excluded == 23
    everyone = analyze(study, votes, allowed=3, rounds=100)
    assert (everyone.raters, everyone.excluded) == (23, 0)
    assert everyone.scores[0].value < found.scores[0].value  # type: ignore[operator]
    with pytest.raises(DataError, match="3 raters failed attention checks"):
        analyze(study, taken(study, [lambda question, rng: "tie"] * 3))


def test_who_leaves_before_any_check_counts_and_is_told() -> None:
    study = imagined(attention=1)
    votes = [vote for vote in taken(study, [careful] * 5) if vote.rater < 5 or vote.number < 3]
    found = analyze(study, votes, rounds=100)
    assert (found.raters, found.excluded, found.unchecked, found.votes) == (5, 0, 1, 163)
    assert "\n1 rater counted who left before any attention check.\n" in as_markdown(study, found)
    study = imagined(attention=0)
    assert analyze(study, taken(study, [careful]), rounds=100).unchecked == 0


def bounded(question: Question, rng: random.Random) -> str:
    """Prefer best always, and dim as often as not."""
    if "best" in (question.left, question.right):
        return "left" if question.left == "best" else "right"
    return rng.choice(("left", "right"))


def test_a_method_that_never_lost() -> None:
    study = imagined(attention=0)
    found = analyze(study, taken(study, [bounded] * 6), rounds=100)
    assert (found.methods[0], found.scores[0].value) == ("best", np.inf)
    assert set(found.scale) == {"bright", "fair", "dim"}
    assert sum(one.value or 0 for one in found.scores[1:]) == pytest.approx(0, abs=1e-6)
    text = as_markdown(study, found)
    assert f"| best | never lost | not bounded by the votes | {sum(found.shares[0])} | 0 | 0 |" in text
    assert "the votes set no bound for the others" in text
    best = json.loads(as_json(study, found))["analysis"]["scores"][0]
    assert best == {"value": "inf", "low": None, "high": None}
    twins = [vote for vote in taken(study, [bounded]) if {vote.question.left, vote.question.right} <= {"best", "dim"}]
    text = as_markdown(study, analyze(study, twins, rounds=100))
    assert "no chain of comparisons connects all methods" in text
    assert "| fair | not bounded | – | 0 | 0 | 0 |" in text


def test_nothing_to_say(new_study: Callable[..., Path]) -> None:
    done = invoke("analyze", new_study())
    assert done.exit_code == 1
    assert "the study has no votes that count yet" in done.stderr


def opinion(question: Question, rng: random.Random) -> str:
    if question.left is None:
        return "1"
    return str(int(np.clip(round(3 + TRUE[question.left] + rng.gauss(0, 0.7)), 1, 5)))


def test_ratings() -> None:
    study = imagined(mode="rating", questions=48)
    votes = taken(study, [opinion] * 15)
    found = analyze(study, votes, rounds=300)
    assert found.methods == ["best", "bright", "fair", "dim"]
    for method, score in zip(found.methods, found.scores, strict=True):
        given = [int(vote.answer) for vote in votes if vote.question.left == method]
        assert score.value == pytest.approx(np.mean(given))
        assert score.low is not None
        assert score.high is not None
        assert score.low < np.mean(given) < score.high
    assert not isinstance(found.alpha, str)
    assert 0.3 < found.alpha < 0.9
    sleepy = taken(study, [opinion] * 3 + [lambda question, rng: "5"] * 2)
    assert analyze(study, sleepy, rounds=100).excluded == 2


def vote_in(folder: Path, people: Iterable[Callable[[Question, random.Random], str]]) -> None:
    votes, study = Votes(folder), load(folder)
    for number, answer in enumerate(people):
        rng = random.Random(number)
        votes.begin(str(number), questions(study, str(number)))
        rater = votes.rater(str(number)) or 0
        for turn, question in enumerate(votes.asked(rater)[0]):
            votes.vote(rater, turn, answer(question, rng), 1.25)
    votes.close()


def test_report_and_export(new_study: Callable[..., Path], tmp_path: Path) -> None:
    folder = new_study(title="Night | and day", seed=3)
    vote_in(folder, [careful] * 8 + [leftist])
    done = invoke("analyze", folder, "-o", tmp_path / "report", "--rounds", "200")
    assert done.exit_code == 0, done.stderr
    assert done.stdout == (tmp_path / "report" / "report.md").read_text()
    assert "288 votes of 8 raters on 6 photos.\n1 rater left out who failed" in done.stdout
    assert "| best | +" in done.stdout
    report = json.loads((tmp_path / "report" / "report.json").read_text())
    assert report["settings"]["seed"] == 3
    assert report["analysis"]["methods"][0] == "best"
    assert report["analysis"]["scores"][0]["low"] < report["analysis"]["scores"][0]["high"]
    assert invoke("analyze", folder, "--rounds", "200").stdout == done.stdout  # nothing is left to chance
    former = invoke("analyse", folder, "--rounds", "200")
    assert former.stdout == done.stdout
    assert former.stderr == "survey analyse is deprecated; use survey analyze\n"
    assert "analyse" not in invoke("--help").stdout
    assert "Deprecated: use pielight survey analyze, which this runs." in invoke("analyse", "--help").stdout

    assert invoke("export", folder, tmp_path / "votes.csv").exit_code == 0
    with (tmp_path / "votes.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(read_votes(folder)) == 9 * 39
    assert {row["rater"] for row in rows} == set("123456789")
    assert all(row["preferred"] in ("tie", row["left"], row["right"]) for row in rows if row["check"] == "0")
    assert {row["preferred"] for row in rows if row["check"] == "1" and row["rater"] != "9"} == {"passed"}
    assert {row["left"] for row in rows if row["preferred"] == "failed"} == {"(destroyed)"}
    assert invoke("export", folder, tmp_path / "votes.txt").exit_code == 1
    assert invoke("export", folder, tmp_path / "votes.csv").exit_code == 0  # a former export is replaced
    (tmp_path / "budget.csv").write_text("rent,food\n")
    refused = invoke("export", folder, tmp_path / "budget.csv")
    assert refused.exit_code == 1
    assert "budget.csv: not written by survey export, and kept" in refused.stderr
    assert (tmp_path / "budget.csv").read_text() == "rent,food\n"


def test_report_of_ratings(new_study: Callable[..., Path], tmp_path: Path) -> None:
    folder = new_study(mode="rating", attention=1)
    vote_in(folder, [opinion])
    done = invoke("analyze", folder)
    assert "One rater alone gives no intervals." in done.stdout
    assert "alpha, ordinal): unknown" in done.stdout
    assert "| best |" in done.stdout
    invoke("export", folder, tmp_path / "votes.csv")
    with (tmp_path / "votes.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["right"] for row in rows} == {""}
    assert [row["preferred"] for row in rows if row["check"] == "1"] == ["passed"]
