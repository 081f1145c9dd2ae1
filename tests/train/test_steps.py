"""The rate of learning, and the average of weights."""

from __future__ import annotations

import numpy as np
import pytest
from torch import nn

from pielight.train.steps import follow, schedule


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
