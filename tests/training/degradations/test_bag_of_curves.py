"""Bag of Curves: presets, and negatives on their side."""

from __future__ import annotations

from typing import get_args

import pytest
import torch

from pielight.errors import ConfigError
from pielight.training.degradations.bag_of_curves import PRESETS, BagOfCurves, bag, negatives
from pielight.training.degradations.curve_families import Side

NAMES = (*PRESETS, "adaptive")


def draw(n: int = 4, side: int = 8) -> torch.Tensor:
    return torch.rand(n, 3, side, side, generator=torch.Generator().manual_seed(0))


def make(pictures: torch.Tensor, name: str, side: Side, seed: int) -> torch.Tensor:
    labels = torch.zeros(len(pictures), *pictures.shape[-2:], dtype=torch.int32)
    return negatives(pictures, labels, bag(name), side, torch.Generator().manual_seed(seed))


def test_the_paper_s_parameters() -> None:
    paper = bag("paper")
    assert isinstance(paper, BagOfCurves)
    assert (paper.gamma_under, paper.gamma_over[1]) == ((5.0, 8.0), 0.2)
    assert (paper.tone_under, paper.tone_over) == ((6.0, 6.0), (0.1, 0.1))
    assert (paper.log_under, paper.log_over) == ((10.0, 10.0), (40.0, 40.0))


@pytest.mark.parametrize("preset", NAMES)
@pytest.mark.parametrize("side", get_args(Side))
def test_negatives_lie_on_their_side_and_in_range(preset: str, side: Side) -> None:
    pictures = torch.full((64, 3, 2, 2), 0.5)
    made = make(pictures, preset, side, 1)
    assert made.shape == pictures.shape
    assert made.min() >= 0
    assert made.max() <= 1
    wrong = (0.5 - made if side == "under" else made - 0.5).flatten(1)
    if preset == "adaptive":  # noise, and light that changes in a part only
        assert wrong.amax(1).gt(0).float().mean() > 0.9
    else:
        assert (wrong > 0).all()
    assert len(made[:, 0, 0, 0].unique()) > (2 if preset == "paper" else 30)  # families, and continuous parameters


def test_the_mild_bag_is_milder() -> None:
    pictures = torch.full((256, 3, 1, 1), 0.5)
    for side in get_args(Side):
        gaps = [(make(pictures, name, side, 2) - 0.5).abs().mean() for name in ("mild", "paper")]
        assert gaps[0] < gaps[1]


def test_fixed_parameters_make_dark_pictures_darker_and_adaptive_ones_do_not_care() -> None:
    """What the adaptive bag is for: relative to the picture, the wrongness is the same for dark and bright ones."""
    spreads = {}
    for name in ("mild", "adaptive"):
        shares = []
        for level in (0.25, 0.65):
            made = make(torch.full((400, 3, 4, 4), level), name, "under", 3)
            shares.append((made.mean((1, 2, 3)) / level).median().item())
        spreads[name] = abs(shares[0] - shares[1])
    assert spreads["adaptive"] < 0.05 < 0.15 < spreads["mild"]


@pytest.mark.parametrize("name", NAMES)
def test_draws_follow_the_seed(name: str) -> None:
    first, again, other = (make(draw(16), name, "over", seed) for seed in (3, 3, 4))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("name", NAMES)
def test_black_stays_finite(name: str) -> None:
    black = torch.zeros(8, 3, 8, 8)
    for side in get_args(Side):
        made = make(black, name, side, 5)
        assert torch.isfinite(made).all()
        assert made.mean() < 0.02  # read noise at most


def test_unknown_preset() -> None:
    with pytest.raises(ConfigError, match="paper, mild or adaptive"):
        bag("wild")
