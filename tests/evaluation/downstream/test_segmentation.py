"""IoU and accuracy, against a plain count of pixels; the segmenter and the labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pielight.errors import DataError, ModelError
from pielight.evaluation.downstream.annotations import read_labels
from pielight.evaluation.downstream.segmentation import (
    Segmenter,
    class_ious,
    confusion,
    mean_iou,
    pixel_accuracy,
    segmentation_metrics,
    segmentation_state,
)
from tests.evaluation.downstream.networks import random_detector, save_segmenter


def test_every_figure_is_a_count_of_pixels() -> None:
    rng = np.random.default_rng(0)
    truths = [rng.choice([0, 1, 2, 11], (20, 30)).astype(np.uint8) for _ in range(3)]
    guesses = [
        np.where(rng.random(t.shape) < 0.6, t % 11, rng.integers(0, 5, t.shape)).astype(np.uint8) for t in truths
    ]
    matrices = [confusion(t, g, 11, ignore=11) for t, g in zip(truths, guesses, strict=True)]
    total = sum(matrices)
    ious = []
    for label in range(11):
        there = [(t == label, (g == label) & (t != 11)) for t, g in zip(truths, guesses, strict=True)]
        both, either = (sum(int(how(a, b).sum()) for a, b in there) for how in (np.logical_and, np.logical_or))
        ious.append(both / either if either else np.nan)
    correct = sum(int(((t == g) & (t != 11)).sum()) for t, g in zip(truths, guesses, strict=True))
    accuracy = correct / sum(int((t != 11).sum()) for t in truths)
    assert np.array(class_ious(total)) == pytest.approx(np.array(ious), nan_ok=True)
    assert mean_iou(total) == pytest.approx(np.nanmean(ious))
    assert pixel_accuracy(total) == pytest.approx(accuracy)
    known = segmentation_metrics([f"c{label}" for label in range(11)])
    found = {
        name: metric.compute([segmentation_state(matrix) for matrix in matrices]) for name, metric in known.items()
    }
    assert found["miou"] == pytest.approx(100 * np.nanmean(ious))
    assert found["accuracy"] == pytest.approx(100 * accuracy)
    assert [found[f"iou-c{label}"] for label in range(11)] == pytest.approx(100 * np.array(ious), nan_ok=True)


def test_miou_is_not_the_mean_over_pictures() -> None:
    one = confusion(np.zeros((1, 4), np.uint8), np.array([[0, 0, 0, 1]], np.uint8), 2)
    other = confusion(np.ones((1, 4), np.uint8), np.ones((1, 4), np.uint8), 2)
    miou = segmentation_metrics(["a", "b"])["miou"]
    assert miou.compute([segmentation_state(one), segmentation_state(other)]) == pytest.approx(
        100 * (3 / 4 + 4 / 5) / 2
    )


def test_labels_that_do_not_fit() -> None:
    labels = np.zeros((2, 3), np.uint8)
    with pytest.raises(DataError, match=r"labels are 3 x 2, those that the segmenter returned 2 x 3"):
        confusion(labels, labels.T, 2)
    with pytest.raises(DataError, match="holds the labels 5, 7; there are 2 classes, 0 to 1, and 255 is ignored"):
        confusion(np.array([[5, 7, 255]], np.uint8), labels[:1], 2)
    with pytest.raises(DataError, match="the segmenter returned class 2; there are 2"):
        confusion(labels, labels + 2, 2)  # type: ignore[arg-type]
    assert confusion(np.full((2, 3), 255, np.uint8), labels + 2, 2).sum() == 0  # type: ignore[arg-type]


def test_a_segmenter(tmp_path: Path) -> None:
    pixels = np.zeros((10, 14, 3), np.uint8)
    pixels[:, 7:] = 200
    for multiple in (1, 8):
        labels, classes = Segmenter(save_segmenter(tmp_path / "net.onnx"), multiple)(pixels)
        assert classes == 2
        assert (labels == (pixels[..., 0] > 100)).all()
    with pytest.raises(DataError, match=r"returns \[1, 2, 5, 7\] for 14 x 10 pixels; expected logits \[1, C, 10, 14\]"):
        Segmenter(save_segmenter(tmp_path / "half.onnx", stride=2))(pixels)
    with pytest.raises(
        ModelError, match=r"first output cls_8 is .*; expected logits \(N, C, H, W\) of a segmentation network"
    ):
        Segmenter(random_detector(tmp_path / "faces.onnx", 0), 16)
    with pytest.raises(DataError, match="values that are not finite"):
        Segmenter(save_segmenter(tmp_path / "nan.onnx", at=float("nan")))(pixels)
    with pytest.raises(ModelError, match="no such ONNX file"):
        Segmenter(tmp_path / "none.onnx")


def test_labels_are_gray_or_indices_of_a_palette(tmp_path: Path) -> None:
    labels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    image = Image.fromarray(labels)
    image.save(tmp_path / "gray.png")
    image = image.copy()
    image.putpalette(list(range(255, -1, -1)) * 3)
    image.save(tmp_path / "palette.png")
    for name in ("gray", "palette"):
        assert (read_labels(tmp_path / f"{name}.png") == labels).all()
    Image.fromarray(np.zeros((2, 2, 3), np.uint8)).save(tmp_path / "rgb.png")
    with pytest.raises(
        DataError, match=r"rgb.png: labels must be a PNG of one byte a pixel, the class; this one is RGB"
    ):
        read_labels(tmp_path / "rgb.png")
    (tmp_path / "bad.png").write_bytes(b"nonsense")
    with pytest.raises(DataError, match=r"bad.png: labels must be a PNG .* this file is not a PNG"):
        read_labels(tmp_path / "bad.png")
