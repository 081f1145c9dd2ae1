"""Face detection as a downstream task: recall and average precision at an overlap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from pielight.errors import ConfigError
from pielight.evaluation.datasets.dataset import Dataset, Sample
from pielight.evaluation.datasets.file_cache import sha256, size
from pielight.evaluation.downstream.bounding_boxes import matches
from pielight.evaluation.downstream.datasets import faces
from pielight.evaluation.downstream.description import SHRINK, DownstreamTask, TaskOption
from pielight.evaluation.downstream.detector import NMS, SCORE, detector
from pielight.evaluation.metric_spec import DatasetMetric, Floats, MetricState, Weighted, ratio
from pielight.io.load_rgb import Pixels

NAME = "faces"
LEAST_SCORE = 0.02
"""Boxes below this score do not count in the average precision."""


@dataclass(frozen=True)
class FaceEvaluator:
    """A face detector, scored by recall and average precision.

    Attributes:
        path: Its ONNX file.
        score: Least score of the boxes that count in the recall.
        nms: IoU up to which two boxes are two faces.
        iou: Least IoU at which a face counts as found.

    Raises:
        ConfigError: A value is not in (0, 1).
    """

    name: ClassVar[str] = NAME
    path: Path
    score: float = SCORE
    nms: float = NMS
    iou: float = 0.5

    def __post_init__(self) -> None:
        for name in ("score", "nms", "iou"):
            if not 0 < getattr(self, name) < 1:
                raise ConfigError(f"{name} is {getattr(self, name):g}; expected a number above 0 and below 1")

    def description(self) -> str:
        """Return a sentence for reports."""
        return (
            f"Faces that {self.path.name} finds (SHA-256 {sha256(self.path)}): score {self.score:g} or more, NMS "
            f"{self.nms:g}, IoU {self.iou:g} or more with the labeled face."
        )

    def identity(self) -> str:
        """Return the checksum of the file, and the settings that states depend on."""
        return f"{sha256(self.path)} from={self._least_score:g} nms={self.nms:g} iou={self.iou:g}"

    def check(self, dataset: Dataset) -> None:
        """Run the detector on the first picture; PielightError if it fails."""
        first = dataset.samples[0]
        self.update(first.pixels(), first)

    def update(self, pixels: Pixels, sample: Sample) -> MetricState:
        """Detect the faces of a picture; DataError if the detector fails."""
        boxes, scores = _detector(self.path, self._least_score, self.nms)(pixels)
        truth = np.array(sample.boxes, float).reshape(-1, 4)
        sides = size(sample.input) or pixels.shape[1::-1]
        scale = np.array(pixels.shape[1::-1]) / sides
        return detection_state(boxes, scores, truth * np.tile(scale, 2), self.iou)

    @property
    def _least_score(self) -> float:
        """Least score of the boxes that are kept: average precision counts more than recall does."""
        return min(LEAST_SCORE, self.score)


_detector = lru_cache(maxsize=2)(detector)


def detection_state(boxes: Floats, scores: Floats, truth: Floats, least: float) -> MetricState:
    """Return the state of recall and average precision.

    Args:
        boxes: ``(N, 4)``, the highest score first, with scores ``(N,)``.
        scores: As above.
        truth: Boxes of the faces, ``(M, 4)``.
        least: Least IoU at which a face counts as found.

    Returns:
        Three rows: the number of faces; the scores; 1 for every box that matches a face and 0 for others.
    """
    return ((float(len(truth)),), tuple(scores.tolist()), tuple(matches(boxes, truth, least).astype(float).tolist()))


def recall(states: Sequence[MetricState], score: float) -> Weighted:
    """Return the share of the faces that boxes of at least a score find."""
    faces = np.array([state[0][0] for state in states])
    hits = np.array([sum(hit for s, hit in zip(state[1], state[2], strict=True) if s >= score) for state in states])
    return lambda weights: ratio(weights @ hits, weights @ faces)


def average_precision(states: Sequence[MetricState]) -> Weighted:
    """Return the average precision.

    ``AP = sum_k (r_k - r_(k-1)) max_(j >= k) p_j`` over the boxes of all pictures, the highest score first: precision
    p and recall r after k boxes, precision made to fall with recall, all points (PASCAL VOC from 2010 on; Everingham
    et al., IJCV 2015, section 4.2). Equal scores count in the order of pictures, those below 0.02 do not count.
    """
    faces = np.array([state[0][0] for state in states])
    scores = np.concatenate([state[1] for state in states])
    order = np.argsort(-scores, kind="stable")
    order = order[scores[order] >= LEAST_SCORE]
    hits = np.concatenate([state[2] for state in states])[order]
    picture = np.repeat(np.arange(len(states)), [len(state[1]) for state in states])[order]
    return lambda weights: np.array([_area(row[picture], hits, float(row @ faces)) for row in weights])


def _area(weights: Floats, hits: Floats, faces: float) -> float:
    """Return the area below the falling curve of precision over recall."""
    if faces == 0:
        return float("nan")
    gained = weights * hits
    precision = ratio(np.cumsum(gained), np.cumsum(weights))
    falling = np.maximum.accumulate(np.nan_to_num(precision)[::-1])[::-1]
    return float((gained * falling).sum() / faces)


def face_metrics(score: float, least: float) -> dict[str, DatasetMetric]:
    """Return the metrics of face detection by name, for the least score of boxes in the recall and the least IoU.

    >>> list(face_metrics(0.5, 0.5))
    ['recall', 'ap']
    """
    of_recall = DatasetMetric(
        "recall", f"Share of the faces that are found (IoU {least:g}, score {score:g})",
        f"faces with a box of IoU >= {least:g} and score >= {score:g} / all faces; one box finds one face",
        "Everingham et al., IJCV 2010, for which box finds which face", NAME, partial(recall, score=score),
        higher_is_better=True, high=1.0,
    )  # fmt: skip
    precision = DatasetMetric(
        "ap", f"Average precision (IoU {least:g}); all faces must be labeled",
        f"sum_k (r_k - r_(k-1)) max_(j >= k) p_j, boxes of score >= {LEAST_SCORE:g}, all points",
        "Everingham et al., IJCV 2015, section 4.2", NAME, average_precision, higher_is_better=True, high=1.0,
    )  # fmt: skip
    return {"recall": of_recall, "ap": precision}


def _scoring(options: Mapping[str, Any], _: Dataset) -> tuple[FaceEvaluator, dict[str, DatasetMetric]]:
    """Return the evaluator and the metrics for options of the command."""
    thresholds = {name: options[name] for name in ("score", "nms", "iou") if name in options}
    evaluator = FaceEvaluator(Path(options["detector"]), **thresholds)
    return evaluator, face_metrics(evaluator.score, evaluator.iou)


FACES = DownstreamTask(
    name=NAME,
    dataset="boxes.json",
    network=TaskOption("detector", "Face detector, such as YuNet.", "FILE.onnx"),
    options=(
        SHRINK,
        TaskOption("score", f"Least score of a face for the recall. [default: {SCORE:g}]", "0..1", float),
        TaskOption("nms", f"IoU up to which two boxes are two faces. [default: {NMS:g}]", "0..1", float),
        TaskOption("iou", "Least IoU with a labeled face. [default: 0.5]", "0..1", float),
    ),
    read=faces,
    scoring=_scoring,
    default_metrics=("recall",),
)
