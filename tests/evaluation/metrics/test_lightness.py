"""LOE against a transcription of the loops of LOE.m."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data

from pielight.evaluation.metrics.lightness import loe

PHOTO = data.astronaut()[60:165, 150:290]


def plain(result: np.ndarray, source: np.ndarray) -> float:
    """LOE.m, loop by loop, with its indices from 1."""
    height, width = source.shape[:2]
    step = max(min(height, width) // 50, 1)
    points = [(i * step - 1, j * step - 1) for i in range(1, height // step + 1) for j in range(1, width // step + 1)]
    found = []
    for picture in (source.max(2), result.max(2)):
        around = [picture[max(i - 7, 0) : i + 8, max(j - 7, 0) : j + 8].max() for i, j in points]
        found.append(np.array(around))
    before, after = found
    return float(np.mean([((before >= p) != (after >= q)).sum() for p, q in zip(before, after, strict=True)]))


@pytest.mark.parametrize("size", [(105, 140), (50, 99), (101, 60), (30, 20), (3, 1)])
def test_by_plain_loops(size: tuple[int, int]) -> None:
    source = PHOTO[: size[0], : size[1]]
    noise = np.random.default_rng(0).normal(0, 30, source.shape)
    result = (source + noise).clip(0, 255).astype(np.uint8)
    assert loe(result, source) == pytest.approx(plain(result, source))
    assert loe(source, result) == pytest.approx(plain(result, source))


def test_no_rising_curve_changes_the_order_and_a_negative_reverses_it() -> None:
    levels = np.arange(256)
    assert loe((levels * 3 // 4 + 60).astype(np.uint8)[PHOTO // 2], PHOTO // 2) < loe(255 - PHOTO, PHOTO)
    rising = (levels // 2 + 40).astype(np.uint8)
    assert loe(np.array(levels + 100).astype(np.uint8)[PHOTO // 2], PHOTO // 2) == 0
    merged = loe(rising[PHOTO], PHOTO)  # only ties are made
    assert 0 < merged < loe(255 - PHOTO, PHOTO) / 10


def test_a_reversed_ramp_has_every_pair_reversed() -> None:
    ramp = np.repeat((np.arange(50) * 5).astype(np.uint8)[:, None], 50, 1)
    ramp = np.repeat(ramp[..., None], 3, 2)
    distinct = len(np.unique([ramp[max(i - 7, 0) : i + 8].max() for i in range(50)]))
    assert loe(255 - ramp, ramp) > 2500 * (1 - 1 / distinct) * 0.8
