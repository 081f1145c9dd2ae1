"""The geometry of YuNet-like face detectors: what goes in, and which boxes come out. NumPy only."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]
STRIDES = (8, 16, 32)
MULTIPLE = 32


def network_input(pixels: Pixels) -> NDArray[np.float32]:
    """Return what a YuNet network takes: ``(1, 3, H, W)`` B, G, R in 0..255, padded by 0 to multiples of 32.

    >>> network_input(np.zeros((40, 33, 3), np.uint8)).shape
    (1, 3, 64, 64)
    """
    height, width = pixels.shape[:2]
    padded = np.pad(pixels[..., ::-1], ((0, -height % MULTIPLE), (0, -width % MULTIPLE), (0, 0)))
    return np.ascontiguousarray(padded.transpose(2, 0, 1)[np.newaxis], np.float32)


def cells(height: int, width: int, stride: int) -> Floats:
    """Return the places ``(N, 2)`` of the cells of one stride, x and y, row by row.

    Args:
        height: Of the padded picture, a multiple of the stride.
        width: The same.
        stride: 8, 16 or 32.

    >>> cells(16, 24, 8).tolist()
    [[0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [0.0, 1.0], [1.0, 1.0], [2.0, 1.0]]
    """
    y, x = np.mgrid[: height // stride, : width // stride]
    return np.stack([x.ravel(), y.ravel()], 1).astype(np.float64)


def decode(outputs: Mapping[str, NDArray[np.float32]], height: int, width: int) -> tuple[Floats, Floats]:
    """Decode what a YuNet network returns for one picture (Wu et al., Machine Intelligence Research 2023).

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
        moved = outputs[f"bbox_{stride}"].reshape(-1, 4).astype(np.float64)
        center = (cells(height, width, stride) + moved[:, :2]) * stride
        size = np.exp(moved[:, 2:]) * stride
        boxes.append(np.hstack([center - size / 2, size]))
        scores.append(np.sqrt(cls.clip(0, 1) * obj.clip(0, 1)))
    return np.concatenate(boxes), np.concatenate(scores)
