"""Studies: what is matched, stored and asked.

Covers ``pielight.cli.survey``.
"""

import json
import os
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from pielight.cli import main
from pielight.core.tables import read_csv
from pielight.errors import ConfigError, DataError
from pielight.survey.build import destroyed
from pielight.survey.study import Scene, Study, StudySettings, Votes, load, picture_path, questions, read_votes
from tests.survey.raters import METHODS, SCENES


def invoke(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["survey", *map(str, arguments)], prog_name="pielight")


def new(folders: dict[str, Path], *arguments: str) -> Result:
    methods = [part for name, path in folders.items() if name for part in ("--method", f"{name}={path}")]
    return invoke("new", folders[""].parent / "study", "--input", folders[""], *methods, *arguments)


def test_pictures_tell_nothing(folders: dict[str, Path]) -> None:
    exif = Image.Exif()
    exif[0x010E] = "made by best"
    image = Image.open(folders["best"] / "scene0.png").copy()
    image.save(folders["best"] / "scene0.png", exif=exif)
    done = new(folders, "--seed", "4", "--title", "Abend", "--questions", "9")
    assert done.exit_code == 0, done.stderr
    folder = folders[""].parent / "study"
    study = load(folder)
    assert (study.methods, len(study.scenes)) == (METHODS, SCENES)
    assert (study.settings.seed, study.settings.title, study.settings.questions) == (4, "Abend", 9)
    stored = sorted(path.name for path in (folder / "pictures").iterdir())
    assert sorted(name for scene in study.scenes for name in scene.files()) == stored
    assert len(stored) == SCENES * 5 + study.settings.attention
    assert {len(name) for name in stored} == {36}
    for name in stored:
        data = picture_path(folder, name).read_bytes()
        assert b"best" not in data
        assert not Image.open(picture_path(folder, name)).getexif()
    levels = [np.asarray(Image.open(picture_path(folder, study.scenes[0].results[name]))).mean() for name in METHODS]
    assert levels == sorted(levels)
    assert len(study.origin["sha256"]["scene0"]["best"]) == 64
    assert read_votes(folder) == []


def test_large_pictures_are_reduced_and_turned(folders: dict[str, Path]) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    for name, path in folders.items():
        Image.new("RGB", (300, 200), "navy").save(path / "wide.png", exif=exif if not name else None)
        if name:
            Image.new("RGB", (200, 300), "navy").save(path / "wide.png")
    assert new(folders, "--size", "90", "--lossless").exit_code == 0
    scene = load(folders[""].parent / "study").scenes[-1]
    assert (scene.name, scene.width, scene.height) == ("wide", 60, 90)
    for name in scene.files():
        picture = Image.open(picture_path(folders[""].parent / "study", name))
        assert (picture.size, picture.format) == ((60, 90), "PNG")


def test_a_destroyed_picture_is_blocks_of_wrong_colors() -> None:
    image = Image.linear_gradient("L").convert("RGB").resize((60, 40))
    broken = destroyed(image)
    assert broken.size == image.size
    assert len(broken.getcolors() or []) <= 144
    assert np.abs(np.asarray(broken).astype(int) - np.asarray(image)).mean() > 50


def test_results_beside_their_inputs_are_left_out(folders: dict[str, Path]) -> None:
    for path in list(folders[""].iterdir()):
        Image.new("RGB", (9, 9)).save(path.with_name(f"{path.stem}_pie.png"))
    (folders[""] / ".hidden.jpg").write_bytes(b"")
    (folders[""] / "notes.txt").write_text("no picture")
    assert new(folders).exit_code == 0
    assert len(load(folders[""].parent / "study").scenes) == SCENES


def test_results_of_pielight_match_by_their_suffix(folders: dict[str, Path]) -> None:
    for path in list(folders["best"].iterdir()):
        path.rename(path.with_stem(f"{path.stem}_pie"))
    assert new(folders).exit_code == 0


def test_unmatched_pictures_are_listed(folders: dict[str, Path]) -> None:
    for path in list(folders["fair"].iterdir()):
        path.unlink()
    Image.new("RGB", (72, 48)).save(folders["fair"] / "other.png")
    done = new(folders)
    assert done.exit_code == 1
    assert "fair has no result for scene0, scene1, scene2, scene3, scene4 and 1 more" in done.stderr
    assert "fair has results without an input: other.png" in done.stderr
    assert not (folders[""].parent / "study").exists()


