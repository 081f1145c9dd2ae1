"""YuNet-like face detectors in ONNX files, through ONNX Runtime."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from pielight.core.atomic_file import shown
from pielight.errors import DataError, ModelError
from pielight.evaluation.downstream.bounding_boxes import suppressed
from pielight.evaluation.downstream.networks import open_network
from pielight.evaluation.downstream.yunet import STRIDES, Floats, Pixels, decode, network_input
from pielight.inference.onnx_session import NetworkError, run_session

Detect = Callable[[Pixels], tuple[Floats, Floats]]
SCORE, NMS = 0.5, 0.3
_CANDIDATES = 5000  # as in cv2.FaceDetectorYN


def detector(path: Path, score: float = SCORE, nms: float = NMS) -> Detect:
    """Return what finds faces in ``(H, W, 3)`` uint8 pictures: boxes ``(N, 4)`` and scores ``(N,)``, the best first.

    Args:
        path: The ONNX file, with the outputs that :func:`pielight.evaluation.downstream.yunet.decode` takes.
        score: Least score.
        nms: IoU up to which two boxes are two faces.

    Raises:
        ModelError: The file is missing, damaged, or of another kind. What is returned raises DataError for a picture on
            which the network fails.
    """
    session = open_network(path)
    wanted = [f"{kind}_{stride}" for kind in ("cls", "obj", "bbox") for stride in STRIDES]
    there = [output.name for output in session.get_outputs()]
    if missing := [name for name in wanted if name not in there]:
        raise ModelError(
            f"{shown(path)}: no YuNet detector: it has the outputs {', '.join(there[:6])}, not "
            f"{', '.join(missing[:3])}; wanted are cls_S, obj_S and bbox_S for S = 8, 16, 32"
        )
    name = session.get_inputs()[0].name

    def detect(pixels: Pixels) -> tuple[Floats, Floats]:
        batch = network_input(pixels)
        height, width = batch.shape[2:]
        try:
            outputs = dict(zip(wanted, run_session(session, wanted, {name: batch}), strict=True))
        except NetworkError as error:
            raise DataError(f"{shown(path)}: fails on {width} x {height} pixels ({error})") from error
        for key, output in outputs.items():
            numbers = height * width // int(key.rpartition("_")[2]) ** 2 * (4 if key.startswith("bbox") else 1)
            if output.size != numbers:
                raise DataError(
                    f"{shown(path)}: {key} is {list(output.shape)} for {width} x {height} pixels; {numbers} numbers "
                    "are wanted"
                )
        boxes, scores = decode(outputs, height, width)
        if not (np.isfinite(boxes).all() and np.isfinite(scores).all()):
            raise DataError(f"{shown(path)}: returns values that are no numbers on {width} x {height} pixels")
        best = np.argsort(-scores, kind="stable")
        best = best[scores[best] >= score][:_CANDIDATES]
        kept = best[suppressed(boxes[best], scores[best], nms)]
        return boxes[kept], scores[kept]

    return detect
