"""The terms of the weights are told at a terminal, once, and by nothing else."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from PIL import Image

from pielight.cli.stderr import show_terms

NOTE = "note: the weights of pie are for research use only; --model free is under Apache-2.0 (details: pielight info)\n"


class Terminal(io.StringIO):
    """A standard error that a person reads."""

    def isatty(self) -> bool:
        return True


def told(words: list[tuple[str | None, str]], state: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return what is said of some runs, one after the other."""
    screen = Terminal()
    monkeypatch.setenv("XDG_STATE_HOME", str(state))
    monkeypatch.setattr(sys, "stderr", screen)
    for model, task in words:
        show_terms(model, task)
    return screen.getvalue()


def test_once_where_there_is_a_place_to_remember(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert told([(None, "brighten"), ("pie", "brighten")], tmp_path, monkeypatch) == NOTE
    haze = "note: the weights of dehaze are for research use only (details: pielight info)\n"
    assert told([(None, "dehaze"), (None, "brighten")], tmp_path, monkeypatch) == haze


def test_no_folder_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert told([("pie", "brighten")] * 2, tmp_path / "state", monkeypatch) == 2 * NOTE
    assert not (tmp_path / "state").exists()


def test_free_weights_say_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not told([("free", "brighten")], tmp_path, monkeypatch)


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
@pytest.mark.parametrize(
    ("words", "count"), [((), 1), (("--quiet",), 0), (("--model", "free"), 0), (("--dry-run",), 0)]
)
def test_the_command_tells_a_terminal(words: tuple[str, ...], count: int, tmp_path: Path) -> None:
    import pty

    home, place = tmp_path / "home", tmp_path / "photos"
    home.mkdir()
    place.mkdir()
    Image.new("RGB", (40, 30), (20, 30, 40)).save(place / "a.png")
    main, other = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name != "XDG_STATE_HOME"} | {"HOME": str(home)}
    command = [sys.executable, "-m", "pielight", "a.png", "--jobs", "1", *words]
    done = subprocess.run(command, cwd=place, stderr=other, stdout=subprocess.DEVNULL, env=environment, check=False)
    os.close(other)
    os.set_blocking(main, False)
    said = ""
    with suppress(OSError):  # where nothing was written
        said = os.read(main, 1 << 16).decode()
    os.close(main)
    assert done.returncode == 0, said
    assert said.count("for research use only") == count
    assert not list(home.iterdir())