def test_different_sizes_are_listed(folders: dict[str, Path]) -> None:
    for number in (1, 3):
        Image.new("RGB", (48, 72)).save(folders["dim"] / f"scene{number}.png")
    done = new(folders)
    assert done.exit_code == 1
    assert "dim/scene1.png 48 x 72, not 72 x 48, dim/scene3.png 48 x 72, not 72 x 48" in done.stderr
    assert sorted(path.name for path in folders[""].parent.iterdir()) == sorted(("dark", *METHODS))


def test_bad_input(folders: dict[str, Path], tmp_path: Path) -> None:
    (folders["dim"] / "scene0.jpg").write_bytes((folders[""] / "scene0.jpg").read_bytes())
    assert "several pictures of one name: scene0.jpg and scene0.png" in new(folders).stderr
    (folders["dim"] / "scene0.jpg").unlink()
    (folders["dim"] / "scene0.png").write_bytes(b"no picture")
    assert "scene0.png" in new(folders).stderr
    (tmp_path / "study").mkdir()
    assert "exists already" in new(folders).stderr
    done = invoke("new", tmp_path / "x", "--input", folders[""], "--method", f"a={tmp_path / 'none'}")
    assert "needs at least 2 methods" in done.stderr
    done = invoke(
        "new", tmp_path / "x", "--input", folders[""], "--mode", "rating", "--method", f"a={tmp_path / 'none'}"
    )
    assert "none: no such folder" in done.stderr
    assert invoke("new", tmp_path / "x", "--input", folders[""], "--method", "a").exit_code == 2
    assert invoke("new", tmp_path / "x", "--input", folders[""], "--method", "a=b", "--method", "a=c").exit_code == 2
    for words in (("analyze", tmp_path), ("serve", tmp_path), ("export", tmp_path, "x.csv")):
        done = invoke(*words)
        assert done.exit_code == 1
        assert "study" in done.stderr


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 2}', '{"format": 1, "settings": {"mode": "x"}}'])
def test_damaged_studies(tmp_path: Path, text: str) -> None:
    (tmp_path / "study.json").write_text(text)
    with pytest.raises(DataError, match=r"study\.json: (cannot be read as a study|format 2)"):
        load(tmp_path)


