"""Nautilus's script and Explorer's: they are run, or what they would run is."""

from __future__ import annotations

import configparser
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from pielight.cli import main
from pielight.io.formats import FORMATS, RAW
from pielight.video.containers import MUXERS
from tests.integrations.modules import INTEGRATIONS, dark_picture

SCRIPT = INTEGRATIONS / "nautilus/pielight-brighten"
CLIPS = {
    "mp4": "mp4", "quicktime": "mov", "x-matroska": "mkv", "webm": "webm", "x-msvideo": "avi", "mpeg": "mpg",
    "mp2t": "ts", "x-flv": "flv", "x-ms-wmv": "wmv", "3gpp": "3gp", "3gpp2": "3g2",
}  # fmt: skip
NAMES = ("night 1.jpg", "-odd & $(name)*.png", "größe.jpg")


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A home with the command pielight, a catcher of notifications, and photos of awkward names."""
    tools, photos = tmp_path / ".local/bin", tmp_path / "photos"
    tools.mkdir(parents=True)
    photos.mkdir()
    for name, text in (
        ("pielight", f'exec {shlex.quote(sys.executable)} -m pielight "$@"'),
        ("notify-send", f'printf "%s\\n" "$3" > {shlex.quote(str(tmp_path / "shown"))}'),
    ):
        (tools / name).write_text(f"#!/bin/sh\n{text}\n")
        (tools / name).chmod(0o755)
    for name in NAMES:
        Image.fromarray(dark_picture()).save(photos / name)
    return tmp_path


def run(home: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"HOME": str(home), "PATH": f"{home}/.local/bin:/usr/bin:/bin"} | variables
    command = [str(SCRIPT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=home / "photos")


def results(home: Path) -> set[str]:
    return {path.name for path in (home / "photos").iterdir()} - {*NAMES}


def test_scripts_of_nautilus_get_one_name_a_line(desk: Path) -> None:
    listed = "".join(f"{desk}/photos/{name}\n" for name in NAMES)
    before = {name: (desk / "photos" / name).read_bytes() for name in NAMES}
    done = run(desk, NAUTILUS_SCRIPT_SELECTED_FILE_PATHS=listed)
    assert (done.returncode, done.stderr) == (0, "")
    assert results(desk) == {"night 1_pie.jpg", "-odd & $(name)*_pie.png", "größe_pie.jpg"}
    assert {name: (desk / "photos" / name).read_bytes() for name in NAMES} == before
    assert run(desk, NAUTILUS_SCRIPT_SELECTED_FILE_PATHS=listed).returncode == 0  # skipped


@pytest.mark.parametrize("manager", ["NEMO", "CAJA"])
def test_its_kin_have_variables_of_their_own(desk: Path, manager: str) -> None:
    done = run(desk, **{f"{manager}_SCRIPT_SELECTED_FILE_PATHS": f"{desk}/photos/night 1.jpg\n"})
    assert done.returncode == 0
    assert results(desk) == {"night 1_pie.jpg"}


def test_open_with_gives_arguments(desk: Path) -> None:
    assert run(desk, *NAMES).returncode == 0
    assert len(results(desk)) == 3


def test_an_error_is_a_notification_of_one_line(desk: Path) -> None:
    (desk / "photos/torn.jpg").write_bytes(b"\xff\xd8 torn")
    done = run(desk, "torn.jpg", "night 1.jpg")
    assert done.returncode == 1
    assert "torn.jpg" in (desk / "shown").read_text()
    assert len((desk / "shown").read_text().splitlines()) == len(done.stderr.splitlines()) == 1
    assert results(desk) == {"torn.jpg", "night 1_pie.jpg"}
    (desk / "photos/torn too.jpg").write_bytes(b"\xff\xd8 torn")
    assert run(desk, "torn.jpg", "torn too.jpg").returncode == 1
    (shown,) = (desk / "shown").read_text().splitlines()
    assert shown.startswith("torn")
    assert shown.endswith(" (and 1 more)")
    assert run(desk).returncode == 2
    assert (desk / "shown").read_text() == "no files on this computer are selected\n"
    (desk / ".local/bin/pielight").unlink()
    assert run(desk, "night 1.jpg").returncode == 127
    assert "pipx install ." in (desk / "shown").read_text()


def test_the_desktop_entry_runs_the_script_and_names_what_is_read(desk: Path) -> None:
    entry = configparser.ConfigParser(interpolation=None)
    entry.optionxform = str  # type: ignore[assignment, method-assign]
    entry.read(INTEGRATIONS / "nautilus/pielight-brighten.desktop")
    section = entry["Desktop Entry"]
    # as a desktop reads it: backslashes of the entry, then words in quotes, where a dollar is escaped too
    *command, names = shlex.split(section["Exec"].replace("\\\\", "\\").replace("\\$", "$"))
    assert names == "%F"
    (desk / ".local/bin" / SCRIPT.name).symlink_to(SCRIPT)
    environment = os.environ | {"HOME": str(desk), "PATH": "/usr/bin:/bin"}
    subprocess.run([*command, *NAMES], check=True, env=environment, cwd=desk / "photos")
    assert len(results(desk)) == 3
    known = {str(name).lower() for name in FORMATS} | {"heif"}
    for kind in section["MimeType"].strip(";").split(";"):
        family, _, name = kind.partition("/")
        if family == "video":
            assert f".{CLIPS[name]}" in MUXERS
        elif name.startswith("x-"):  # as image/x-nikon-nef
            assert f".{name.rsplit('-', 1)[1]}" in FORMATS[RAW].extensions
        else:
            assert name in known


def test_explorers_script_calls_the_command_with_options_that_it_has(desk: Path) -> None:
    text = (INTEGRATIONS / "explorer/brighten.ps1").read_text()
    (options,) = re.findall(r"& \$program\.Source (.*) @args", text)
    done = CliRunner().invoke(main, [*options.split(), *(str(desk / "photos" / name) for name in NAMES)])
    assert done.exit_code == 0, done.output
    assert len(results(desk)) == 3
    before = text[: text.index("& $program.Source")]
    assert '$env:PYTHONIOENCODING = "utf-8"' in before
    assert "[Console]::OutputEncoding = [Text.Encoding]::UTF8" in before
    install = (INTEGRATIONS / "explorer/install.ps1").read_text()
    assert '"brighten.ps1"' in install
    assert text.isascii() and install.isascii()  # noqa: PT018 - Windows PowerShell 5 reads no UTF-8
