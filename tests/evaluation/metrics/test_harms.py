"""Clipping, noise, neutrals, halos and flicker: drawn pictures whose harm is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from skimage import data
from skimage.color import rgb2lab

from pielight.errors import DataError
from pielight.evaluation.metrics import METRICS
from pielight.evaluation.metrics.color import neutral_shift
from pielight.evaluation.metrics.flicker import flicker
from pielight.evaluation.metrics.halo import halo
from pielight.evaluation.metrics.lightness import clipped, near_white, tone_curve
from pielight.evaluation.metrics.noise import noise_gain

PHOTO = data.astronaut()[:240, 100:360]
DARK = np.round(255 * (PHOTO / 255) ** 2.2 * 0.5).astype(np.uint8)
RANDOM = np.random.default_rng(0)


def gray(plane: np.ndarray) -> np.ndarray:
    return np.repeat(np.round(plane).clip(0, 255).astype(np.uint8)[..., None], 3, 2)


def test_clipped_counts_pixels_of_which_any_channel_is_at_the_end() -> None:
    source, result = np.zeros((2, 10, 10, 3), np.uint8)
    result[:3, :, 1], result[3, :, 0], source[:1, :, 2] = 255, 253, 254
    assert clipped(result, source) == pytest.approx(0.3 - 0.1)
    assert clipped(source, result) == pytest.approx(0.1 - 0.3)


def test_near_white_counts_what_was_not_so_in_the_input() -> None:
    source, result = np.full((2, 10, 10, 3), 153, np.uint8)
    result[:4, :, 1], result[4, :, 0] = 240, 239
    source[:1] = 250
    assert near_white(result, source) == pytest.approx(0.3)
    assert clipped(result, source) == 0  # which is blind to it
    assert near_white(source, source) == 0


@pytest.mark.parametrize("growth", [0.3, 1.0, 2.0])
def test_noise_gain_is_the_growth_that_was_drawn(growth: float) -> None:
    grain = RANDOM.normal(0, 1, (160, 160))
    source, result = gray(40 + 4 * grain), gray(120 + 12 * growth * grain)
    assert noise_gain(result, source) == pytest.approx(growth, rel=0.03)
    plain = gray(120 + 12 * grain)  # against the same brightness without denoising
    assert noise_gain(result, plain) == pytest.approx(growth, rel=0.03)


@pytest.mark.parametrize("exponent", [0.4, 0.7])
def test_noise_gain_of_a_curve_is_its_local_exponent(exponent: float) -> None:
    source = gray(60 + RANDOM.normal(0, 3, (160, 160)))
    assert noise_gain(gray(255 * (source[..., 0] / 255) ** exponent), source) == pytest.approx(exponent, rel=0.05)


def test_noise_gain_grows_with_grain_on_a_photograph_and_ignores_edges() -> None:
    values = []
    for sigma in (0, 3, 8, 20):
        noise = np.random.default_rng(1).normal(0, sigma, DARK.shape)
        values.append(noise_gain((DARK * 2.0 + noise).clip(0, 255).round().astype(np.uint8), DARK))
    assert values == sorted(values)
    assert values[0] == pytest.approx(1, abs=0.01)
    assert values[3] > 2
    assert math.isnan(noise_gain(gray(np.full((64, 64), 90.0)), gray(np.full((64, 64), 30.0))))


def test_neutral_shift_is_the_chroma_of_the_tint() -> None:
    source = np.full((32, 32, 3), 50, np.uint8)
    tint = np.array([150, 140, 120], np.uint8)
    _, a, b = rgb2lab(tint[None, None])[0, 0]
    assert neutral_shift(np.broadcast_to(tint, source.shape), source) == pytest.approx(np.hypot(a, b), abs=0.02)


def test_neutral_shift_of_scaled_light_is_nothing_and_colors_do_not_count() -> None:
    light = RANDOM.uniform(0.02, 0.1, (64, 64, 1)) * np.array([1.0, 0.97, 0.95])
    srgb = lambda x: np.round(255 * (1.055 * x ** (1 / 2.4) - 0.055)).astype(np.uint8)  # noqa: E731
    assert neutral_shift(srgb(light * 6), srgb(light)) < 0.3
    red = np.broadcast_to(np.array([120, 30, 30], np.uint8), (16, 16, 3))
    assert math.isnan(neutral_shift(red, red))
    half = np.concatenate([red, np.full((16, 16, 3), 80, np.uint8)])
    assert neutral_shift(np.concatenate([red[..., ::-1], half[16:]]), half) == pytest.approx(0, abs=1e-6)


def test_neutral_shift_grows_with_a_tint_on_a_photograph() -> None:
    values = [neutral_shift((PHOTO * np.array([1, 1, 1 - t])).astype(np.uint8), PHOTO) for t in (0, 0.05, 0.1, 0.3)]
    assert values == sorted(values)
    assert values[0] == pytest.approx(0, abs=1e-6)


def test_the_tone_curve_is_the_nearest_rising_one() -> None:
    before = np.array([[10, 10, 20, 20, 30]], np.uint8)
    after = np.array([[40, 60, 30, 30, 90]], np.uint8)  # means 50, 30, 90: the first two pool to 40
    curve = tone_curve(before, after)
    assert curve[[0, 10, 20, 25, 30, 255]].tolist() == [40, 40, 40, 65, 90, 90]
    assert (np.diff(curve) >= 0).all()


def step_with_halo(height: float, width: float = 6.0) -> tuple[np.ndarray, np.ndarray]:
    """Draw a dark and a bright half, tripled, with a glow and a dark seam of a known height along the edge."""
    x = np.arange(256) - 127.5
    source = np.where(x < 0, 25, 60) + np.zeros((200, 1))
    ringing = -np.sign(x) * np.exp(-np.abs(x) / width)
    return gray(source * 3 + height * ringing), gray(source)


def test_halo_rises_in_proportion_to_the_halo_drawn() -> None:
    heights = np.array([0, 4, 8, 16, 32])
    values = np.array([halo(*step_with_halo(height)) for height in heights])
    assert values[0] == 0
    assert (np.diff(values) > 0).all()
    assert values[1:] / heights[1:] == pytest.approx(values[4] / 32, rel=0.15)


def test_halo_by_its_definition_in_one_dimension() -> None:
    result, source = step_with_halo(32)
    row, x = result[0, :, 0].astype(float), np.arange(256) - 127.5
    dark = x < 0
    left = row - np.where(dark, row[dark].mean(), row[~dark].mean())
    weights = np.exp(-((x[:, None] - x) ** 2) / (2 * 12.5**2)) * (dark[:, None] == dark)
    height = gaussian_filter(left - weights @ left / weights.sum(1), 1)
    near = np.abs(x) <= 2 + 12.5  # the smoothed step rises by 10 levels a pixel within 2 pixels of its middle
    assert halo(result, source) == pytest.approx(np.abs(height[near]).mean(), rel=0.1)


def test_halo_is_blind_to_curves_and_to_slow_changes() -> None:
    for exponent in (0.3, 0.6, 1.5):
        assert halo(np.round(255 * (DARK / 255) ** exponent).astype(np.uint8), DARK) < 1e-9
    slow = np.linspace(1.8, 2.2, DARK.shape[1])[:, None]
    glowing = DARK * 2 + 0.5 * (DARK * 2.0 - gaussian_filter(DARK * 2.0, (6, 6, 0)))
    value = halo((DARK * slow).clip(0, 255).round().astype(np.uint8), DARK)
    assert value < halo(glowing.clip(0, 255).round().astype(np.uint8), DARK) / 3


def test_halo_grows_with_unsharp_masking_on_a_photograph() -> None:
    bright = 255 * (DARK / 255) ** 0.5
    detail = bright - gaussian_filter(bright, (5, 5, 0))
    values = [halo((bright + k * detail).clip(0, 255).round().astype(np.uint8), DARK) for k in (0, 0.2, 0.5, 1)]
    assert values == sorted(values)
    assert values[0] < 1e-9
    assert math.isnan(halo(gray(np.full((64, 64), 90.0)), gray(np.full((64, 64), 30.0))))


def test_halo_is_seen_in_dark_results_too() -> None:
    result, source = step_with_halo(12)
    darker, _ = result // 3, source  # the same halo at the input's brightness
    assert halo(darker, source) == pytest.approx(halo(result, source) / 3, rel=0.25)


def test_flicker_is_the_change_that_was_drawn() -> None:
    source = [DARK] * 4
    results = [(DARK * 2 + offset).astype(np.uint8) for offset in (0, 5, 0, 5)]
    assert flicker(results, source) == pytest.approx(5)
    assert flicker([DARK * 2] * 4, source) == 0


def test_flicker_allows_what_the_input_does() -> None:
    moving = [np.roll(DARK, shift, 1) for shift in (0, 3, 6)]
    curve = np.round(255 * (np.arange(256) / 255) ** 0.5).astype(np.uint8)
    assert flicker([curve[frame] for frame in moving], moving) < 0.05
    fading = [(DARK * gain).astype(np.uint8) for gain in (1, 0.9, 0.8)]
    assert flicker([curve[frame] for frame in fading], fading) < 0.5
    auto = [np.round(frame * 60.0 / frame.mean()).clip(0, 255).astype(np.uint8) for frame in (moving[0], *fading[1:])]
    assert flicker(auto, fading) > 2


def test_flicker_grows_with_the_change_of_strength() -> None:
    values = []
    for change in (0, 0.1, 0.3):
        values.append(flicker([(DARK * (2 - change * (t % 2))).astype(np.uint8) for t in range(4)], [DARK] * 4))
    assert values == sorted(values)
    assert values[0] == 0


def test_odd_sequences_are_named() -> None:
    measure = METRICS["flicker"].measure
    with pytest.raises(DataError, match="at least two frames, not 1"):
        measure([PHOTO], source=[DARK])
    with pytest.raises(DataError, match="different numbers of frames: result 3, input 2"):
        measure([PHOTO] * 3, source=[DARK] * 2)
    with pytest.raises(DataError, match="consecutive frames, not one result"):
        measure(PHOTO, source=[DARK] * 2)
    with pytest.raises(DataError, match="different sizes: result 260 x 240 and 260 x 9, input 260 x 240"):
        measure([PHOTO, PHOTO[:9]], source=[DARK] * 2)
