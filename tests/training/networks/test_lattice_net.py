"""Rendering against a plain NumPy transcription, and against the engine."""

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
import torch

from pielight import CurveLattice
from pielight.errors import ConfigError
from pielight.ops.apply import apply
from pielight.options import EnhanceOptions
from pielight.training.networks.lattice_net import LatticeNet, render
from pielight.training.schema import LatticeConfig, TrainConfig
from pielight.training.schema.config_file import validate


def bilinear(nodes: np.ndarray, size: int) -> np.ndarray:
    """Interpolate (h, w) at the centers of size x size pixels."""
    out = np.empty((size, size))
    h, w = nodes.shape
    for y in range(size):
        for x in range(size):
            v = min(max((y + 0.5) * h / size - 0.5, 0), h - 1)
            u = min(max((x + 0.5) * w / size - 0.5, 0), w - 1)
            i, j = min(int(v), h - 2), min(int(u), w - 2)
            a, b = v - i, u - j
            top = nodes[i, j] * (1 - b) + nodes[i, j + 1] * b
            low = nodes[i + 1, j] * (1 - b) + nodes[i + 1, j + 1] * b
            out[y, x] = top * (1 - a) + low * a
    return out


def test_interpolates_parameters_and_iterates_at_every_pixel() -> None:
    generator = torch.Generator().manual_seed(0)
    pictures = torch.rand(1, 3, 12, 12, generator=generator, dtype=torch.float64)
    alphas = torch.rand(1, 24, 3, 3, generator=generator, dtype=torch.float64) * 2 - 1
    plain = pictures[0].numpy().copy()
    for n in range(8):
        for channel in range(3):
            a = bilinear(alphas[0, 3 * n + channel].numpy(), 12)
            plain[channel] += a * (plain[channel] ** 2 - plain[channel])
    np.testing.assert_allclose(render(pictures, alphas)[0].numpy(), plain, atol=1e-9)


def test_agrees_with_the_engine_where_the_lattice_is_flat() -> None:
    alphas = torch.full((1, 24, 4, 4), -0.3)
    pixels = np.random.default_rng(0).random((20, 20, 3)).astype(np.float32)
    lattice = CurveLattice(alphas[0].numpy().reshape(8, 3, 4, 4))
    trained = render(torch.from_numpy(pixels.transpose(2, 0, 1))[None], alphas)[0].numpy().transpose(1, 2, 0)
    np.testing.assert_allclose(apply(pixels, lattice, EnhanceOptions(highlights=0)), trained, atol=1e-3)


def test_gradients_reach_the_lattice() -> None:
    """By finite differences."""
    generator = torch.Generator().manual_seed(1)
    pictures = torch.rand(1, 3, 6, 6, generator=generator, dtype=torch.float64)
    alphas = (torch.rand(1, 6, 2, 2, generator=generator, dtype=torch.float64) - 0.5).requires_grad_()
    assert torch.autograd.gradcheck(lambda a: render(pictures, a).sum(), (alphas,))


@pytest.mark.parametrize("value", [-1.0, 1.0])
def test_stays_in_range(value: float) -> None:
    out = render(torch.linspace(0, 1, 48).view(1, 3, 4, 4), torch.full((1, 24, 2, 2), value))
    assert out.min() >= 0
    assert out.max() <= 1


@pytest.mark.parametrize("size", [64, 256])
def test_it_returns_an_eighth_of_its_size_and_starts_next_to_the_identity(size: int) -> None:
    torch.manual_seed(0)
    network = LatticeNet()
    alphas = network(torch.rand(2, 3, size, size))
    assert alphas.shape == (2, 12, size // 8, size // 8)
    assert alphas.abs().max() < 0.2
    assert 4 * sum(p.numel() for p in network.parameters()) < 1_000_000  # bytes


@pytest.mark.parametrize("level", [0.0, 5 / 255, 20 / 255, 0.5, 1.0])
def test_a_flat_picture_has_a_flat_lattice(level: float) -> None:
    torch.manual_seed(0)
    network = LatticeNet()
    torch.nn.init.normal_(network.head.weight, 0.0, 0.5)  # far from the identity
    with torch.no_grad():
        nodes = network(torch.full((1, 3, 256, 256), level))
    assert nodes.abs().amax() > 0.01
    assert (nodes.amax((2, 3)) - nodes.amin((2, 3))).max() < 1e-5  # corners, too


def test_first_weights_are_drawn_layer_by_layer() -> None:
    """Another order of the draws would change every run of a given seed."""
    torch.manual_seed(3)
    network = LatticeNet()
    torch.manual_seed(3)
    widths = (6, 16, 24, 48, 64, 80)
    layers = [torch.nn.Conv2d(i, o, 3) for i, o in pairwise(widths)]
    layers += [torch.nn.Linear(160, 80), torch.nn.Linear(80, 80), torch.nn.Conv2d(144, 56, 3)]
    layers += [torch.nn.Conv2d(104, 40, 3), torch.nn.Conv2d(40, 40, 3), torch.nn.Conv2d(40, 12, 1)]
    drawn = [value for layer in layers[:-1] for value in layer.parameters()]
    drawn += [torch.nn.init.normal_(layers[-1].weight, 0.0, 0.01), torch.zeros(12)]
    assert all(torch.equal(a, b) for a, b in zip(network.parameters(), drawn, strict=True))


@pytest.mark.parametrize("cell", [4, 8, 16, 32])
@pytest.mark.parametrize("size", [32, 96, 128])
def test_nodes(cell: int, size: int) -> None:
    assert (
        LatticeNet(LatticeConfig(cell=cell, width=0.25))(torch.rand(1, 3, size, size)).shape[2:] == (size // cell,) * 2
    )


@pytest.mark.parametrize("iterations", [1, 4, 12])
@pytest.mark.parametrize("channels", [1, 3])
def test_iterations_and_channels(iterations: int, channels: int) -> None:
    torch.manual_seed(0)
    alphas = LatticeNet(LatticeConfig(iterations, channels, width=0.25))(torch.rand(2, 3, 64, 64))
    assert alphas.shape == (2, 3 * iterations, 8, 8)
    red, green, blue = alphas.unflatten(1, (iterations, 3)).unbind(2)
    assert (torch.equal(red, green) and torch.equal(red, blue)) == (channels == 1)
    assert iterations == 1 or not torch.equal(red[:, 0], red[:, 1])


def test_width_scales_the_layers() -> None:
    def count(width: float) -> int:
        return sum(p.numel() for p in LatticeNet(LatticeConfig(width=width)).parameters())

    assert 3.5 < count(1) / count(0.5) < 4.2
    assert 3.5 < count(2) / count(1) < 4.2
    assert LatticeNet(LatticeConfig(width=0.1))(torch.rand(1, 3, 32, 32)).shape == (1, 12, 4, 4)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"iterations": 0}, "iterations: 0 should be at least 1"),
        ({"channels": 2}, "channels: 2 is unknown; choose 1 or 3"),
        ({"cell": 12}, "cell: 12 is unknown; choose 4, 8, 16 or 32"),
        ({"width": 0.0}, "width: 0.0 should be between 0.1 and 8"),
        ({"width": float("nan")}, "width: nan should be finite"),
    ],
)
def test_wrong_sizes(change: dict[str, float], said: str) -> None:
    with pytest.raises(ConfigError, match=rf"^lattice\.{said}"):
        validate(TrainConfig, {"lattice": change})
    with pytest.raises(ValueError, match="1 validation error"):
        dataclasses.replace(LatticeConfig(), **change)  # type: ignore[arg-type]
