"""The unified enhancer: its gradients by finite differences, and that it is what the engine does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pielight.core.color_torch import linear_to_srgb, srgb_to_linear
from pielight.enhancer import Enhancer
from pielight.errors import ModelError
from pielight.models import find
from pielight.ops.thumbnail_torch import thumbnail
from pielight.training.losses.reconstruction import noise_loss
from pielight.training.networks.denoise_net import VisibleNoise
from pielight.training.networks.exposure_net import ExposureNet
from pielight.training.networks.joint_model import EnhancerModule, load_enhancer


class Small(nn.Module):
    """From a thumbnail and statistics to a map of 2 x 2, smoothly."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.judge = nn.Conv2d(3, 1, 32, stride=32), nn.Linear(18, 1)

    def forward(self, x: torch.Tensor, statistics: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return torch.tanh(self.layer(x)), 0.75 + 0.1 * torch.tanh(self.judge(statistics))


@pytest.mark.parametrize("shape", [(100, 300), (30, 64), (64, 20)])
def test_the_thumbnail_is_the_antialiased_one(shape: tuple[int, int]) -> None:
    pictures = torch.rand(2, 3, *shape)
    expected = F.interpolate(pictures, (64, 64), mode="bilinear", antialias=True)
    torch.testing.assert_close(thumbnail(pictures, 64), expected, atol=1e-5, rtol=1e-5)


def test_gradients_pass_canonical_exposure_map_and_gate() -> None:
    """By finite differences, of the network's weights and along one direction of the pictures."""
    torch.manual_seed(0)
    enhancer = EnhancerModule(Small()).double()
    pictures = 0.1 + 0.6 * torch.rand(1, 3, 9, 7, dtype=torch.float64)

    def bright(x: torch.Tensor) -> torch.Tensor:
        return enhancer(x).square().sum()

    leaf = pictures.clone().requires_grad_()
    (through,) = torch.autograd.grad(bright(leaf), leaf)
    with torch.no_grad():
        for name, step in (("layer", 1e-5), ("judge", 1e-5)):
            weight = enhancer.network.get_submodule(name).get_parameter("weight")
            with torch.enable_grad():
                (gradient,) = torch.autograd.grad(bright(pictures), weight)
            assert gradient.abs().max() > 0
            way = torch.randn_like(weight)
            ends = []
            for sign in (1, -1):
                weight += sign * step * way
                ends.append(bright(pictures))
                weight -= sign * step * way
            torch.testing.assert_close((ends[0] - ends[1]) / (2 * step), (gradient * way).sum(), rtol=1e-4, atol=1e-6)
    assert through.isfinite().all()
    assert through.abs().min() > 0


def test_gradients_reach_the_network_and_the_denoiser(start: Path) -> None:
    torch.manual_seed(0)
    enhancer, config = load_enhancer(str(start.with_suffix(".safetensors")), denoise=True)
    assert config.width == 0.25
    nn.init.constant_(enhancer.network.judge[-1].bias, 1.1)  # where the probability is neither 0 nor 1
    dark = linear_to_srgb((srgb_to_linear(torch.rand(1, 3, 40, 48)) / 30).clamp(0, 1))
    enhancer(dark).mean().backward()
    silent = [name for name, item in enhancer.named_parameters() if item.grad is None or not item.grad.abs().sum()]
    # weights of features are not reached before the last layers, which start at 0, have learned
    assert [name for name in silent if not name.startswith("network.")] == []
    assert {"network.level.bias", "network.share.weight", "network.judge.0.weight"}.isdisjoint(silent)
    for layer in (enhancer.network.level, enhancer.network.local):
        nn.init.normal_(layer.weight, std=0.01)
    enhancer.zero_grad()
    enhancer(dark).mean().backward()
    assert [name for name, item in enhancer.named_parameters() if not item.grad.abs().sum()] == []


def test_the_start_is_what_the_engine_does(start: Path) -> None:
    pixels = (np.random.default_rng(0).random((12, 16, 3)).repeat(16, 0).repeat(16, 1) * 60).astype(np.uint8)
    enhancer, _ = load_enhancer(str(start.with_suffix(".safetensors")))
    with torch.no_grad():
        found = enhancer(torch.from_numpy(pixels.transpose(2, 0, 1).copy())[None].float() / 255)[0]
    expected = Enhancer(start, threads=1)(pixels, denoise=0) / 255
    assert expected.mean() > 2 * pixels.mean() / 255
    assert np.abs(found.numpy().transpose(1, 2, 0) - expected).mean() < 0.01


def noisy(share: float) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    light = torch.linspace(0.01, 0.04, 96).expand(1, 3, 96, 96)
    noise = share * (1e-3 * light + 1e-6).sqrt() * torch.randn(1, 3, 96, 96, generator=generator)
    return linear_to_srgb((light + noise).clamp(0, 1)), linear_to_srgb(light)


@pytest.mark.parametrize("share", [0.7, 1.0, 1.4])
def test_the_amplitude_of_noise_is_found(share: float) -> None:
    found = VisibleNoise().amplitude(noisy(share)[0]).item()
    assert 0.75 * share < found < 1.25 * share
    assert VisibleNoise().amplitude(noisy(0.0)[0]).item() == 0


def test_denoising_takes_noise_out_and_leaves_clean_pictures(start: Path) -> None:
    dark, clean = noisy(1.0)
    plain, denoised = (load_enhancer(str(start.with_suffix(".safetensors")), denoise)[0] for denoise in (False, True))
    with torch.no_grad():
        wanted = plain(clean)
        before, after = ((enhancer(dark) - wanted).square().mean().sqrt().item() for enhancer in (plain, denoised))
        assert after < 0.65 * before
        torch.testing.assert_close(denoised(clean), wanted, atol=2 / 255, rtol=0)


def test_weights_of_other_networks_are_refused(tmp_path: Path) -> None:
    for name, reason in (
        ("none", "no such model"),
        ("a.pth", "should be a .safetensors"),
        ("a.safetensors", "no such file"),
    ):
        with pytest.raises(ModelError, match=reason):
            load_enhancer(str(tmp_path / name) if "." in name else name)
    (tmp_path / "odd.safetensors").write_bytes(b"nothing")
    with pytest.raises(ModelError, match="damaged weights"):
        load_enhancer(str(tmp_path / "odd.safetensors"))
    with pytest.raises(ModelError, match=r"denoise\.safetensors: holds no exposure map"):
        load_enhancer(str(find("denoise").path.with_suffix(".safetensors")))


def test_pictures_that_are_not_underexposed_stay() -> None:
    pictures, network = torch.rand(1, 3, 33, 47), ExposureNet(0.25).eval()
    nn.init.constant_(network.judge[-1].bias, -9.0)
    with torch.no_grad():
        torch.testing.assert_close(EnhancerModule(network)(pictures), pictures, atol=1e-4, rtol=0)


def test_left_noise_is_its_transcription_and_minds_a_grid() -> None:
    a, b = torch.rand(2, 2, 3, 12, 16)
    e = (a - b).numpy()
    expected = np.abs(e).mean() + (np.abs(np.diff(e, axis=2)).mean() + np.abs(np.diff(e, axis=3)).mean()) / 2
    assert noise_loss(a, b).item() == pytest.approx(expected, rel=1e-5)
    flat = torch.full((1, 3, 16, 16), 0.5)
    grid = flat + 0.02 * (torch.arange(16) % 4 == 0)
    veil = flat + (grid - flat).abs().mean()  # of the same mean error
    assert noise_loss(grid, flat) > 1.8 * noise_loss(veil, flat)
