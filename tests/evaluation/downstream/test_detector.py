"""The detector: against OpenCV's, and what it says of files that are none."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from pielight.errors import DataError, ModelError
from pielight.evaluation.downstream.bounding_boxes import iou
from pielight.evaluation.downstream.detector import detector
from tests.evaluation.downstream.networks import random_detector, save_segmenter, square_finder


@pytest.mark.parametrize("size", [(96, 128), (61, 75)])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_boxes_and_scores_are_those_of_opencv(tmp_path: Path, size: tuple[int, int], seed: int) -> None:
    file = random_detector(tmp_path / "random.onnx", seed)
    pixels = np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)
    boxes, scores = detector(file, score=0.3, nms=0.999)(pixels)  # their NMS rounds boxes to whole pixels
    theirs = cv2.FaceDetectorYN.create(str(file), "", size[::-1], 0.3, 1.0, 5000)
    found = theirs.detect(np.ascontiguousarray(pixels[..., ::-1]))[1]
    assert len(found) == len(scores) > 5
    for box, score in zip(boxes, scores, strict=True):
        nearest = found[np.abs(found[:, :4] - box).max(1).argmin()]
        assert np.abs(nearest[:4] - box).max() < 0.01
        assert nearest[14] == pytest.approx(score, abs=1e-4)
    assert (np.diff(scores) <= 0).all()


def test_one_of_boxes_that_overlap(tmp_path: Path) -> None:
    file = random_detector(tmp_path / "random.onnx", 3)
    pixels = np.random.default_rng(0).integers(0, 256, (96, 96, 3), np.uint8)
    boxes, _ = detector(file, score=0.01, nms=0.2)(pixels)
    overlaps = iou(boxes, boxes) - np.eye(len(boxes))
    assert len(boxes) > 3
    assert overlaps.max() <= 0.2


def test_a_bright_square_is_found_where_it_is(tmp_path: Path) -> None:
    find = detector(square_finder(tmp_path / "square.onnx"))
    pixels = np.zeros((90, 120, 3), np.uint8)
    assert [len(found) for found in find(pixels)] == [0, 0]
    pixels[32:64, 64:96] = 230
    boxes, scores = find(pixels)
    assert boxes.tolist() == [[64, 32, 32, 32]]
    assert scores[0] > 0.99


def test_files_that_are_no_detector(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such ONNX file"):
        detector(tmp_path / "none.onnx")
    (tmp_path / "bad.onnx").write_bytes(b"nonsense")
    with pytest.raises(ModelError, match="not an ONNX model"):
        detector(tmp_path / "bad.onnx")
    with pytest.raises(ModelError, match=r"it has the outputs logits, not cls_8, .*expected cls_S"):
        detector(save_segmenter(tmp_path / "net.onnx"))


def test_outputs_that_do_not_fit_the_picture(tmp_path: Path) -> None:
    import onnx

    model = onnx.load(square_finder(tmp_path / "square.onnx"))
    names = {"cls_8": "cls_16", "cls_16": "cls_8"}  # the outputs of two strides change places
    for node in model.graph.node:
        node.output[:] = [names.get(name, name) for name in node.output]
    onnx.save(model, tmp_path / "wrong.onnx")
    with pytest.raises(DataError, match=r"cls_8 is \[1, 4, 1\] for 32 x 32 pixels; expected 16 numbers"):
        detector(tmp_path / "wrong.onnx")(np.zeros((20, 20, 3), np.uint8))
