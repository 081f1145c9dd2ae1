"""The contract of every metric: what it needs, what it refuses, and what its best and worst values are."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter
from skimage import data

from pielight.errors import DataError
from pielight.evaluation.metric_spec import PictureMetric
from pielight.evaluation.metrics import METRICS
from pielight.evaluation.metrics.niqe import Pristine

PHOTO = data.astronaut()[:224, 100:340]
DARK = (PHOTO // 4).astype(np.uint8)
HERE = {name: metric for name, metric in METRICS.items() if name not in ("lpips", "niqe", "niqe2", "niqe-own")}
PAIRED = [metric for metric in HERE.values() if "reference" in metric.needs and "brightness" not in metric.name]
PERFECT = {
    **{
        "psnr": math.inf,
        "ssim": 1.0,
        "ssim-gray": 1.0,
        "ms-ssim": 1.0,
        "ms-ssim-rgb": 1.0,
        "mae": 0.0,
        "ciede2000": 0.0,
        "loe": 0.0,
    },
    **{"brightness-error": 0.0, "clipped": 0.0, "near-white": 0.0},
    **{"noise-gain": 1.0, "halo": 0.0, "unchanged": 60.0, "flicker": 0.0},
}


def measured(metric: PictureMetric, result: np.ndarray, other: np.ndarray) -> float:
    """Measure one picture, or three frames of it."""
    if "sequence" in metric.needs:
        return metric.measure([result] * 3, reference=[other] * 3, source=[other] * 3)
    return metric.measure(result, reference=other, source=other)


def test_names_and_words_are_whole() -> None:
    assert set(METRICS) == {
        *(
            "psnr",
            "ssim",
            "ssim-gray",
            "ms-ssim",
            "ms-ssim-rgb",
            "mae",
            "ciede2000",
            "lpips",
            "niqe",
            "niqe2",
            "niqe-own",
            "piqe",
            "loe",
        ),
        *("dark30", "brightness-error", "brightness-spread", "clipped", "near-white"),
        *("noise-gain", "neutral-shift", "skin-hue", "sky-hue", "halo", "unchanged", "flicker"),
        "temporal-noise",
    }
    for name, metric in METRICS.items():
        assert metric.name == name
        assert metric.title
        assert metric.formula
        assert metric.source
        assert metric.higher_is_better in (True, False, None)
        assert metric.needs <= {"reference", "input", "sequence"}


@pytest.mark.parametrize("name", PERFECT)
def test_an_equal_picture_has_the_perfect_value(name: str) -> None:
    assert measured(METRICS[name], PHOTO, PHOTO) == pytest.approx(PERFECT[name], abs=1e-6)


@pytest.mark.parametrize("metric", PAIRED, ids=lambda metric: metric.name)
def test_distances_are_symmetric_and_grow_with_noise_and_blur(metric: PictureMetric) -> None:
    sign = 1 if metric.higher_is_better else -1
    grain = np.random.default_rng(0).normal(0, 1, PHOTO.shape)
    noisy = [(PHOTO + grain * sigma).clip(0, 255).astype(np.uint8) for sigma in (0, 4, 12, 40)]
    blurred = [gaussian_filter(PHOTO, (sigma, sigma, 0)) for sigma in (0, 1, 3, 8)]
    for pictures in (noisy, blurred):
        values = [sign * metric.measure(picture, reference=PHOTO) for picture in pictures]
        assert values == sorted(values, reverse=True)
        assert len(set(values)) == 4
    there, back = metric.measure(noisy[2], reference=PHOTO), metric.measure(PHOTO, reference=noisy[2])
    assert there == pytest.approx(back, rel=0.01)


@pytest.mark.parametrize("metric", HERE.values(), ids=lambda metric: metric.name)
@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), lowest=st.integers(0, 250), span=st.integers(1, 255))
def test_values_stay_in_their_range(metric: PictureMetric, seed: int, lowest: int, span: int) -> None:
    random = np.random.default_rng(seed)
    shape = (176, 165, 3) if "ms-ssim" in metric.name else (40, 33, 3)
    result = random.integers(lowest, min(lowest + span, 256), shape).astype(np.uint8)
    other = random.integers(0, 1 + span, shape).clip(0, 255).astype(np.uint8)
    value = measured(metric, result, other)
    assert math.isnan(value) or (metric.low is None or value >= metric.low)
    assert math.isnan(value) or (metric.high is None or value <= metric.high + 1e-6)


@pytest.mark.parametrize("metric", HERE.values(), ids=lambda metric: metric.name)
def test_gray_is_color_with_equal_channels(metric: PictureMetric) -> None:
    gray, dark = PHOTO[..., 1], DARK[..., 1]
    whole = measured(metric, np.repeat(gray[..., None], 3, 2), np.repeat(dark[..., None], 3, 2))
    assert measured(metric, gray, dark) == pytest.approx(whole, nan_ok=True)
    assert measured(metric, gray[..., None], dark[..., None]) == pytest.approx(whole, nan_ok=True)


@pytest.mark.parametrize("metric", HERE.values(), ids=lambda metric: metric.name)
def test_pictures_of_one_pixel_give_a_value_or_one_line(metric: PictureMetric) -> None:
    pixel = np.full((1, 1, 3), 9, np.uint8)
    try:
        assert isinstance(measured(metric, pixel, pixel), float)
    except DataError as error:
        assert "1 x 1" in str(error)  # noqa: PT017
        assert metric.name in ("ssim", "ssim-gray", "ms-ssim", "ms-ssim-rgb", "piqe", "noise-gain", "temporal-noise")


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.name)
def test_black_and_white_pictures_give_a_value_without_a_warning(
    metric: PictureMetric, recwarn: pytest.WarningsRecorder
) -> None:
    if metric.name in ("lpips", "niqe2", "niqe-own"):
        pytest.skip("needs its package, or parameters")
    for result, other in ((0, 0), (255, 0), (0, 255), (255, 255)):
        pictures = [np.full((192, 192, 3), level, np.uint8) for level in (result, other)]
        if metric.name == "niqe":
            assert math.isnan(metric.function(pictures[0], Pristine(np.zeros(36), np.eye(36))))
        else:
            assert isinstance(measured(metric, *pictures), float)
    assert [str(warning.message) for warning in recwarn] == []


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.name)
def test_what_is_missing_or_odd_is_named(metric: PictureMetric) -> None:
    small = PHOTO[:50, :40]
    if metric.needs:
        with pytest.raises(DataError, match=f"{metric.name} needs"):
            metric.measure(PHOTO)
        with pytest.raises(DataError, match=r"different sizes: result 40 x 50, (input|reference) 240 x 224"):
            measured(metric, small, PHOTO)
    for odd in (PHOTO / 255, PHOTO[..., :2], PHOTO[:0], PHOTO[0, 0]):
        with pytest.raises(DataError, match=f"{metric.name}: the result is"):
            measured(metric, odd, PHOTO)


def test_a_metric_gets_only_what_it_uses() -> None:
    assert METRICS["mae"].measure(PHOTO, reference=PHOTO, source=PHOTO[:9]) == 0
    assert METRICS["clipped"].measure(PHOTO, reference=PHOTO[:9], source=PHOTO) == 0
    assert METRICS["neutral-shift"].measure(PHOTO, reference=PHOTO, source=DARK) == 0


def test_workers_can_have_every_metric() -> None:
    for name, metric in METRICS.items():
        assert pickle.loads(pickle.dumps(metric)).function == metric.function, name  # noqa: S301 - our own
