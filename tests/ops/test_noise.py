"""Estimated noise against noise that is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from skimage import data

from pielight.ops.noise import MeasuredNoise, Noise, blur_correction, estimate


def to_linear(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)


def to_srgb(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(x <= 0.0031308, 12.92 * x, 1.055 * np.maximum(x, 1e-9) ** (1 / 2.4) - 0.055)


def noisy(picture: NDArray[np.float64], shot: float, read: float, blur: float = 0) -> NDArray[np.uint8]:
    drawn = np.random.default_rng(0).normal(size=picture.shape)
    if blur:
        drawn = gaussian_filter(drawn, (blur, blur, 0))
        drawn /= drawn.std()
    light = to_linear(picture)
    seen = to_srgb(np.clip(light + np.sqrt(shot * light + read) * drawn, 0, 1))
    return np.round(255 * seen).astype(np.uint8)


@pytest.mark.parametrize(("shot", "read"), [(4e-4, 1e-7), (2e-4, 0), (0, 2e-6)])
def test_the_model_is_what_the_physics_do(shot: float, read: float) -> None:
    for x in (0.1, 0.2, 0.5):
        flat = np.full((400, 400, 1), x)
        sigma = Noise(np.array([shot]), np.array([read]), 1 / 255).sigma(np.array([x]))[0]
        assert noisy(flat, shot, read).std() / 255 == pytest.approx(sigma, rel=0.1)


@pytest.mark.parametrize("blur", [0, 0.5])
def test_known_noise_is_found_on_a_ramp(blur: float) -> None:
    ramp = np.tile(np.linspace(0.03, 0.5, 512)[:, np.newaxis], (384, 1, 3))
    found = estimate(noisy(ramp, 5e-4, 1e-6, blur))
    true = Noise(np.full(3, 5e-4), np.full(3, 1e-6), 1 / 255)
    for x in (0.05, 0.2, 0.4):
        assert found.sigma(np.full(3, x)) == pytest.approx(true.sigma(np.full(3, x)), rel=0.25)


def test_channels_have_noise_of_their_own() -> None:
    drawn = np.random.default_rng(0).normal(size=(256, 256, 3)) * (0.01, 0.02, 0.04)
    assert estimate(0.3 + drawn).sigma(np.full(3, 0.3)) == pytest.approx([0.01, 0.02, 0.04], rel=0.15)


def test_a_photograph_without_noise_has_little() -> None:
    clean = data.astronaut()[::2, ::2]
    levels = 255 * estimate((clean * 0.4).astype(np.uint8)).sigma(np.full(3, 0.15))
    assert levels.max() < 1


def test_quantization_is_all_that_a_flat_picture_has() -> None:
    for dtype, scale in ((np.uint8, 255), (np.uint16, 65535)):
        flat = estimate(np.full((64, 64, 3), 50, dtype))
        assert flat.sigma(np.full(3, 0.3)) == pytest.approx(np.full(3, 1 / scale / 12**0.5))
    assert not estimate(np.full((64, 64, 1), 0.5)).sigma(np.array([0.5])).any()


def test_blurred_noise_is_corrected() -> None:
    assert blur_correction(0.5) == 1
    drawn = gaussian_filter(np.random.default_rng(0).normal(size=(1000, 1000)), 0.6)

    def seen(plane: NDArray[np.float64]) -> float:
        rows = plane[:-2] - 2 * plane[1:-1] + plane[2:]
        return float(np.square(rows[:, :-2] - 2 * rows[:, 1:-1] + rows[:, 2:]).mean() / 36)

    halved = drawn.reshape(500, 2, 500, 2).mean((1, 3))
    assert blur_correction(4 * seen(halved) / seen(drawn)) == pytest.approx(drawn.var() / seen(drawn), rel=0.1)


@settings(max_examples=40, deadline=None)
@given(
    size=st.tuples(st.integers(1, 60), st.integers(1, 60)),
    channels=st.sampled_from([1, 3]),
    dtype=st.sampled_from([np.uint8, np.uint16, np.float32, np.float64]),
    low=st.floats(0, 1),
)
def test_any_picture_has_an_estimate(size: tuple[int, int], channels: int, dtype: type, low: float) -> None:
    values = np.random.default_rng(0).uniform(low, 1, (*size, channels))
    scale = 1 if dtype in (np.float32, np.float64) else np.iinfo(dtype).max
    sigma = estimate((values * scale).astype(dtype)).sigma(values)
    assert sigma.shape == values.shape
    assert np.isfinite(sigma).all()
    assert (sigma >= 0).all()


@pytest.mark.parametrize("blur", [0.45, 0.6, 0.8])
def test_the_correction_is_that_of_the_covariance_of_blurred_noise(blur: float) -> None:
    def covariance(size: int) -> NDArray[np.float64]:
        """Of the pixels of a square, noise of variance 1 blurred by a Gaussian."""
        y, x = (each.ravel() for each in np.mgrid[:size, :size])
        squared = np.subtract.outer(y, y) ** 2 + np.subtract.outer(x, x) ** 2
        return np.exp(-squared / (4 * blur * blur))

    mask = np.outer([1, -2, 1], [1, -2, 1])  # Immerkaer's
    seen = mask.ravel() @ covariance(3) @ mask.ravel() / 36
    coarse = np.kron(mask, np.full((2, 2), 1 / 4)).ravel()  # of means of 2 x 2 pixels
    seen_averaged = coarse @ covariance(6) @ coarse / 36
    assert blur_correction(4 * seen_averaged / seen) == pytest.approx(1 / seen, rel=0.02)


def test_what_was_measured_counts_unless_it_is_much_less() -> None:
    x, shot, read = np.array([0.3]), np.array([1e-3]), np.zeros(1)
    modeled = Noise(shot, read).sigma(x)[0]
    for measured, expected in ((2.0, 2.0), (0.8, 0.8), (0.1, 0.7)):
        noise = MeasuredNoise(shot, read, 0.0, x, np.array([measured * modeled]))
        assert noise.sigma(x)[0] == pytest.approx(expected * modeled, rel=1e-5)
