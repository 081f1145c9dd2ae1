"""YuNet-like face detectors in ONNX files: input, decoding of the outputs, and selection of the boxes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pielight.core.messages import shown
from pielight.errors import DataError, ModelError
from pielight.evaluation.downstream.bounding_boxes import non_maximum_suppression
from pielight.evaluation.metric_spec import Floats, Pixels
from pielight.evaluation.onnx_network import OnnxNetwork

Detect = Callable[[Pixels], tuple[Floats, Floats]]
SCORE, NMS = 0.5, 0.3
STRIDES = (8, 16, 32)
MULTIPLE = 32
_CANDIDATES = 5000  # as in cv2.FaceDetectorYN


def detector(path: Path, score: float = SCORE, nms: float = NMS) -> Detect:
    """Return a detector of faces in ``(H, W, 3)`` uint8 pictures: boxes ``(N, 4)`` and scores ``(N,)``, the best first.

    Args:
        path: The ONNX file, with the outputs that :func:`decode` takes.
        score: Least score.
        nms: IoU up to which two boxes are two faces.

    Raises:
        ModelError: The file is missing, damaged, or another network. The returned function raises DataError for a
            picture on which the network fails.
    """
    network = OnnxNetwork(path)
    expected = [f"{output}_{stride}" for output in ("cls", "obj", "bbox") for stride in STRIDES]
    names = [output.name for output in network.outputs]
    if missing := [name for name in expected if name not in names]:
        outputs = f"the outputs {', '.join(names[:6])}, not {', '.join(missing[:3])}"
        hint = "expected cls_S, obj_S and bbox_S for S = 8, 16, 32"
        raise ModelError(f"{shown(path)}: not a YuNet detector: it has {outputs}; {hint}")

    def detect(pixels: Pixels) -> tuple[Floats, Floats]:
        batch = network_input(pixels)
        height, width = batch.shape[2:]
        outputs = dict(zip(expected, network.run(batch, expected), strict=True))
        for key, output in outputs.items():
            numbers = height * width // int(key.rpartition("_")[2]) ** 2 * (4 if key.startswith("bbox") else 1)
            if output.size != numbers:
                shape = f"{list(output.shape)} for {width} x {height} pixels"
                raise DataError(f"{shown(path)}: {key} is {shape}; expected {numbers} numbers")
        boxes, scores = decode(outputs, height, width)
        if not (np.isfinite(boxes).all() and np.isfinite(scores).all()):
            raise DataError(f"{shown(path)}: returns values that are not finite on {width} x {height} pixels")
        best = np.argsort(-scores, kind="stable")
        best = best[scores[best] >= score][:_CANDIDATES]
        kept = best[non_maximum_suppression(boxes[best], scores[best], nms)]
        return boxes[kept], scores[kept]

    return detect


def network_input(pixels: Pixels) -> NDArray[np.float32]:
    """Return the input of a YuNet network: ``(1, 3, H, W)`` B, G, R in 0..255, padded by 0 to multiples of 32.

    >>> network_input(np.zeros((40, 33, 3), np.uint8)).shape
    (1, 3, 64, 64)
    """
    height, width = pixels.shape[:2]
    padded = np.pad(pixels[..., ::-1], ((0, -height % MULTIPLE), (0, -width % MULTIPLE), (0, 0)))
    return np.ascontiguousarray(padded.transpose(2, 0, 1)[np.newaxis], np.float32)


def _cells(height: int, width: int, stride: int) -> Floats:
    """Return the coordinates x, y ``(N, 2)`` of the cells of one stride, row by row; sides are multiples of it.

    >>> _cells(16, 24, 8).tolist()
    [[0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [0.0, 1.0], [1.0, 1.0], [2.0, 1.0]]
    """
    y, x = np.mgrid[: height // stride, : width // stride]
    return np.stack([x.ravel(), y.ravel()], 1).astype(np.float64)


def decode(outputs: Mapping[str, NDArray[np.float32]], height: int, width: int) -> tuple[Floats, Floats]:
    """Decode the outputs of a YuNet network for one picture (Wu et al., Machine Intelligence Research 2023).

    Per stride s: ``score = sqrt(cls * obj)``, ``center = (cell + d_xy) s``, ``size = exp(d_wh) s``.

    Args:
        outputs: ``cls_s`` and ``obj_s`` of shape ``(1, N, 1)`` or ``(N,)``, ``bbox_s`` ``(1, N, 4)``, for each stride
            s, with N cells row by row.
        height: Of the padded picture.
        width: The same.

    Returns:
        Boxes ``(N, 4)`` as x, y, width and height in pixels, and scores ``(N,)``, cell by cell, stride by stride.

    >>> zeros = {f"{kind}_{s}": np.zeros((1, (32 // s) ** 2, 1)) for kind in ("cls", "obj") for s in STRIDES}
    >>> zeros |= {f"bbox_{s}": np.zeros((1, (32 // s) ** 2, 4)) for s in STRIDES}
    >>> boxes, scores = decode(zeros, 32, 32)
    >>> boxes[-1].tolist(), len(scores)
    ([-16.0, -16.0, 32.0, 32.0], 21)
    """
    boxes, scores = [], []
    for stride in STRIDES:
        cls, obj = (outputs[f"{kind}_{stride}"].reshape(-1).astype(np.float64) for kind in ("cls", "obj"))
        offsets = outputs[f"bbox_{stride}"].reshape(-1, 4).astype(np.float64)
        center = (_cells(height, width, stride) + offsets[:, :2]) * stride
        size = np.exp(offsets[:, 2:]) * stride
        boxes.append(np.hstack([center - size / 2, size]))
        scores.append(np.sqrt(cls.clip(0, 1) * obj.clip(0, 1)))
    return np.concatenate(boxes), np.concatenate(scores)
