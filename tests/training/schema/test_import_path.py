"""Code of a user's own: loaded once, again if the file changes, and errors in one line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pielight.errors import ConfigError
from pielight.training.schema.import_path import named_object


def test_a_file_is_run_once_unless_it_changes(tmp_path: Path) -> None:
    own, runs = tmp_path / "own.py", tmp_path / "runs"
    own.write_text(f"open({str(runs)!r}, 'a').write('x')\nvalue = object()\n")
    first = named_object(f"{own}:value", "task")
    assert named_object(f"{own}:value", "task") is first
    assert runs.read_text() == "x"
    os.utime(own, (1, 1))
    assert named_object(f"{own}:value", "task") is not first
    assert runs.read_text() == "xx"


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("own.py", "should look like package.module:name or file.py:name"),
        ("gone.py:value", r"gone\.py cannot be imported \(FileNotFoundError"),
        ("gone.module:value", r"gone\.module cannot be imported \(ModuleNotFoundError"),
        ("math:value", "math has no value"),
    ],
)
def test_errors_name_the_setting(path: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=f"^task: .*{reason}") as raised:
        named_object(path, "task")
    assert "\n" not in str(raised.value)
