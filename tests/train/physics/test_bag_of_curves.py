"""Bag of Curves against colorsys and plain NumPy."""

from __future__ import annotations

import colorsys
from typing import get_args

import numpy as np
import pytest
import torch

from pielight.errors import ConfigError
from pielight.train.physics.bag_of_curves import PRESETS, Side, bag, gamma_curve, log_curve, negatives, tone_curve


def draw(n: int = 4, side: int = 8) -> torch.Tensor:
    return torch.rand(n, 3, side, side, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def by_value(picture: np.ndarray, curve) -> np.ndarray:  # type: ignore[no-untyped-def]
    """Apply a curve to the HSV value of every pixel (3, H, W) with Python's own conversion."""
    out = np.empty_like(picture)
    for y in range(picture.shape[1]):
        for x in range(picture.shape[2]):
            h, s, v = colorsys.rgb_to_hsv(*picture[:, y, x])
            out[:, y, x] = colorsys.hsv_to_rgb(h, s, curve(v))
    return out


def test_gamma_is_a_power_of_rgb() -> None:
    pictures = draw()
    np.testing.assert_allclose(gamma_curve(pictures, torch.tensor(6.0)).numpy(), pictures.numpy() ** 6.0)


@pytest.mark.parametrize("exponent", [6.0, 0.1])
def test_tone_mapping_is_a_power_of_the_hsv_value(exponent: float) -> None:
    picture = draw(1)
    found = tone_curve(picture, torch.tensor(exponent, dtype=torch.float64))[0].numpy()
    np.testing.assert_allclose(found, by_value(picture[0].numpy(), lambda v: v**exponent), atol=1e-9)


@pytest.mark.parametrize("scale", [10.0, 40.0])
def test_logarithm_is_taken_of_the_hsv_value_on_the_8_bit_scale(scale: float) -> None:
    picture = draw(1)
    found = log_curve(picture, torch.tensor(scale, dtype=torch.float64))[0].numpy()
    plain = by_value(picture[0].numpy(), lambda v: scale * np.log(1 + 255 * v) / 255)
    np.testing.assert_allclose(found, plain, atol=1e-9)


def test_the_paper_s_parameters() -> None:
    paper = bag("paper")
    assert (paper.gamma_under, paper.gamma_over[1]) == ((5.0, 8.0), 0.2)
    assert (paper.tone_under, paper.tone_over) == ((6.0, 6.0), (0.1, 0.1))
    assert (paper.log_under, paper.log_over) == ((10.0, 10.0), (40.0, 40.0))


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("side", get_args(Side))
def test_negatives_lie_on_their_side_and_in_range(preset: str, side: Side) -> None:
    pictures = torch.full((64, 3, 2, 2), 0.5)
    made = negatives(pictures, bag(preset), side, torch.Generator().manual_seed(1))
    assert made.shape == pictures.shape
    assert made.min() >= 0
    assert made.max() <= 1
    assert ((made < 0.5) if side == "under" else (made > 0.5)).all()
    assert len(made[:, 0, 0, 0].unique()) > (2 if preset == "paper" else 30)  # families, and continuous parameters


def test_the_mild_bag_is_milder() -> None:
    pictures = torch.full((256, 3, 1, 1), 0.5)
    for side in get_args(Side):
        gaps = [
            (negatives(pictures, bag(name), side, torch.Generator().manual_seed(2)) - 0.5).abs().mean()
            for name in ("mild", "paper")
        ]
        assert gaps[0] < gaps[1]


def test_draws_follow_the_seed() -> None:
    pictures = draw(16).float()
    first, again, other = (
        negatives(pictures, bag("mild"), "over", torch.Generator().manual_seed(seed)) for seed in (3, 3, 4)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_black_stays_finite() -> None:
    black = torch.zeros(8, 3, 2, 2)
    for side in get_args(Side):
        assert torch.equal(negatives(black, bag("paper"), side, torch.Generator().manual_seed(5)), black)


def test_unknown_preset() -> None:
    with pytest.raises(ConfigError, match="paper or mild"):
        bag("wild")
