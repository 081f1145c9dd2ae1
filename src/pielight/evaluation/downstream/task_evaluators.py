"""The models that look at results in an evaluation: a face detector and a segmenter."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from pielight.core.atomic_file import shown
from pielight.errors import ConfigError, DataError
from pielight.evaluation.datasets.datasets import DataSet, Sample
from pielight.evaluation.datasets.pictures import Pixels, load, sha256, size
from pielight.evaluation.downstream import detection, segmentation
from pielight.evaluation.downstream.detector import NMS, SCORE, Detect, detector
from pielight.evaluation.downstream.label_maps import read_labels
from pielight.evaluation.downstream.segmenter import Segmenter
from pielight.evaluation.store import Evidence


@dataclass(frozen=True)
class FaceViewer:
    """A face detector, scored by recall and average precision.

    Attributes:
        path: Its ONNX file.
        score: Least score of the boxes that count in the recall.
        nms: IoU up to which two boxes are two faces.
        iou: IoU from which on a face counts as found.

    Raises:
        ConfigError: A value is not in (0, 1).
    """

    path: Path
    score: float = SCORE
    nms: float = NMS
    iou: float = 0.5

    def __post_init__(self) -> None:
        for name in ("score", "nms", "iou"):
            if not 0 < getattr(self, name) < 1:
                raise ConfigError(f"{name} is {getattr(self, name):g}; say a number above 0 and below 1")

    @property
    def name(self) -> str:
        """Name of the task."""
        return detection.NAME

    def says(self) -> str:
        """Return a sentence for reports."""
        return (
            f"Faces that {self.path.name} finds (SHA-256 {sha256(self.path)}): score {self.score:g} or more, NMS "
            f"{self.nms:g}, IoU {self.iou:g} or more with the labeled face."
        )

    def identity(self) -> str:
        """Return the checksum of the file, and the settings that boxes and hits depend on."""
        return f"{sha256(self.path)} from={self._least:g} nms={self.nms:g} iou={self.iou:g}"

    def check(self, data: DataSet) -> None:
        """Have the detector look at the first picture.

        Raises:
            PielightError: It cannot.
        """
        first = data.samples[0]
        self.look(first.pixels(), first)

    def look(self, pixels: Pixels, sample: Sample) -> Evidence:
        """Find the faces of a picture.

        Raises:
            DataError: The detector fails.
        """
        boxes, scores = _detector(self.path, self._least, self.nms)(pixels)
        truth = np.array(sample.boxes, float).reshape(-1, 4)
        sides = size(sample.input) or pixels.shape[1::-1]
        scale = np.array(pixels.shape[1::-1]) / sides
        return detection.evidence(boxes, scores, truth * np.tile(scale, 2), self.iou)

    @property
    def _least(self) -> float:
        """Least score of the boxes that are kept, since average precision takes in more than recall."""
        return min(detection.FLOOR, self.score)


@dataclass(frozen=True)
class SegmentationViewer:
    """A segmentation network, scored by IoU and pixel accuracy.

    Attributes:
        path: Its ONNX file.
        multiple: What both sides of its input must be a multiple of.
        ignore: Label whose pixels do not count.
    """

    path: Path
    multiple: int = 1
    ignore: int = segmentation.IGNORE

    @property
    def name(self) -> str:
        """Name of the task."""
        return segmentation.NAME

    def says(self) -> str:
        """Return a sentence for reports."""
        return (
            f"Classes that {self.path.name} finds (SHA-256 {sha256(self.path)}); pixels of the label {self.ignore} do "
            "not count."
        )

    def identity(self) -> str:
        """Return the checksum of the file, and the settings."""
        return f"{sha256(self.path)} multiple={self.multiple} ignore={self.ignore}"

    def classes(self, sample: Sample) -> int:
        """Return how many classes the network tells apart, by having it look at a picture.

        Raises:
            PielightError: It cannot.
        """
        return _segmenter(self.path, self.multiple)(load(sample.input))[1]

    def check(self, data: DataSet) -> None:
        """Check the labels of all pictures, and have the network look at the first.

        Raises:
            PielightError: Something is wrong.
        """
        classes = self.classes(data.samples[0])
        for sample in data.samples:
            truth = _labels_of(sample)
            labels = _read(truth)
            try:
                segmentation.check_labels(labels, classes, self.ignore)
            except DataError as error:
                raise DataError(f"{shown(truth)}: {error}; --ignore names another label") from None

    def look(self, pixels: Pixels, sample: Sample) -> Evidence:
        """Find the classes of a picture.

        Raises:
            DataError: The network fails, or the labels do not fit.
        """
        labels, classes = _segmenter(self.path, self.multiple)(pixels)
        truth = _labels_of(sample)
        wanted = _read(truth)
        try:
            matrix = segmentation.confusion(wanted, labels, classes, self.ignore)
        except DataError as error:
            raise DataError(f"{shown(truth)}: {error}") from None
        return segmentation.evidence(matrix)


def _labels_of(sample: Sample) -> Path:
    assert sample.labels is not None
    return sample.labels


_read = lru_cache(maxsize=2)(read_labels)  # all methods look at a picture one after the other


@lru_cache(maxsize=2)
def _detector(path: Path, score: float, nms: float) -> Detect:
    return detector(path, score, nms)


@lru_cache(maxsize=2)
def _segmenter(path: Path, multiple: int) -> Segmenter:
    return Segmenter(path, multiple)
