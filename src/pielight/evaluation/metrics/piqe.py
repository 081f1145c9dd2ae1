"""PIQE: which blocks look distorted, without a reference and without trained parameters."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from pielight.core.color import luma
from pielight.evaluation.metric_spec import Floats, PictureMetric, Pixels, at_least
from pielight.evaluation.metrics.niqe import standardized

_BLOCK = 16
_SEGMENT = 6
_ACTIVE = 0.1
_IMPAIRED = 0.1


def piqe(pixels: Pixels) -> float:
    """Return the perception-based image quality evaluator, 100 at worst in most pictures; lower is better.

    ``100 (sum_k D_k + 1) / (N + 1)`` over the N active blocks of 16 x 16 contrast-normalized values, those of variance
    ``v > 0.1``; ``D = (1 - v)`` for a block with a flat segment of 6 values on one of its edges, plus ``v`` for one of
    Gaussian noise (Venkatanath et al., NCC 2015). As the public implementations do it, gray levels are scaled to a
    maximum of 255. A flat picture gives 100. It is here in place of BRISQUE because it needs no trained parameters,
    where that would need its authors' support vectors, under their terms.

    Args:
        pixels: ``(H, W, 3)`` uint8; both sides >= 16, the last blocks are filled up by reflection.

    Raises:
        DataError: if a side is shorter than 16.

    >>> piqe(np.full((32, 32, 3), 90, np.uint8))
    100.0
    """
    at_least(_BLOCK, "PIQE", pixels)
    gray = np.round(luma(pixels))
    height, width = gray.shape
    gray = np.pad(gray, ((0, -height % _BLOCK), (0, -width % _BLOCK)), mode="symmetric")
    plane = standardized(np.round(255 * gray / max(gray.max(), 1.0)))
    rows, columns = plane.shape[0] // _BLOCK, plane.shape[1] // _BLOCK
    blocks = plane.reshape(rows, _BLOCK, columns, _BLOCK).swapaxes(1, 2).reshape(-1, _BLOCK, _BLOCK)
    variance = blocks.var((1, 2), ddof=1)
    active = variance > _ACTIVE
    blocks, variance = blocks[active], variance[active]
    distorted = _impaired(blocks) * (1 - variance) + _noisy(blocks, np.sqrt(variance)) * variance
    return float(100 * (distorted.sum() + 1) / (len(blocks) + 1))


def _impaired(blocks: Floats) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return which blocks have a nearly constant segment on an edge, as blocks of JPEG and blurred ones do."""
    edges = np.stack([blocks[:, 0], blocks[:, -1], blocks[:, :, 0], blocks[:, :, -1]], 1)
    segments = sliding_window_view(edges, _SEGMENT, axis=2)
    return (segments.std(-1, ddof=1) < _IMPAIRED).any((1, 2))  # type: ignore[no-any-return]


def _noisy(blocks: Floats, deviation: Floats) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return which blocks deviate alike in their two middle columns and around them, as Gaussian noise does."""
    half = _BLOCK // 2
    middle = blocks[:, :, half - 1 : half + 1]
    around = np.delete(blocks, [half - 1, half + 1], 2)  # one beside the middle, as the public implementations have it
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.nan_to_num(middle.std((1, 2), ddof=1) / around.std((1, 2), ddof=1), posinf=0)
    return deviation > 2 * np.abs(deviation - ratio) / np.maximum(deviation, ratio)  # type: ignore[no-any-return]


PIQE = PictureMetric(
    "piqe", "Perception-based image quality evaluator",
    "100 (sum of block distortions + 1) / (active blocks + 1), blocks of 16 x 16",
    "Venkatanath et al., NCC 2015; no trained parameters", piqe, higher_is_better=False,
    note="In place of BRISQUE, since it needs no trained parameters. Gray levels are scaled to a maximum of 255.",
)  # fmt: skip
