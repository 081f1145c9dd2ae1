"""The plan for a large picture takes little memory."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest

from pielight import CurveLattice
from pielight.inference.denoise_plan import plan
from pielight.options import EnhanceOptions

WIDTH, HEIGHT = 6000, 4000
LIMIT = 75  # megabytes; one float32 map of three channels is 18


@pytest.mark.parametrize("denoise", ["auto", 1])
def test_plan_of_24_megapixels(denoise: Any) -> None:
    noisy = np.random.default_rng(0).integers(20, 60, (HEIGHT, WIDTH, 3), np.uint8)
    bright = CurveLattice(np.full((8, 3, 4, 4), -0.4))
    tracemalloc.start()
    try:
        found = plan(noisy, bright, EnhanceOptions(denoise=denoise), threads=1)
        peak = tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()
    assert found is not None
    assert peak < LIMIT
