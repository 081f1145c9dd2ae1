"""Darkening of raw pictures: exposure, noise, and colors that only clipping before white balance makes."""

from __future__ import annotations

import pytest
import torch
from torch import Generator

from pielight.core.color_torch import srgb_to_linear
from pielight.training.degradations.raw_darkening import darken_raw
from pielight.training.schema.degradations import RawDarkeningConfig

CLEAN = RawDarkeningConfig(shot_noise=(1e-12, 1e-12), compressed=0)
NOISY = RawDarkeningConfig(shot_noise=(1e-3, 1e-3), compressed=0)


def gray(level: float = 0.5, side: int = 32) -> torch.Tensor:
    return torch.full((3, side, side), level)


def made(picture: torch.Tensor, ev: float, config: RawDarkeningConfig, seed: int) -> torch.Tensor:
    return darken_raw(picture, ev, config, Generator().manual_seed(seed))


def test_results_are_8_bits_and_follow_from_the_seed() -> None:
    picture = torch.rand(3, 24, 40, generator=Generator().manual_seed(0))
    one, same, other = (made(picture, -2, RawDarkeningConfig(), seed) for seed in (3, 3, 4))
    assert one.shape == picture.shape
    assert torch.equal((one * 255).round(), one * 255)
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_without_noise_0_ev_gives_the_picture_up_to_a_cast() -> None:
    for seed in range(8):
        assert (made(gray(), 0.0, CLEAN, seed) - 0.5).abs().max() < 0.1


def test_darker_exposures_are_darker() -> None:
    for seed in range(4):
        means = [made(gray(), ev, CLEAN, seed).mean() for ev in (0.0, -1.0, -3.0, -6.0)]
        assert means == sorted(means, reverse=True)


def test_a_plain_camera_darkens_linear_light() -> None:
    seeds = [seed for seed in range(60) if float(torch.rand(1, generator=Generator().manual_seed(seed))) < 0.6]
    ratios = [
        srgb_to_linear(made(gray(), -3.0, CLEAN, seed)).mean() / srgb_to_linear(torch.tensor(0.5)) for seed in seeds
    ]
    assert float(torch.stack(ratios).mean()) == pytest.approx(1 / 8, rel=0.15)


def test_shadows_take_colors_that_clipping_before_white_balance_makes() -> None:
    """Noise around black is cut at 0, so that its mean rises; red and blue more than green, by their gains."""
    dark = torch.stack([made(gray(0.05, 64), -6.0, NOISY, seed).mean((1, 2)) for seed in range(12)]).mean(0)
    assert dark[0] > dark[1]
    assert dark[2] > dark[1]


def test_maps_of_exposures() -> None:
    ev = torch.zeros(1, 32, 32)
    ev[..., 16:] = -4
    dark = darken_raw(gray(), ev, CLEAN, Generator().manual_seed(0))
    assert dark[..., :16].mean() > 2 * dark[..., 16:].mean()


def test_some_pass_through_jpeg() -> None:
    picture = torch.rand(3, 32, 32, generator=Generator().manual_seed(0))
    plain, compressed = (
        made(picture, -1, RawDarkeningConfig(shot_noise=(1e-12, 1e-12), compressed=share), 0) for share in (0, 1)
    )
    assert not torch.equal(plain, compressed)
