"""The examples: short, by public names, and they run."""

from __future__ import annotations

import ast
import runpy
from pathlib import Path

import pytest
from PIL import Image

from pielight.training.data.toy import write_toy_pictures
from pielight.training.objectives.restoration import find_task

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize(("name", "lines"), [("underwater.py", 55), ("train.py", 35)])
def test_examples_are_short_and_use_public_names(name: str, lines: int) -> None:
    text = (EXAMPLES / name).read_text()
    assert len(text.splitlines()) <= lines
    for node in ast.walk(ast.parse(text)):
        modules = [node.module] if isinstance(node, ast.ImportFrom) else []
        modules += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        assert {module for module in modules if str(module).startswith("pielight")} <= {"pielight", "pielight.training"}


def test_the_third_task_is_one_file() -> None:
    task = find_task(f"{EXAMPLES / 'underwater.py'}:UNDERWATER")
    assert (task.name, task.inference_task) == ("underwater", "brighten")


def test_training_from_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    dark, well = write_toy_pictures(tmp_path, 3, 64)
    small = ("steps=2", "batch=8", "data.min_size=32", "darkening.versions=1")
    runpy.run_path(str(EXAMPLES / "train.py"))["main"](str(well), str(dark / "000.png"), *small)
    with Image.open(dark / "000_mine.jpg") as bright:
        assert bright.size == (64, 64)
