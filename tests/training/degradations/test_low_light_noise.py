"""The physics that the denoiser learns from, against what is known of noise."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from pielight.training.degradations.low_light_noise import (
    Camera,
    denoising_batch,
    draw_camera,
    exposed,
    unit_noise,
)
from pielight.training.schema import LowLightNoiseConfig

PLAIN = LowLightNoiseConfig(
    correlated=0, demosaicked=0, blotches=0, row_noise=0, black_level=0, high_bit_depth=1, jpeg=0, level_error=0
)


@pytest.fixture
def flat() -> torch.Tensor:
    return torch.linspace(0.3, 0.7, 16).view(16, 1, 1, 1).expand(16, 3, 64, 64).clone()


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("how", [PLAIN, replace(PLAIN, correlated=0.5, demosaicked=0.5, high_bit_depth=0.15)])
def test_the_level_is_that_of_the_noise(flat: torch.Tensor, how: LowLightNoiseConfig) -> None:
    drawn = denoising_batch(flat, how, seeded())
    noise = (drawn.noisy - drawn.clean).square().mean((2, 3)).sqrt()
    level = drawn.level.square().mean((2, 3)).sqrt()
    assert drawn.level.shape == (16, 3, 16, 16)
    # Not where one step of quantization is all that there is: rounding moves flat pictures by up to half a step.
    loud = level > 0.01
    assert loud.sum() > 10
    assert (noise[loud] / level[loud]).log().abs().median() < 0.1


def test_brightness_is_brought_back(flat: torch.Tensor) -> None:
    drawn = denoising_batch(
        flat,
        LowLightNoiseConfig(stops=(-3, -1), brightness=(1, 1), shot_noise=(1e-6, 1e-6), read_noise=(1e-9, 1e-9)),
        seeded(),
    )
    assert drawn.clean.mean((1, 2, 3)) == pytest.approx(flat.mean((1, 2, 3)), abs=0.12)


def test_a_clean_exposure_stays_clean(flat: torch.Tensor) -> None:
    drawn = denoising_batch(
        flat,
        LowLightNoiseConfig(
            high_bit_depth=1, jpeg=0, shot_noise=(1e-12, 1e-12), read_noise=(1e-14, 1e-14), stops=(0, 0)
        ),
        seeded(),
    )
    assert (drawn.noisy - drawn.clean).abs().max() < 1e-3
    assert drawn.level.max() < 1e-3


@pytest.mark.parametrize("how", [PLAIN, replace(PLAIN, correlated=1, blur=(0.8, 0.8)), replace(PLAIN, demosaicked=1)])
def test_noise_has_variance_1(how: LowLightNoiseConfig) -> None:
    drawn = unit_noise((8, 3, 96, 96), how, seeded())
    assert drawn[..., 8:-8, 8:-8].std() == pytest.approx(1, abs=0.05)


def test_noise_is_blurred() -> None:
    drawn = unit_noise((8, 3, 96, 96), replace(PLAIN, correlated=1, blur=(0.8, 0.8)), seeded())
    neighbors = (drawn[..., 1:] * drawn[..., :-1]).mean()
    assert neighbors == pytest.approx(0.68, abs=0.06)  # exp(-1 / (4 * 0.8^2))


def test_noise_is_demosaicked() -> None:
    drawn = unit_noise((8, 3, 96, 96), replace(PLAIN, demosaicked=1), seeded())
    sites, between = drawn[:, 0, ::2, ::2].var(), drawn[:, 0, 1::2, 1::2].var()  # one sample, and the mean of four
    assert sites / between == pytest.approx(4, rel=0.1)
    assert (drawn[:, 1, :, 1:] * drawn[:, 1, :, :-1]).mean() > 0.2


def test_blotches_are_coarse() -> None:
    config = replace(PLAIN, blotches=1)
    fine, both = (unit_noise((16, 3, 96, 96), each, seeded()) for each in (PLAIN, config))
    coarse = [F.avg_pool2d(each, 4).var() for each in (fine, both)]
    assert coarse[1] > 2 * coarse[0]


def test_noise_comes_before_the_white_balance() -> None:
    camera = draw_camera(16, replace(PLAIN, white_balance=1), seeded())
    assert (camera.gains[:, 1] == 1).all()
    assert (camera.gains[:, (0, 2)] >= 2**0.5).all()
    assert (camera.gains <= 2**1.5).all()
    assert torch.allclose(camera.matrix.sum(2), torch.ones(16, 3), atol=1e-6)
    colors = torch.rand(16, 3, 8, 8)
    assert torch.allclose(camera.render(camera.unrender(colors)), colors, atol=1e-5)


def test_the_level_knows_the_camera() -> None:
    """A sensor's even noise is the stronger in red and blue, by the square of the gain, and by what the matrix adds."""
    camera = Camera(torch.tensor([2.0, 1.0, 1.5]).view(1, 3, 1, 1), torch.eye(3)[None] * 1.6 - 0.2)
    noise = 1e-3 * torch.randn((1, 3, 400, 400), generator=seeded())
    found = camera.variance(torch.full((1, 1, 1, 1), 1e-6), 2).flatten()
    assert camera.render(noise).var((0, 2, 3)) == pytest.approx(found, rel=0.05)


def test_jpeg_raises_the_level(flat: torch.Tensor) -> None:
    config = replace(PLAIN, high_bit_depth=0, stops=(-4, -4), shot_noise=(1e-9, 1e-9), read_noise=(1e-12, 1e-12))
    levels = [
        denoising_batch(flat, replace(config, jpeg=share, quality=(75, 75)), seeded()).level.mean() for share in (0, 1)
    ]
    assert levels[1] > 3 * levels[0]


def test_exposures_are_undone() -> None:
    pictures, gain = torch.rand(2, 3, 8, 8), torch.tensor([2.0, 8.0]).view(2, 1, 1, 1)
    assert torch.allclose(exposed(exposed(pictures, gain), 1 / gain), pictures, atol=1e-4)


def test_draws_follow_the_seed(flat: torch.Tensor) -> None:
    first, again, other = (denoising_batch(flat, LowLightNoiseConfig(), seeded(seed)).noisy for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
