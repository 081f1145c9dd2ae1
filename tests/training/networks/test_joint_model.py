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
from pielight.ops.thumbnail_torch import thumbnail
from pielight.training.losses.reconstruction import noise_loss
from pielight.training.networks.denoise_net import VisibleNoise
from pielight.training.networks.joint_model import EnhancerModule, load_enhancer
from pielight.training.networks.lattice_net import LatticeNet


class Small(nn.Module):
    """From a thumbnail to a lattice of 2 x 2, smoothly."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(3, 6, 2, stride=2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.tanh(self.layer(x))


@pytest.mark.parametrize("shape", [(100, 300), (30, 64), (64, 20)])
def test_the_thumbnail_is_the_antialiased_one(shape: tuple[int, int]) -> None:
    pictures = torch.rand(2, 3, *shape)
    expected = F.interpolate(pictures, (64, 64), mode="bilinear", antialias=True)
    torch.testing.assert_close(thumbnail(pictures, 64), expected, atol=1e-5, rtol=1e-5)


def test_gradients_pass_thumbnail_lattice_and_curves() -> None:
    """By finite differences, of the pictures and of the network's weights."""
    torch.manual_seed(0)
    enhancer = EnhancerModule(Small(), 4).double()
    pictures = torch.rand(1, 3, 9, 7, dtype=torch.float64, requires_grad=True)
    weight = enhancer.network.layer.weight

    def bright(x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        return torch.func.functional_call(enhancer, {"network.layer.weight": w}, (x,)).square().sum()

    assert torch.autograd.gradcheck(bright, (pictures, weight))
    (through,) = torch.autograd.grad(bright(pictures, weight), weight)
    assert through.abs().min() > 0


def test_gradients_reach_the_shipped_network_and_the_denoiser() -> None:
    torch.manual_seed(0)
    enhancer, _ = load_enhancer("pie", denoise=True)
    dark = linear_to_srgb((srgb_to_linear(torch.rand(1, 3, 40, 48)) / 30).clamp(0, 1))
    enhancer(dark).mean().backward()
    silent = [name for name, item in enhancer.named_parameters() if item.grad is None or not item.grad.abs().sum()]
    assert silent == []


def test_the_start_is_what_the_engine_does() -> None:
    pixels = (np.random.default_rng(0).random((12, 16, 3)).repeat(16, 0).repeat(16, 1) * 60).astype(np.uint8)
    enhancer, _ = load_enhancer("pie")
    with torch.no_grad():
        found = enhancer(torch.from_numpy(pixels.transpose(2, 0, 1).copy())[None].float() / 255)[0]
    expected = Enhancer(threads=1, auto=False)(pixels, highlights=0) / 255
    assert expected.mean() > 2 * pixels.mean() / 255
    assert np.abs(found.numpy().transpose(1, 2, 0) - expected).mean() < 0.02


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


def test_denoising_takes_noise_out_and_leaves_clean_pictures() -> None:
    dark, clean = noisy(1.0)
    plain, _ = load_enhancer("pie")
    denoised, _ = load_enhancer("pie", denoise=True)
    with torch.no_grad():
        wanted = plain(clean)
        before, after = ((enhancer(dark) - wanted).square().mean().sqrt().item() for enhancer in (plain, denoised))
        assert after < 0.6 * before
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
    with pytest.raises(ModelError, match="weights of another network; lacks"):
        load_enhancer("denoise")


def test_fresh_networks_start_near_the_identity() -> None:
    pictures = torch.rand(1, 3, 33, 47)
    with torch.no_grad():
        assert (EnhancerModule(LatticeNet(), 64)(pictures) - pictures).abs().max() < 0.1


def test_left_noise_is_its_transcription_and_minds_a_grid() -> None:
    a, b = torch.rand(2, 2, 3, 12, 16)
    e = (a - b).numpy()
    expected = np.abs(e).mean() + (np.abs(np.diff(e, axis=2)).mean() + np.abs(np.diff(e, axis=3)).mean()) / 2
    assert noise_loss(a, b).item() == pytest.approx(expected, rel=1e-5)
    flat = torch.full((1, 3, 16, 16), 0.5)
    grid = flat + 0.02 * (torch.arange(16) % 4 == 0)
    veil = flat + (grid - flat).abs().mean()  # of the same mean error
    assert noise_loss(grid, flat) > 1.8 * noise_loss(veil, flat)
