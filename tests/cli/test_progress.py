"""Progress of an evaluation on standard error."""

from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace

import pytest

from pielight.cli.progress import TrialProgress, files_progress, with_progress
from pielight.cli.stderr import StatusLine
from pielight.evaluation.datasets.file_cache import FILE_CACHE
from pielight.evaluation.plan import Trial
from pielight.evaluation.store import Key

KEY = Key("own", "1", "", "gamma", "", "mae", "", False)


class Terminal(io.StringIO):
    """A screen."""

    def isatty(self) -> bool:
        return True


class Clock:
    """Seconds that go by when the test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def trial(name: str, known: bool = False) -> Trial:
    method, sample = SimpleNamespace(label="gamma"), SimpleNamespace(name=name)
    return Trial("own", sample, method, (KEY,), () if known else (KEY,))  # type: ignore[arg-type]


def plan(count: int) -> object:
    data = SimpleNamespace(name="own", samples=range(count))
    return SimpleNamespace(datasets=[data], methods=[SimpleNamespace(label="gamma")])


def test_time_left_comes_from_what_was_measured_now(monkeypatch: pytest.MonkeyPatch) -> None:
    screen, clock = Terminal(), Clock()
    monkeypatch.setattr("sys.stderr", screen)
    progress = TrialProgress(plan(10), False, clock)  # type: ignore[arg-type]
    for number in range(4):
        progress.on_stored(trial(str(number), known=True))
    assert screen.getvalue().split("\033[K")[-1] == "[4/10] own, 3: gamma"
    clock.now = 20.0
    progress.show(trial("4"))
    assert screen.getvalue().split("\033[K")[-1] == "[5/10, 2 min left] own, 4: gamma"
    for number in range(4):  # what was known is counted once
        progress.show(trial(str(number), known=True))
    assert progress.left == 5
    clock.now = 40.0
    progress.show(trial("5"))
    assert screen.getvalue().split("\033[K")[-1] == "[6/10, 80 s left] own, 5: gamma"
    for number in range(6, 10):
        progress.show(trial(str(number)))
    assert screen.getvalue().endswith("[10/10] own: gamma\n")


def test_where_lines_stay_there_is_one_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    progress = TrialProgress(plan(100), False, clock)  # type: ignore[arg-type]
    for number in range(100):
        clock.now += 1.0
        progress.show(trial(str(number)))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 10
    assert lines[0] == "[10/100, 2 min left] own, 9: gamma"
    assert lines[-1] == "[100/100] own: gamma"


def test_quiet_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    progress = TrialProgress(plan(1), True, clock)  # type: ignore[arg-type]
    clock.now = 100
    progress.show(trial("0"))
    StatusLine(True, clock).show("x", due=True)
    assert capsys.readouterr().err == ""


def test_files_that_are_looked_at_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    with files_progress(tmp_path, False):
        for name in ("a", "b"):
            (tmp_path / name).touch()
            FILE_CACHE.get("text", tmp_path / name, Path.read_text)
    assert screen.getvalue() == "\r\033[Kreading files: 1\r\033[Kreading files: 2\r\033[K"
    FILE_CACHE.get("text", tmp_path / "a", Path.read_text)
    assert screen.getvalue().endswith("2\r\033[K")


def test_pictures_of_the_page_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    assert list(with_progress("pictures", "ab", 2, False)) == ["a", "b"]
    assert "pictures: 1 of 2, 0 s left" in screen.getvalue()
    assert screen.getvalue().endswith("pictures: 2 of 2\r\033[K")
    assert StatusLine(False).is_live
