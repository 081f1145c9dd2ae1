"""The metrics by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pielight.evaluate import fidelity
from pielight.evaluate.metrics.niqe import found_pristine, niqe

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Metric:
    """A measure of quality.

    Attributes:
        name: As the command line has it.
        title: As tables have it.
        formula: What is computed.
        source: Where it comes from.
        unit: dB, %, or nothing.
        higher_is_better: None if it is neither.
        low: Least value there is.
        high: Greatest value there is.
        needs: Besides the result: "reference", "input", "sequence".
        measure: Of a uint8 (H, W, 3) result, with ``reference`` and ``source`` by name.
    """

    name: str
    title: str
    formula: str
    source: str
    unit: str
    higher_is_better: bool | None
    low: float | None
    high: float | None
    needs: frozenset[str]
    measure: Callable[..., float]


def _psnr(result: Pixels, *, reference: Pixels | None = None, source: Pixels | None = None) -> float:
    assert reference is not None
    return fidelity.psnr(result, reference)


def _ssim(result: Pixels, *, reference: Pixels | None = None, source: Pixels | None = None) -> float:
    assert reference is not None
    return fidelity.ssim(result, reference)


def _mae(result: Pixels, *, reference: Pixels | None = None, source: Pixels | None = None) -> float:
    assert reference is not None
    return float(np.abs(result.astype(np.int16) - reference).mean())


def _niqe(result: Pixels, **_: Any) -> float:
    return niqe(result, found_pristine())


METRICS = {
    metric.name: metric
    for metric in (
        Metric("psnr", "PSNR", "10 log10(255^2 / MSE)", "", "dB", True, 0, None,
               frozenset({"reference"}), _psnr),
        Metric("ssim", "SSIM", "mean structural similarity", "Wang et al., TIP 2004", "", True, -1, 1,
               frozenset({"reference"}), _ssim),
        Metric("mae", "MAE", "mean |x - y|", "", "", False, 0, 255, frozenset({"reference"}), _mae),
        Metric("niqe", "NIQE", "distance of natural scene statistics", "Mittal et al., SPL 2013", "", False, 0,
               None, frozenset(), _niqe),
    )
}  # fmt: skip
