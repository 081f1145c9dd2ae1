"""The physics that the denoiser learns from, against what is known of noise."""

from __future__ import annotations

import pytest
import torch

from pielight.training.degradations.low_light_noise import denoising_batch, unit_noise
from pielight.training.schema import LowLightNoiseConfig

PLAIN = LowLightNoiseConfig(correlated=0, crosstalk=0, high_bit_depth=1, jpeg=0, level_error=0)


@pytest.fixture
def flat() -> torch.Tensor:
    return torch.linspace(0.3, 0.7, 16).view(16, 1, 1, 1).expand(16, 3, 64, 64).clone()


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("how", [PLAIN, LowLightNoiseConfig(jpeg=0, level_error=0)])
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


@pytest.mark.parametrize("how", [PLAIN, LowLightNoiseConfig(correlated=1, blur=(0.8, 0.8), crosstalk=0.35)])
def test_noise_has_variance_1(how: LowLightNoiseConfig) -> None:
    drawn = unit_noise((8, 3, 96, 96), how, seeded())
    assert drawn[..., 8:-8, 8:-8].std() == pytest.approx(1, abs=0.05)


def test_noise_is_blurred_and_mixed() -> None:
    drawn = unit_noise((8, 3, 96, 96), LowLightNoiseConfig(correlated=1, blur=(0.8, 0.8)), seeded())
    neighbors = (drawn[..., 1:] * drawn[..., :-1]).mean()
    assert neighbors == pytest.approx(0.68, abs=0.06)  # exp(-1 / (4 * 0.8^2))
    assert (drawn[:, 0] * drawn[:, 1]).mean() > 0.1


def test_draws_follow_the_seed(flat: torch.Tensor) -> None:
    first, again, other = (denoising_batch(flat, LowLightNoiseConfig(), seeded(seed)).noisy for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
