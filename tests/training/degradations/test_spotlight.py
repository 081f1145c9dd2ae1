"""Night scenes: black but for what is lit, and that stays as it was."""

from __future__ import annotations

import torch
from torch import Generator

from pielight.training.degradations.spotlight import spotlight


def test_most_is_black_and_what_is_lit_stays() -> None:
    picture = torch.full((3, 48, 64), 0.6)
    picture[:, :10] = 0.9
    shares = []
    for seed in range(20):
        night = spotlight(picture, Generator().manual_seed(seed))
        assert night.shape == picture.shape
        assert torch.equal((night * 255).round(), night * 255)
        assert (night <= picture + 1 / 255).all()
        shares.append(float((night > 0.5).float().mean()))
    assert 0.05 < sum(shares) / len(shares) < 0.6
    assert min(shares) < 0.2


def test_it_follows_from_the_generator() -> None:
    picture = torch.rand(3, 20, 30, generator=Generator().manual_seed(0))
    one, same, other = (spotlight(picture, Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
