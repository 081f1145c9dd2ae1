"""The default network and its guard, at every size."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import pytest
import torch
from safetensors.torch import load_file

from pielight.errors import ConfigError
from pielight.models import find
from pielight.training.config_file import validate
from pielight.training.networks.lattice_net import LatticeNet, night_guard
from pielight.training.schema import LatticeConfig, TrainConfig


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


@pytest.mark.parametrize("name", ["pie", "free"])
def test_weights_of_shipped_models_fit_the_default(name: str) -> None:
    stored = load_file(find(name).path.with_suffix(".safetensors"))
    network = LatticeNet()
    assert list(stored) == sorted(network.state_dict())
    network.load_state_dict(stored)


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


def test_night_guard_by_hand() -> None:
    picture = torch.full((1, 3, 256, 256), 0.02)
    assert night_guard(picture).item() == 1  # nothing reaches white: free
    picture[..., :4, :4] = 1.0  # a lamp in a quarter of a block: the brightest 102 of 1024 blocks stay dark
    assert night_guard(picture).item() == pytest.approx(0.3)
    picture[..., :32, :32] = 1.0  # 16 white blocks
    t = ((16 + 86 * 0.02) / 102 - 0.08) / 0.17
    assert night_guard(picture).item() == pytest.approx(1 - 0.7 * (1 - (3 * t**2 - 2 * t**3)), abs=1e-5)
    picture[..., :64, :64] = 1.0
    assert night_guard(picture).item() == 1  # a large bright part: day
    picture = torch.full((1, 3, 256, 256), 0.02)
    picture[..., 3, 3] = 1.0
    assert night_guard(picture).item() == 1  # one hot pixel is no lamp


@pytest.mark.parametrize("lamp", [1, 16, 20, 24, 64])  # side in pixels of 128
@pytest.mark.parametrize("times", [2, 3, 4])
def test_night_guard_sees_the_same_at_every_size(lamp: int, times: int) -> None:
    picture = torch.full((1, 3, 128, 128), 0.02)
    picture[..., 2 : 2 + lamp, 1 : 1 + lamp] = 0.97
    large = picture.repeat_interleave(times, 2).repeat_interleave(times, 3)
    torch.testing.assert_close(night_guard(large), night_guard(picture), atol=1e-4, rtol=0)


@pytest.mark.parametrize("size", [16, 32, 64, 96])
def test_night_guard_of_small_pictures(size: int) -> None:
    picture = torch.full((1, 3, size, size), 0.02)
    assert night_guard(picture).item() == 1
    picture[..., 0, 0] = 1.0
    assert night_guard(picture).item() == pytest.approx(0.3, abs=0.02)
