"""Noise: its variance is what the model says."""

from __future__ import annotations

import pytest
import torch

from pielight.training.degradations.noise import quantize, sensor_noise


@pytest.mark.parametrize(("level", "shot", "read"), [(0.5, 0.01, 1e-6), (0.01, 1e-4, 1e-4), (0.0, 0.1, 1e-3)])
def test_variance_is_shot_times_signal_plus_read(level: float, shot: float, read: float) -> None:
    flat = torch.full((2, 3, 128, 128), level)
    noisy = sensor_noise(flat, (shot, shot), (read, read), torch.Generator().manual_seed(0))
    assert noisy.mean().item() == pytest.approx(level, abs=0.003)
    assert noisy.var().item() == pytest.approx(shot * level + read, rel=0.05)


def test_every_picture_draws_its_own_noise_level() -> None:
    flat = torch.full((16, 1, 64, 64), 0.5)
    noisy = sensor_noise(flat, (1e-5, 1e-1), (1e-9, 1e-9), torch.Generator().manual_seed(0))
    deviations = noisy.flatten(1).std(1)
    assert deviations.max() / deviations.min() > 5


def test_quantize_rounds_to_the_nearest_step() -> None:
    values = torch.tensor([0.0, 0.4 / 255, 0.6 / 255, 1.0])
    torch.testing.assert_close(quantize(values), torch.tensor([0.0, 0.0, 1 / 255, 1.0]))
