"""Temporal noise: known noise on still and moving pictures."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from pielight.errors import DataError
from pielight.evaluation.metrics import METRICS
from pielight.evaluation.metrics.temporal_noise import camera_shift
from tests.clips import PHOTOS, light, pan, shot

Frames = list[NDArray[np.uint8]]
SIGMA = 3.0  # levels, the same in R, G and B
METRIC = METRICS["temporal-noise"]


def noisy(views: list[NDArray[np.float64]], sigma: float) -> Frames:
    random = np.random.default_rng(0)
    return [
        np.rint(view + sigma * random.standard_normal((*view.shape[:2], 1))).clip(0, 255).astype(np.uint8)
        for view in views
    ]


def flat(level: float, count: int = 4) -> list[NDArray[np.float64]]:
    return [np.full((96, 128, 3), level)] * count


def test_known_noise_of_a_flat_picture() -> None:
    for level, sigma in ((60.0, 3.0), (120.0, 3.0), (120.0, 8.0)):
        frames = noisy(flat(level), sigma)
        assert METRIC.measure(frames, source=frames) == pytest.approx(100 * np.hypot(sigma, 12**-0.5) / level, rel=0.04)


@pytest.mark.parametrize("photo", PHOTOS)
@pytest.mark.parametrize("step", [0, 4, 7])
def test_known_noise_of_a_still_and_of_a_panned_photograph(photo: str, step: int) -> None:
    """The noise is a share of the light, so that every block has the same relative noise."""
    picture = 60 + 120 * light(photo)[100:260]
    views = [picture[:, 20 + step * number : 180 + step * number].astype(np.float64) for number in range(4)]
    random = np.random.default_rng(0)
    frames = [
        np.rint(view * (1 + 0.03 * random.standard_normal((*view.shape[:2], 1)))).clip(0, 255).astype(np.uint8)
        for view in views
    ]
    assert METRIC.measure(frames, source=frames) == pytest.approx(3.0, rel=0.07)


def test_without_noise_there_is_little_even_between_pixels_and_with_a_zoom() -> None:
    for step, zoom in ((3.3, 1.0), (0.0, 1.01)):
        views = [60 + 120 * view.astype(np.float64) for view in pan(light("coffee"), 4, (120, 160), step, zoom)]
        clean, grainy = noisy(views, 0.0), noisy(views, SIGMA)
        assert METRIC.measure(clean, source=clean) < 0.35 * METRIC.measure(grainy, source=grainy)


def test_a_moving_object_and_flicker_do_not_count() -> None:
    views = []
    for number, level in enumerate((100.0, 108.0, 97.0, 104.0)):
        view = np.full((96, 128, 3), level)
        view[30:60, 10 + 12 * number : 40 + 12 * number] = 200
        views.append(view)
    frames = noisy(views, SIGMA)
    assert METRIC.measure(frames, source=frames) == pytest.approx(100 * SIGMA / 102.25, rel=0.05)


def test_brightening_does_not_change_it_and_an_average_of_frames_lowers_it() -> None:
    dark = noisy(flat(40), SIGMA)
    bright = [frame * np.uint8(4) for frame in dark]
    before = METRIC.measure(dark, source=dark)
    assert METRIC.measure(bright, source=dark) == pytest.approx(before, rel=1e-6)
    smooth = [
        np.rint((a.astype(float) + b + c) / 3).astype(np.uint8)
        for a, b, c in zip(dark, dark[1:], dark[2:], strict=False)
    ]
    # two averages of three, with two frames in common, differ by (a - d) / 3
    assert METRIC.measure(smooth, source=dark[2:]) == pytest.approx(before / 3, rel=0.1)


def test_the_shift_of_a_camera() -> None:
    for step in (-6, 0, 5):
        views = [np.asarray(light("chelsea")[40:140, start : start + 160, 1], float) for start in (50, 50 + step)]
        assert camera_shift(*views) == (0, -step)
    random = np.random.default_rng(0)
    for dark in ([shot(view, -3.5, random) for view in pan(light("coffee"), 2, (180, 320), 3.0)],):
        assert camera_shift(*(frame[..., 1].astype(float) for frame in dark)) == (0, -3)
    assert camera_shift(*(random.normal(20, 3, (96, 128)) for _ in range(2))) == (0, 0)
    assert camera_shift(np.zeros((20, 20)), np.zeros((20, 20))) == (0, 0)


def test_where_there_is_nothing_to_measure() -> None:
    black, small = [np.zeros((32, 32, 3), np.uint8)] * 2, [np.zeros((32, 15, 3), np.uint8)] * 2
    assert np.isnan(METRIC.measure(black, source=black))
    with pytest.raises(DataError, match="temporal-noise needs sides of at least 16 pixels"):
        METRIC.measure(small, source=small)
