"""Folders of pictures with boxes or labels: what is read, and what is said of those that are wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pielight.errors import DataError
from pielight.evaluation.downstream.darkness import Darkness
from pielight.evaluation.downstream.datasets import darkened, faces, segmentation

BOX = {"x": 1, "y": 2, "w": 10, "h": 8}


def draw(path: Path, size: tuple[int, int] = (40, 30), value: int = 90) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(
        np.full((size[1], size[0], 3) if path.parent.name != "labels" else size[::-1], value, np.uint8)
    ).save(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.png", "b.png", "c.png"):
        draw(tmp_path / "images" / name)
        draw(tmp_path / "labels" / name, value=1)
    (tmp_path / "boxes.json").write_text(json.dumps({"a.png": [BOX], "b.png": [BOX, BOX]}))
    return tmp_path


def test_faces(folder: Path) -> None:
    data = faces("f", folder)
    assert [(one.name, len(one.boxes or ())) for one in data.samples] == [("a", 1), ("b", 2)]
    assert data.samples[0].boxes == ((1, 2, 10, 8),)
    assert data.notes == ("1 picture without an entry in boxes.json left out",)
    before = data.samples[0].sha256()
    (folder / "boxes.json").write_text(json.dumps({"a.png": [BOX | {"x": 2}]}))
    assert faces("f", folder).samples[0].sha256() != before


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"none.png": [BOX]}, r"images: 1 picture of boxes.json missing: none.png"),
        ({"a.png": [{"x": 1}]}, "a box of a.png is not x, y, w, h; expected"),
        ({"a.png": BOX}, "a.png has no list of boxes; expected"),
        ({"a.png": [BOX | {"w": 0}]}, "a box of a.png has no area: 1, 2, 0 x 8"),
        ({"a.png": [BOX | {"x": 40}]}, "a box of a.png is outside: 40, 2, 10 x 8 in 40 x 30"),
        ({"a.png": [BOX | {"x": float("nan")}]}, "a box of a.png has no area"),
        ({"a.png": []}, "no box in it; expected"),
        ([], "no pictures in it; expected"),
    ],
)
def test_boxes_that_are_wrong(folder: Path, record: Any, reason: str) -> None:
    (folder / "boxes.json").write_text(json.dumps(record))
    with pytest.raises(DataError, match=reason) as raised:
        faces("f", folder)
    assert "\n" not in str(raised.value)


def test_no_boxes(folder: Path) -> None:
    (folder / "boxes.json").write_text("{")
    with pytest.raises(DataError, match=r"boxes.json: not JSON \(.*\); expected"):
        faces("f", folder)
    (folder / "boxes.json").unlink()
    with pytest.raises(DataError, match=r"boxes.json: cannot be read \(No such file"):
        faces("f", folder)


def test_labels(folder: Path) -> None:
    data = segmentation("s", folder)
    assert [one.labels for one in data.samples] == [folder / "labels" / f"{name}.png" for name in "abc"]
    before = data.samples[0].sha256()
    draw(folder / "labels" / "a.png", value=0)
    assert segmentation("s", folder).samples[0].sha256() != before
    draw(folder / "labels" / "a.png", (30, 30))
    with pytest.raises(DataError, match=r"partners must be of one size; 1 is not: .*a.png is 40 x 30, a.png 30 x 30"):
        segmentation("s", folder)
    (folder / "labels" / "a.png").unlink()
    with pytest.raises(DataError, match=r"1 picture without a partner"):
        segmentation("s", folder)
    with pytest.raises(DataError, match=r"holds no images; expected images/ and labels/"):
        segmentation("s", folder / "images")
    with pytest.raises(DataError, match="no such folder"):
        segmentation("s", folder / "none")


def test_one_data_set_for_each_exposure(folder: Path) -> None:
    data = faces("f", folder)
    sets = darkened(data, [0, 2, 4.5], Darkness(shrink=0.5))
    assert [one.name for one in sets] == ["f", "f-2ev", "f-4.5ev"]
    assert sets[0].notes[-1] == "shrunk to 0.5 of their sides, by areas"
    assert "darkened by 2 EV in linear light, noise of variance 0.001 x signal + 1e-06, 8 bits" in sets[1].notes[-1]
    first = [one.samples[0] for one in sets]
    assert [one.pixels().shape for one in first] == [(15, 20, 3)] * 3
    assert [one.clean().mean() for one in first] == [90] * 3
    assert first[0].pixels().mean() > first[1].pixels().mean() > first[2].pixels().mean()
    assert len({one.sha256() for one in first}) == 3
    assert darkened(data, [0], Darkness()) == [data]
