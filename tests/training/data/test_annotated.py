"""Examples: crops and what is known of them stay together, and wrong files are refused in one line."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from pielight.core.color_torch import srgb_to_linear
from pielight.errors import DataError
from pielight.training.data.annotated import Batch, ExampleSet, load_examples
from pielight.training.schedules import step_generator
from pielight.training.schema import DimmingConfig, ExamplesConfig

CLEAN = DimmingConfig(untouched=1.0)


@pytest.fixture
def copy(scenes: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(scenes, tmp_path / "copy"))


def test_labels_follow_their_pixels() -> None:
    """The labels here are the picture itself."""
    values = (
        torch.randint(0, 4, (10, 12), generator=step_generator(0, 0)).repeat_interleave(8, 0).repeat_interleave(8, 1)
    )
    picture = (60 * values).to(torch.uint8).expand(3, -1, -1)
    data = ExamplesConfig(labels="x", width=64, height=48, zoom=(1.0, 1.0))
    examples = ExampleSet([picture], [values.to(torch.uint8)], data, 9)
    for step in range(4):
        batch = examples.batch(3, CLEAN, step_generator(0, step))
        assert isinstance(batch.targets, torch.Tensor)
        torch.testing.assert_close(batch.clean[:, 0] * 255 / 60, batch.targets.float(), atol=1e-4, rtol=0)


def test_boxes_follow_their_pixels() -> None:
    """A white box on black is where its target says."""
    picture = torch.zeros(3, 90, 80, dtype=torch.uint8)
    picture[:, 30:50, 20:36] = 255
    boxes = torch.tensor([[20.0, 30.0, 16.0, 20.0]])
    examples = ExampleSet([picture], [boxes], ExamplesConfig(boxes="x", width=60, height=60, zoom=(0.8, 2.0)), 9)
    for step in range(6):
        batch = examples.batch(2, CLEAN, step_generator(0, step))
        assert isinstance(batch.targets, list)
        for clean, target in zip(batch.clean, batch.targets, strict=True):
            rows, columns = (clean[0] > 0.5).nonzero(as_tuple=True)
            x, y, w, h = target[0].tolist()
            assert abs(columns.min() - x) <= 1
            assert abs(rows.min() - y) <= 1
            assert abs(columns.max() + 1 - x - w) <= 1
            assert abs(rows.max() + 1 - y - h) <= 1


def test_small_pictures_are_continued_and_their_labels_ignored() -> None:
    examples = ExampleSet(
        [torch.full((3, 20, 24), 90, dtype=torch.uint8)], [torch.ones(20, 24, dtype=torch.uint8)],
        ExamplesConfig(labels="x", width=32, height=32), 9,
    )  # fmt: skip
    batch = examples.batch(1, CLEAN, step_generator(0, 0))
    assert isinstance(batch.targets, torch.Tensor)
    assert batch.clean.unique().numel() == 1
    assert (batch.targets == 9).sum() == 32 * 32 - 20 * 24


def test_a_step_is_always_the_same(scenes: Path) -> None:
    examples = load_examples(ExamplesConfig(str(scenes / "well"), str(scenes / "labels"), width=40, height=40), 2, 2)
    first, again, other = (examples.batch(4, DimmingConfig(), step_generator(3, step)) for step in (5, 5, 6))
    assert torch.equal(first.dark, again.dark)
    assert not torch.equal(first.dark, other.dark)


def test_darkening_leaves_its_share_untouched(scenes: Path) -> None:
    examples = load_examples(ExamplesConfig(str(scenes / "well"), width=32, height=32), 2, 2)
    batch = examples.batch(60, DimmingConfig(stops=(-4, -4), untouched=0.5), step_generator(0, 0))
    kept = (batch.dark == batch.clean).flatten(1).all(1)
    assert 15 < kept.sum() < 45
    assert batch.dark[~kept].mean() < 0.4 * batch.clean[~kept].mean()
    assert torch.equal(batch.noiseless[kept], batch.clean[kept])
    noise = batch.dark[~kept] - batch.noiseless[~kept]
    assert 0.005 < noise.std() < 0.1
    light = srgb_to_linear(batch.clean[~kept]) / 16
    assert torch.allclose(srgb_to_linear(batch.noiseless[~kept]), light, atol=1e-5)
    assert batch.targets is None


def test_wrong_labels(copy: Path) -> None:
    data = ExamplesConfig(str(copy / "well"), str(copy / "labels"))
    first = copy / "labels" / "000.png"
    with pytest.raises(DataError, match=r"000.png: holds the label 2; there are 2 classes.*; set downstream.classes"):
        load_examples(data, 2, 255)
    with Image.open(first) as file:
        labels = file.copy()
    for wrong, reason in (
        (labels.resize((30, 20)), "is 30 x 20, but its picture is 72 x 72"),
        (labels.convert("RGB"), "one byte a pixel, the class; this one is RGB"),
    ):
        wrong.save(first)
        with pytest.raises(DataError, match=reason):
            load_examples(data, 2, 2)
    first.write_bytes(b"nothing")
    with pytest.raises(DataError, match="one byte a pixel, the class; this file is not a PNG"):
        load_examples(data, 2, 2)
    first.unlink()
    with pytest.raises(DataError, match=r"000.png: no such file"):
        load_examples(data, 2, 2)


def test_wrong_boxes(copy: Path) -> None:
    """The file is read as `pielight evaluate --task faces` reads it, where each kind of error is tested."""
    file, box = copy / "boxes.json", {"x": 0, "y": 0, "w": 5, "h": 5}
    for content, reason in (
        ([], "no pictures in it"),
        ({"000.png": [box | {"w": 0}]}, r"a box of 000.png has no area"),
        ({"000.png": [box | {"x": 72}]}, r"a box of 000.png is outside: 72, 0, 5 x 5 in 72 x 72"),
        ({"000.png": []}, "no box in it"),
        ({"other.png": [box]}, r"holds no picture that .*boxes.json names"),
    ):
        file.write_text(json.dumps(content))
        with pytest.raises(DataError, match=reason):
            load_examples(ExamplesConfig(str(copy / "well"), boxes=str(file)), 2, 2)


def test_pictures_without_an_entry_are_left_out_and_those_without_a_box_stay(copy: Path) -> None:
    file, box = copy / "boxes.json", {"x": 10, "y": 10, "w": 8, "h": 9}
    file.write_text(json.dumps({"000.png": [box], "001.png": []}))
    examples = load_examples(ExamplesConfig(str(copy / "well"), boxes=str(file), width=32, height=32), 2, 2)
    assert len(examples.pictures) == 2
    assert examples.left == len(list((copy / "well").iterdir())) - 2 > 0
    targets = examples.batch(12, CLEAN, step_generator(0, 0)).targets
    assert isinstance(targets, list)
    assert {len(target) for target in targets} == {0, 1}


def test_crops_hold_one_of_the_boxes_and_leave_out_those_beyond() -> None:
    picture = torch.zeros(3, 100, 400, dtype=torch.uint8)
    boxes = torch.tensor([[10.0, 40.0, 10.0, 10.0], [190.0, 40.0, 10.0, 10.0], [370.0, 40.0, 10.0, 10.0]])
    examples = ExampleSet([picture], [boxes], ExamplesConfig(boxes="x", width=50, height=50), 9)
    targets = examples.batch(64, CLEAN, step_generator(0, 0)).targets
    assert isinstance(targets, list)
    assert {len(target) for target in targets} == {1}
    places = torch.cat(targets)
    assert ((places[:, :2] >= 0) & (places[:, :2] + places[:, 2:] <= 50)).all()


def test_missing_things(copy: Path) -> None:
    data = ExamplesConfig(str(copy / "well"), boxes=str(copy / "boxes.json"))
    for changed, reason in (
        (dataclasses.replace(data, clean=""), "no folder is given; set data.clean"),
        (dataclasses.replace(data, clean=str(copy / "none")), "no such folder"),
        (dataclasses.replace(data, boxes=str(copy / "none.json")), "cannot be read"),
    ):
        with pytest.raises(DataError, match=reason):
            load_examples(changed, 2, 2)
    (copy / "well" / "000.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(DataError, match=r"000.png: (not a picture|damaged)"):
        load_examples(data, 2, 2)


def test_pictures_are_shrunk_with_what_is_known(scenes: Path) -> None:
    data = ExamplesConfig(str(scenes / "well"), boxes=str(scenes / "boxes.json"), scale=0.5)
    examples = load_examples(data, 2, 2)
    assert examples.pictures[0].shape == (3, 36, 36)
    assert examples.known is not None
    np.testing.assert_allclose(examples.known[0].numpy(), [[10, 12, 15, 18]])


@pytest.mark.parametrize("targets", [None, torch.zeros(1, 4, 4), [torch.zeros(2, 4)]])
def test_a_batch_moves_to_a_device_with_its_targets(targets: Any) -> None:
    picture = torch.zeros(1, 3, 4, 4)
    moved = Batch(picture, picture, picture, targets).to(torch.device("meta"))
    tensors = [moved.dark, moved.noiseless, moved.clean, *(moved.targets if moved.targets is not None else [])]
    assert {item.device.type for item in tensors} == {"meta"}
