"""Seeded draws stay in their intervals."""

import io
from collections.abc import Callable

import numpy as np
import pytest
import torch
from PIL import Image

from pielight.core.color_torch import linear_to_srgb, srgb_to_linear
from pielight.training.degradations import noise
from pielight.training.degradations.noise import capture, chance, jpeg, log_uniform, quantize, sensor_noise, uniform


def test_intervals_and_seeds() -> None:
    for draw in (uniform, log_uniform):
        first = draw((2000,), 0.01, 1.0, torch.Generator().manual_seed(0))
        assert torch.equal(first, draw((2000,), 0.01, 1.0, torch.Generator().manual_seed(0)))
        assert 0.01 <= first.min() < first.max() <= 1.0
    assert abs(first.log10().mean() + 1) < 0.05  # half of the draws lie below 0.1


def test_chance_has_its_share() -> None:
    assert abs(chance((20000,), 0.3, torch.Generator().manual_seed(0)).float().mean() - 0.3) < 0.02


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


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def scene(n: int = 4) -> torch.Tensor:
    return torch.rand(n, 3, 6, 6, generator=generator(5)).repeat_interleave(8, 2).repeat_interleave(8, 3)


Shares = Callable[..., None]


@pytest.fixture
def shares(monkeypatch: pytest.MonkeyPatch) -> Shares:
    """Set how many pictures are noisy and compressed, and how noisy they are."""

    def change(noisy: float, compressed: float, shot: float = 1e-3, read: float = 1e-6) -> None:
        monkeypatch.setattr(noise, "_NOISY", noisy)
        monkeypatch.setattr(noise, "_COMPRESSED", compressed)
        monkeypatch.setattr(noise, "_SHOT_NOISE", (shot, shot))
        monkeypatch.setattr(noise, "_READ_NOISE", (read, read))

    return change


def test_without_defects_only_8_bits_remain(shares: Shares) -> None:
    pictures = scene()
    shares(0, 0)
    kept = capture(pictures, generator())
    np.testing.assert_allclose(kept.numpy(), np.round(pictures.numpy() * 255) / 255, atol=1e-7)


def test_noise_is_shot_and_read_noise_in_linear_light(shares: Shares) -> None:
    a, b = 2e-3, 1e-5
    shares(1, 0, a, b)
    for level in (0.02, 0.2, 0.5):
        flat = linear_to_srgb(torch.full((1, 3, 200, 200), level))
        kept = capture(flat, generator())
        assert srgb_to_linear(kept).std().item() == pytest.approx((a * level + b) ** 0.5, rel=0.05)


def test_darker_means_noisier_against_the_signal(shares: Shares) -> None:
    shares(1, 0)
    relative = [
        (srgb_to_linear(capture(linear_to_srgb(gray), generator())).std() / gray[0, 0, 0, 0]).item()
        for gray in torch.tensor([0.4, 0.1, 0.02]).view(3, 1, 1, 1, 1).expand(3, 1, 3, 64, 64)
    ]
    assert relative == sorted(relative)


@pytest.mark.parametrize("quality", [60, 95])
def test_jpeg_is_pillow_s(quality: int) -> None:
    pixels = (scene(1)[0] * 255).round().to(torch.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels.permute(1, 2, 0).numpy()).save(file, "JPEG", quality=quality, subsampling=2)
    plain = np.asarray(Image.open(file)).transpose(2, 0, 1)
    np.testing.assert_array_equal((jpeg(pixels / 255, quality) * 255).round().numpy(), plain)


def test_mild_jpeg_is_mild_and_a_higher_quality_milder() -> None:
    ramp = torch.linspace(0.1, 0.9, 64).view(1, 1, 64).expand(3, 64, 64) + 0.05 * scene(1)[0][:, :1, :1]
    errors = [(jpeg(ramp, quality) - ramp).abs().mean().item() for quality in (60, 80, 95)]
    assert errors == sorted(errors, reverse=True)
    assert errors[0] < 0.02


def test_shares(shares: Shares) -> None:
    pictures = scene(64)
    eight = (pictures * 255).round() / 255
    for noisy, compressed in ((0.5, 0), (0, 0.5)):
        shares(noisy, compressed)
        touched = (capture(pictures, generator()) != eight).flatten(1).any(1).float().mean()
        assert 0.3 < touched < 0.7


def test_draws_follow_the_seed() -> None:
    pictures = scene()
    first, again, other = (capture(pictures, generator(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_full_resolution_keeps_color() -> None:
    stripes = torch.zeros(3, 16, 16)
    stripes[0, :, ::2] = 1  # red and blue columns, which half the resolution mixes
    stripes[2, :, 1::2] = 1
    half, full = ((jpeg(stripes, 95, kind) - stripes).abs().mean() for kind in ("4:2:0", "4:4:4"))
    assert full < 0.05 < 0.2 < half
