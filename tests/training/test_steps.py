"""The rate of learning, and the average of weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from pielight.training.steps import flushed_denormals, follow, schedule


def kept() -> bool:
    """Say whether denormal numbers count."""
    return bool(torch.tensor(1e-38) / 2 > 0)


def test_denormals_are_flushed_until_the_outermost_block_ends() -> None:
    assert kept()
    with flushed_denormals():
        with flushed_denormals():
            assert not kept()
        assert not kept()
    assert kept()


def test_denormals_that_the_caller_flushes_stay_flushed() -> None:
    torch.set_flush_denormal(True)
    try:
        with pytest.raises(KeyboardInterrupt), flushed_denormals():
            raise KeyboardInterrupt
        assert not kept()
    finally:
        torch.set_flush_denormal(False)


def test_learning_rate() -> None:
    rates = [schedule(step, 100, 10) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[9] == pytest.approx(1.0)
    assert np.all(np.diff(rates[:10]) > 0)
    assert np.all(np.diff(rates[10:]) < 0)
    assert rates[55] == pytest.approx(0.51)
    assert rates[-1] == pytest.approx(0.02, abs=0.001)


def test_the_average_follows_the_weights() -> None:
    average, network = nn.Linear(1, 1), nn.Linear(1, 1)
    nn.init.constant_(average.weight, 1.0)
    nn.init.constant_(network.weight, 3.0)
    follow(average, network, 0.75)
    assert average.weight.item() == pytest.approx(1.5)
    assert not any(weight.grad_fn for weight in average.parameters())
