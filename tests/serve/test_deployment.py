"""The files for those who run the server: what can be checked of them without running them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_the_unit_is_valid(tmp_path: Path) -> None:
    if not (analyze := shutil.which("systemd-analyze")):
        pytest.skip("no systemd-analyze is installed")
    unit = (ROOT / "deploy/pielight.service").read_text()
    assert "/opt/pielight/bin/pielight serve" in unit
    assert "OOMPolicy=continue" in unit
    (tmp_path / "pielight.service").write_text(unit.replace("/opt/pielight/bin/pielight", sys.executable))
    done = subprocess.run([analyze, "verify", tmp_path / "pielight.service"], capture_output=True, text=True)
    assert [line for line in done.stderr.splitlines() if "pielight.service" in line] == []


def test_the_image_is_not_root_and_says_how_it_is() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    assert sum(line.startswith("FROM ") for line in lines) == 2
    last = lines[max(number for number, line in enumerate(lines) if line.startswith("FROM ")) :]
    assert "USER 10001" in last
    assert any(line.startswith("HEALTHCHECK") for line in last)
    copied = [
        word for line in lines if line.startswith("COPY ") and "--from" not in line for word in line.split()[1:-1]
    ]
    assert [name for name in copied if not (ROOT / name).exists()] == []
