"""The network of dehazing: its start, its rendering against NumPy, and the engine's tables."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy.ndimage import minimum_filter, uniform_filter

from pielight import HazeLattice
from pielight.ops.apply import apply
from pielight.training.networks.haze_net import (
    LEVELS,
    Exported,
    HazeNet,
    by_brightness,
    cleared,
    least_nearby,
    passed_light,
)


def outputs(seed: int = 0, nodes: int = 4) -> torch.Tensor:
    torch.manual_seed(seed)
    passed, air = 0.2 + 0.7 * torch.rand(1, LEVELS, nodes, nodes), 0.7 + 0.3 * torch.rand(1, 3, 1, 1)
    return torch.cat([passed, air.expand(-1, -1, nodes, nodes)], 1)


def test_a_fresh_network_takes_half_of_the_dark_channel_and_one_airlight_holds_everywhere() -> None:
    torch.manual_seed(0)
    picture = torch.rand(2, 3, 64, 64)
    found = HazeNet()(picture)
    assert found.shape == (2, LEVELS + 3, 8, 8)
    assert (found[:, :LEVELS] > 0.9).all()  # noise is dark somewhere near
    assert (found[:, LEVELS:].amax((2, 3)) == found[:, LEVELS:].amin((2, 3))).all()
    assert (cleared(picture, found) - picture).abs().mean() < 0.05
    veiled = HazeNet()(0.5 + 0.5 * picture)
    assert (veiled[:, :LEVELS].mean() - (1 - 0.5 * 0.5 / 0.92)).abs() < 0.1


def test_first_weights_are_drawn_layer_by_layer() -> None:
    """Another order of the draws would change every run of a given seed."""
    torch.manual_seed(3)
    network = HazeNet()
    torch.manual_seed(3)
    widths = (6, 16, 24, 48, 64, 80)
    layers = [torch.nn.Conv2d(i, o, 3) for i, o in pairwise(widths)]
    layers += [torch.nn.Linear(160, 80), torch.nn.Linear(80, 80), torch.nn.Conv2d(144, 56, 3)]
    layers += [torch.nn.Conv2d(104, 40, 3), torch.nn.Conv2d(40, 40, 3)]
    drawn = [value for layer in layers for value in layer.parameters()]
    found = list(network.parameters())[: len(drawn)]
    assert all(torch.equal(a, b) for a, b in zip(found, drawn, strict=True))


def test_a_flat_picture_has_the_same_transmission_everywhere() -> None:
    torch.manual_seed(0)
    network = HazeNet()
    torch.nn.init.normal_(network.head.weight, 0.0, 0.5)  # far from its start
    with torch.no_grad():
        passed = network(torch.full((1, 3, 128, 128), 0.5))[:, :LEVELS]
    assert (passed.amax((2, 3)) - passed.amin((2, 3))).max() < 1e-5  # corners, too


def test_means_by_brightness_are_those_of_numpy() -> None:
    rng = np.random.default_rng(0)
    picture, values = rng.random((3, 48, 64)), rng.random((48, 64))
    expected = np.zeros((LEVELS, 6, 8))
    for k in range(LEVELS):
        near = np.maximum(0, 1 - np.abs(3 * picture - k)).mean(0)
        above, below, mean = (
            uniform_filter(uniform_filter(x.reshape(6, 8, 8, 8).mean((1, 3)), 5, mode="nearest"), 5, mode="nearest")
            for x in (near * values, near, values)
        )
        expected[k] = (above + 0.02 * mean) / (below + 0.02)
    found = by_brightness(*(torch.tensor(x)[None] for x in (values[None], picture)), 8)
    np.testing.assert_allclose(found[0].numpy(), expected, atol=1e-9)


@pytest.mark.parametrize("shape", [(1, 1, 9, 40), (2, 3, 32, 32), (1, 3, 5, 7), (1, 1, 1, 1)])
def test_the_least_nearby_is_scipy_s_erosion(shape: tuple[int, ...]) -> None:
    picture = torch.rand(shape, generator=torch.Generator().manual_seed(0))
    expected = minimum_filter(picture.numpy(), size=(1, 1, 9, 9), mode="nearest")
    assert (least_nearby(picture).numpy() == expected).all()


def test_the_airlight_is_not_below_the_lightest_haze() -> None:
    torch.manual_seed(0)
    picture = 0.3 + 0.1 * torch.rand(1, 3, 64, 64)
    picture[:, :, :20, :20] = torch.tensor([0.8, 0.85, 0.9]).view(1, 3, 1, 1)  # larger than what erosion removes
    network = HazeNet()
    torch.nn.init.constant_(network.air.bias, -20.0)
    assert network(picture)[0, LEVELS:, 0, 0].tolist() == pytest.approx([0.8, 0.85, 0.9], abs=1e-4)


def test_a_transmission_is_that_of_the_place_and_the_brightness() -> None:
    flat = torch.cat([torch.tensor([0.2, 0.4, 0.6, 0.8]).view(1, 4, 1, 1), torch.full((1, 3, 1, 1), 0.9)], 1)
    values = torch.tensor([0.0, 1 / 6, 1 / 3, 0.5, 1.0]).view(1, 1, 1, 5).expand(1, 3, 1, 5)
    expected = np.interp(values[0, 0, 0].numpy() * 3, range(4), [0.2, 0.4, 0.6, 0.8])
    assert passed_light(values, flat)[0, 0, 0].numpy() == pytest.approx(expected, abs=1e-6)
    assert cleared(values, flat)[0, 1, 0].numpy() == pytest.approx(
        np.clip((values[0, 0, 0].numpy() - 0.9) / expected + 0.9, 0, 1), abs=1e-5
    )


def test_the_engine_does_what_training_saw_where_the_lattice_is_flat() -> None:
    found = outputs(nodes=1)
    picture = torch.rand(1, 3, 30, 40)
    lattice = HazeLattice(found[0, :LEVELS].numpy(), found[0, LEVELS:, 0, 0].numpy())
    done = apply(np.ascontiguousarray(picture[0].permute(1, 2, 0).numpy()), lattice)
    assert done == pytest.approx(cleared(picture, found)[0].permute(1, 2, 0).numpy(), abs=1e-2)


def test_what_is_deployed_leaves_a_trace_of_haze() -> None:
    torch.manual_seed(0)
    network, picture = HazeNet().eval(), 0.5 + 0.5 * torch.rand(2, 3, 64, 64)
    passed, air = Exported(network)(picture)
    found = network(picture)
    assert passed.detach().numpy() == pytest.approx(0.05 + 0.95 * found[:, :LEVELS].detach().numpy(), abs=1e-6)
    assert torch.equal(air, found[:, LEVELS:, 0, 0])
