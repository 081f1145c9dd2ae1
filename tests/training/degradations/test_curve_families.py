"""Curve families against colorsys, scikit-image and plain NumPy, and the properties that all of them share."""

from __future__ import annotations

import colorsys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.color import rgb2hsv
from skimage.exposure import adjust_gamma, adjust_log

from pielight.ops.exposure import exposure_curve
from pielight.training.degradations.curve_families import (
    FAMILIES,
    anchored_log_curve,
    filmic_curve,
    gamma_curve,
    log_curve,
    tone_curve,
)

AMOUNTS = st.floats(-8, 8, allow_subnormal=False)
families = pytest.mark.parametrize("name", FAMILIES)


def draw(n: int = 4, side: int = 8) -> torch.Tensor:
    return torch.rand(n, 3, side, side, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def number(value: float) -> torch.Tensor:
    return torch.tensor(value, dtype=torch.float64)


def by_value(picture: np.ndarray, curve) -> np.ndarray:  # type: ignore[no-untyped-def]
    """Apply a curve to the HSV value of every pixel (3, H, W) with Python's own conversion."""
    out = np.empty_like(picture)
    for y in range(picture.shape[1]):
        for x in range(picture.shape[2]):
            h, s, v = colorsys.rgb_to_hsv(*picture[:, y, x])
            out[:, y, x] = colorsys.hsv_to_rgb(h, s, curve(v))
    return out


def linear(srgb: np.ndarray) -> np.ndarray:
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def srgb(light: np.ndarray) -> np.ndarray:
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize("gamma", [6.0, 0.2])
def test_gamma_is_a_power_of_rgb(gamma: float) -> None:
    pictures = draw()
    np.testing.assert_allclose(gamma_curve(pictures, number(gamma)).numpy(), adjust_gamma(pictures.numpy(), gamma))


@pytest.mark.parametrize("exponent", [6.0, 0.1])
def test_tone_mapping_is_a_power_of_the_hsv_value(exponent: float) -> None:
    picture = draw(1)
    found = tone_curve(picture, number(exponent))[0].numpy()
    np.testing.assert_allclose(found, by_value(picture[0].numpy(), lambda v: v**exponent), atol=1e-9)


@pytest.mark.parametrize("scale", [10.0, 40.0])
def test_logarithm_is_taken_of_the_hsv_value_on_the_8_bit_scale(scale: float) -> None:
    picture = draw(1)
    found = log_curve(picture, number(scale))[0].numpy()
    plain = by_value(picture[0].numpy(), lambda v: scale * np.log(1 + 255 * v) / 255)
    np.testing.assert_allclose(found, plain, atol=1e-9)


def test_the_anchored_logarithm_at_ln_2_is_that_of_scikit_image() -> None:
    picture = draw(1)  # adjust_log: log2(1 + v), and its inverse 2^v - 1
    for sign, inverse in ((1, False), (-1, True)):
        found = anchored_log_curve(picture, number(sign * np.log(2)))[0].numpy()
        plain = by_value(picture[0].numpy(), lambda v, inverse=inverse: adjust_log(np.array([v]), inv=inverse)[0])
        np.testing.assert_allclose(found, plain, atol=1e-9)


@pytest.mark.parametrize("stops", [-5.0, -0.5, 0.5, 4.0])
def test_filmic_exposure_is_the_aces_fit_after_its_inverse(stops: float) -> None:
    scene = np.linspace(0, 30, 400_001)  # the inverse by a table, not by the formula
    mapped = scene * (2.51 * scene + 0.03) / (scene * (2.43 * scene + 0.59) + 0.14)
    picture = draw()
    light = np.interp(linear(picture.numpy()), mapped, scene) * 2**stops
    plain = srgb(np.clip(light * (2.51 * light + 0.03) / (light * (2.43 * light + 0.59) + 0.14), 0, 1))
    np.testing.assert_allclose(filmic_curve(picture, number(stops)).numpy(), plain, atol=2e-5)


@pytest.mark.parametrize("stops", [-3.0, 2.0])
def test_the_moebius_curve_is_that_of_exposure_maps(stops: float) -> None:
    picture = draw()
    plain = srgb(exposure_curve(linear(picture.numpy()), stops))
    np.testing.assert_allclose(FAMILIES["moebius"](picture, number(stops)).numpy(), plain, atol=1e-9)


@pytest.mark.parametrize("stops", [-3.0, 2.0])
def test_exposure_is_linear_light_that_clips(stops: float) -> None:
    picture = draw()
    plain = srgb(np.clip(linear(picture.numpy()) * 2**stops, 0, 1))
    np.testing.assert_allclose(FAMILIES["exposure"](picture, number(stops)).numpy(), plain, atol=1e-9)
    assert (plain > 1 - 1e-9).any() == (stops > 0)


@families
def test_amount_0_is_the_identity(name: str) -> None:
    pictures = draw().float()
    torch.testing.assert_close(FAMILIES[name](pictures, torch.zeros(4, 1, 1, 1)), pictures, rtol=0, atol=1e-6)
    near = FAMILIES[name](pictures, torch.tensor(1e-3))
    assert 0 < (near - pictures).abs().max() < 1e-3


@families
@settings(max_examples=40, deadline=None)
@given(amounts=st.tuples(AMOUNTS, AMOUNTS), levels=st.lists(st.floats(0, 1), min_size=2, max_size=2))
def test_curves_keep_the_range_and_rise_with_level_and_amount(
    name: str, amounts: tuple[float, float], levels: list[float]
) -> None:
    low, high = sorted(amounts)
    ramp = torch.tensor(sorted(levels), dtype=torch.float32).view(1, 1, 1, 2).expand(1, 3, 1, 2)
    less, more = (FAMILIES[name](ramp, torch.tensor(amount)) for amount in (low, high))
    for made in (less, more):
        assert torch.isfinite(made).all()
        assert made.min() >= 0
        assert made.max() <= 1 + 1e-6
        assert made[..., 1].min() >= made[..., 0].max() - 1e-6
    assert (more >= less - 1e-6).all()


@families
def test_amounts_may_differ_from_pixel_to_pixel(name: str) -> None:
    pictures = draw(2).float()
    amounts = torch.linspace(-2, 2, 64).view(1, 1, 8, 8).expand(2, 1, 8, 8)
    together = FAMILIES[name](pictures, amounts)
    alone = FAMILIES[name](pictures[:, :, 3:4, 5:6], amounts[0, 0, 3, 5])
    torch.testing.assert_close(together[:, :, 3:4, 5:6], alone)


@pytest.mark.parametrize("name", ["tone", "log"])
@pytest.mark.parametrize("amount", [-2.0, 2.0])
def test_curves_of_the_hsv_value_keep_hue_and_saturation(name: str, amount: float) -> None:
    picture = draw(1)
    before, after = (
        rgb2hsv(item[0].permute(1, 2, 0).numpy()) for item in (picture, FAMILIES[name](picture, number(amount)))
    )
    np.testing.assert_allclose(after[..., :2], before[..., :2], atol=1e-9)
    assert abs(after[..., 2] - before[..., 2]).mean() > 0.1


@families
def test_black_stays_black(name: str) -> None:
    black = torch.zeros(1, 3, 2, 2)
    for amount in (-8.0, 8.0):
        assert torch.equal(FAMILIES[name](black, torch.tensor(amount)), black)
