"""The network of deraining: its start, its reach, and its rendering."""

from __future__ import annotations

import torch

from pielight.inference.rain_layer import REACH
from pielight.training.networks.rain_net import RainNet, dry


def test_a_fresh_network_hardly_changes_a_picture() -> None:
    torch.manual_seed(0)
    picture = torch.rand(1, 3, 48, 64)
    rain = RainNet()(picture)
    assert rain.shape == picture.shape
    assert (dry(picture, rain) - picture).abs().max() < 0.2
    assert torch.equal(dry(torch.full((1, 3, 2, 2), 0.5), torch.full((1, 3, 2, 2), 0.75)), torch.zeros(1, 3, 2, 2))


def test_it_looks_no_farther_than_the_engine_s_strips_overlap() -> None:
    torch.manual_seed(0)
    network = RainNet().eval()
    for parameter in network.parameters():  # so that whatever can be reached is
        torch.nn.init.uniform_(parameter, 0.01, 0.1)
    picture = torch.rand(1, 3, 384, 32, requires_grad=True)
    farthest = 0
    for row in range(192, 200):  # of every place in a cell at an eighth of the side
        (seen,) = torch.autograd.grad(network(picture)[0, :, row].sum(), picture)
        rows = seen.abs().sum((0, 1, 3)).nonzero()[:, 0]
        farthest = max(farthest, row - int(rows.min()), int(rows.max()) - row)
    assert 100 < farthest <= REACH
