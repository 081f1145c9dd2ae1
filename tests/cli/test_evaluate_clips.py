"""``pielight evaluate`` on clips, with the real command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.evaluate_here import evaluate_here
from tests.core.test_extras import told
from tests.video.clips import Clip


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for folder, light in (("low", 20.0), ("high", 120.0)):
        Path(folder).mkdir()
        for name in ("a.mp4", "b.mkv"):
            Clip(name, frames=4, light=light).make(Path(folder))
    return tmp_path


def test_a_table_of_streams_and_single_frames(place: Path) -> None:
    command = [
        sys.executable, "-m", "pielight", "evaluate", "--data", "own:film=.", "--method", "pielight",
        "--method", "pielight:frames=single", "--method", "gamma", "--metrics",
        "psnr,flicker,temporal-noise", "-j", "2",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "own, 8 pictures"
    assert [line.split()[0] for line in lines[2:5]] == ["pielight", "pielight:frames=single", "gamma"]
    assert "temporal-noise (%)" in lines[1]
    facts = json.loads(Path("report/summary.json").read_text(encoding="utf-8"))
    assert facts["data"][0]["layout"] == "frames of 2 clips"
    again = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)
    assert again.stdout == done.stdout


def test_one_clip_without_references(place: Path) -> None:
    words = ("--method", "pielight", "--metrics", "flicker,piqe", "-o", "out", "-j", "1", "--limit", "3")
    done = evaluate_here("--data", "own:film=low/a.mp4", *words)
    assert done.returncode == 0, done.stderr
    assert "own: the first 3 of 4 pictures" in done.stderr
    assert evaluate_here("--data", "own:film=low/none.mp4", *words).returncode == 2


def test_what_reads_clips_is_named(place: Path) -> None:
    [(code, line)] = told(["av"], "evaluate --data own:film=low/a.mp4 --method identity --metrics piqe")
    assert code in (1, 2)
    assert "low/a.mp4: " in line
    assert "is not installed; run: " in line
    assert "[video]" in line