@pytest.mark.parametrize("chosen", [{"mode": "x"}, {"questions": 0}, {"attention": -1}, {"size": 1}])
def test_impossible_settings(chosen: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        StudySettings(**chosen)  # type: ignore[arg-type]


def imagined(methods: int = 4, scenes: int = 10, broken: int = 3, **chosen: object) -> Study:
    names = tuple("abcdefgh"[:methods])
    return Study(
        StudySettings(**chosen),  # type: ignore[arg-type]
        names,
        tuple(Scene(str(one), 9, 9, "", {}, "x" if one < broken else "") for one in range(scenes)),
    )


def test_questions_are_even_and_each_asked_once() -> None:
    study = imagined(questions=24, attention=3)
    asked = questions(study, "rater")
    assert asked == questions(study, "rater")
    assert asked != questions(study, "another")
    real = [one for one in asked if not one.check]
    assert (len(real), len(asked)) == (24, 27)
    assert set(Counter(frozenset((one.left, one.right)) for one in real).values()) == {4}
    assert len({(one.scene, frozenset((one.left, one.right))) for one in real}) == 24
    checks = [number for number, one in enumerate(asked) if one.check]
    assert all(9 * turn <= number < 9 * (turn + 1) for turn, number in enumerate(checks))
    assert all((one.left is None) != (one.right is None) for one in asked if one.check)
    assert {one.scene for one in asked if one.check} == {0, 1, 2}
    everything = questions(imagined(questions=1000, attention=0), "rater")
    assert len(everything) == 6 * 10


def test_the_first_check_comes_early() -> None:
    firsts = [
        next(number for number, one in enumerate(questions(imagined(attention=1), str(rater))) if one.check)
        for rater in range(60)
    ]
    assert set(firsts) == {3, 4, 5}
    few = questions(imagined(questions=1, attention=1), "rater")
    assert [one.check for one in few] == [False, True]


def test_sides_are_even_over_raters() -> None:
    study = imagined()
    sides = Counter(
        (one.left or "") < (one.right or "")
        for rater in range(100)
        for one in questions(study, str(rater))
        if not one.check
    )
    assert sides[True] == pytest.approx(2000, abs=150)


def test_ratings_ask_for_all_methods_of_a_photo() -> None:
    asked = questions(imagined(mode="rating", questions=12, attention=2), "rater")
    real = [one for one in asked if not one.check]
    assert set(Counter(one.scene for one in real).values()) == {4}
    assert set(Counter(one.left for one in real).values()) == {3}
    assert [one.left for one in asked if one.check] == [None, None]


def test_votes_count_once_and_in_turn(new_study: Callable[..., Path]) -> None:
    folder = new_study(questions=5, attention=0)
    votes = Votes(folder)
    votes.begin("token", questions(load(folder), "token"))
    with pytest.raises(sqlite3.IntegrityError):
        votes.begin("token", [])
    rater = votes.rater("token")
    assert rater is not None
    assert votes.rater("other") is None
    assert not votes.vote(rater, 1, "left", 1.0)  # not yet its turn
    assert votes.vote(rater, 0, "left", 1.0)
    assert votes.vote(rater, 0, "right", 1.0)  # sent again: fine, but the first counts
    assert not votes.vote(rater, 7, "left", 1.0)
    assert not votes.vote(99, 0, "left", 1.0)
    assert [(one.rater, one.number, one.answer) for one in read_votes(folder)] == [(rater, 0, "left")]
    assert votes.asked(rater)[1] == 1
    votes.close()


def test_a_damaged_database(new_study: Callable[..., Path]) -> None:
    folder = new_study()
    (folder / "votes.sqlite").write_bytes(b"not a database" * 100)
    done = invoke("analyze", folder)
    assert done.exit_code == 1
    assert "votes.sqlite: cannot be opened as votes" in done.stderr
    (folder / "votes.sqlite").unlink()
    assert "no such file" in invoke("analyze", folder).stderr


def test_study_json_has_all_that_was_chosen(folders: dict[str, Path]) -> None:
    new(folders, "--mode", "rating", "--consent", "Bitte.", "--hide-input", "--attention", "0")
    stored = json.loads((folders[""].parent / "study" / "study.json").read_text())
    assert stored["settings"] == {
        "mode": "rating", "questions": 40, "attention": 0, "seed": 0, "title": "How good is this picture?",
        "consent": "Bitte.", "show_input": False, "size": 1600, "lossless": False,
    }  # fmt: skip
    assert stored["origin"]["methods"] == {name: str(folders[name]) for name in METHODS}


@pytest.mark.skipif(sys.platform != "linux", reason="file names are UTF-8 here")
def test_names_that_are_not_utf8_or_look_like_formulas(folders: dict[str, Path]) -> None:
    names = [os.fsdecode(b"caf\xe9"), os.fsdecode(b"caf\xe8"), "caf\\udce9", "=1+1", "<b>a"]
    for name, path in folders.items():
        for number, new_name in enumerate(names):
            old = path / f"scene{number}{'.png' if name else '.jpg'}"
            old.rename(path / f"{new_name}{old.suffix}")
    done = new(folders)
    assert done.exit_code == 0, done.output
    folder = folders[""].parent / "study"
    study = load(folder)
    assert set(names) < {scene.name for scene in study.scenes}
    assert set(names) < study.origin["sha256"].keys()
    assert (folder / "study.json").read_bytes().decode("utf-8")
    votes = Votes(folder)
    token = "x" * 22
    votes.begin(token, questions(study, token))
    rater = votes.rater(token)
    assert rater is not None
    for number in range(len(questions(study, token))):
        assert votes.vote(rater, number, "left", 1.0)
    votes.close()
    assert invoke("export", folder, folder / "votes.csv").exit_code == 0
    text = (folder / "votes.csv").read_bytes().decode("utf-8")
    assert {row["scene"] for row in read_csv(text)} <= {scene.name for scene in study.scenes}
    assert set(names) & {row["scene"] for row in read_csv(text)}
    assert ",=1+1," not in text
    forgiven = ("--allow-failed", "9", "--rounds", "100")
    assert invoke("analyze", folder, "-o", folder / "report", *forgiven).exit_code == 0


def test_texts_that_no_browser_could_be_sent(folders: dict[str, Path]) -> None:
    done = new(folders, "--title", "caf\udce9")
    assert (done.exit_code, done.stderr) == (1, "Error: title caf?: is not UTF-8 text\n")
