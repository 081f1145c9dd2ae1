"""Partners are found by stem, by stem without words, or by number; what is left over is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pielight.errors import DataError
from pielight.evaluation.datasets.pairing import check_sizes, check_unique, named, pair, pictures


def save(path: Path, width: int = 4) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros((3, width, 3), np.uint8)).save(path)
    return path


@pytest.mark.parametrize(
    ("inputs", "references"),
    [
        (["a.png", "b.png"], ["b.jpg", "a.jpg"]),
        (["low00690.png", "low00691.png"], ["normal00691.png", "normal00690.png"]),
        (["x_low.png", "y_low.png"], ["y_gt.png", "x_gt.png"]),
        (["scene 7.png", "scene 8.png"], ["other 8.png", "other 7.png"]),
    ],
)
def test_partners(inputs: list[str], references: list[str]) -> None:
    found = pair([Path(name) for name in inputs], [Path(name) for name in references])
    assert [(one.name, other.name) for one, other in found] == list(zip(inputs, reversed(references), strict=True))


def test_errors_name_the_files(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"c\.png"):
        pair([Path("a.png"), Path("c.png")], [Path("a.png")])
    with pytest.raises(DataError, match="a"):
        check_unique(tmp_path, [Path("a.png"), Path("a.jpg")])
    with pytest.raises(DataError, match="small"):
        check_sizes([(save(tmp_path / "small.png"), save(tmp_path / "large.png", 5))])


def test_folders_are_in_natural_order(tmp_path: Path) -> None:
    for name in ("10.png", "2.png", "notes.txt"):
        (save(tmp_path / name) if name.endswith("png") else (tmp_path / name).write_text("x"))
    assert [path.name for path in pictures(tmp_path)] == ["2.png", "10.png"]
    (tmp_path / "Low").mkdir()
    assert named(tmp_path, ["dark", "low"]) == tmp_path / "Low"
