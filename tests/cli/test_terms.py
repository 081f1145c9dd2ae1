"""The terms of the weights are told at a terminal, once, and by nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from PIL import Image

from pielight.cli.terms import tell_terms

NOTE = (
    "note: the weights of pie are for research use only; --model free is under Apache-2.0 (pielight info tells more)\n"
)


@pytest.fixture
def state(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)  # that of capsys
    return tmp_path / "state"


def test_once_where_there_is_a_place_to_remember(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state.mkdir()
    tell_terms(None, "brighten")
    tell_terms(None, "brighten")
    assert capsys.readouterr().err == NOTE
    tell_terms(None, "dehaze")
    assert (
        capsys.readouterr().err == "note: the weights of dehaze are for research use only (pielight info tells more)\n"
    )


def test_no_folder_is_made(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tell_terms("pie", "brighten")
    tell_terms("pie", "brighten")
    assert capsys.readouterr().err == 2 * NOTE
    assert not state.exists()


def test_free_weights_say_nothing(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tell_terms("free", "brighten")
    assert not capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
@pytest.mark.parametrize(("words", "told"), [((), 1), (("--quiet",), 0), (("--model", "free"), 0), (("--dry-run",), 0)])
def test_the_command_tells_a_terminal(words: tuple[str, ...], told: int, tmp_path: Path) -> None:
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
    assert said.count("for research use only") == told
    assert not list(home.iterdir())
