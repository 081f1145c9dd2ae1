"""Seeded draws stay in their intervals."""

from __future__ import annotations

import torch

from pielight.training.degradations.random import chance, log_uniform, uniform


def test_intervals_and_seeds() -> None:
    for draw in (uniform, log_uniform):
        first = draw((2000,), 0.01, 1.0, torch.Generator().manual_seed(0))
        assert torch.equal(first, draw((2000,), 0.01, 1.0, torch.Generator().manual_seed(0)))
        assert 0.01 <= first.min() < first.max() <= 1.0
    assert abs(first.log10().mean() + 1) < 0.05  # half of the draws lie below 0.1


def test_chance_has_its_share() -> None:
    assert abs(chance((20000,), 0.3, torch.Generator().manual_seed(0)).float().mean() - 0.3) < 0.02
