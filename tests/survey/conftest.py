"""Folders of results that differ in brightness, a study of them, and a server that is a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pielight.survey.build import build
from pielight.survey.study import StudySettings
from tests.survey.raters import METHODS, SCENES, Server


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, Path]:
    """The input ("") and the results of four methods."""
    rng = np.random.default_rng(0)
    found = {}
    for number, name in enumerate(("", *METHODS)):
        folder = found[name] = tmp_path / (name or "dark")
        folder.mkdir()
        for scene in range(SCENES):
            pixels = rng.integers(0, 12, (48, 72, 3)) + 8 + 45 * number
            suffix = ".png" if name else ".jpg"
            Image.fromarray(pixels.astype(np.uint8)).save(folder / f"scene{scene}{suffix}", quality=95)
    return found


@pytest.fixture
def new_study(folders: dict[str, Path], tmp_path: Path) -> Callable[..., Path]:
    """Give the function that makes a study in ``study`` with given settings."""

    def make(**chosen: Any) -> Path:
        methods = {name: path for name, path in folders.items() if name}
        build(tmp_path / "study", folders[""], methods, StudySettings(**chosen))
        return tmp_path / "study"

    return make


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Give the function that serves a study; what still runs at the end is ended."""
    running: list[subprocess.Popen[str]] = []

    def start(folder: Path, port: int = 0, *arguments: str) -> Server:
        command = [sys.executable, "-m", "pielight", "survey", "serve", str(folder), "--port", str(port), *arguments]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        running.append(process)
        assert process.stdout is not None
        return Server(process.stdout.readline().strip(), process)

    yield start
    for process in running:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
