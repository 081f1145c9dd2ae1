"""What changes from step to step: the learning rate, and the hardness of negatives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pielight.training.schedules import ema_decay, hardness, lr_factor


def test_learning_rate() -> None:
    rates = [lr_factor(step, 100, 10) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[9] == pytest.approx(1.0)
    assert np.all(np.diff(rates[:10]) > 0)
    assert np.all(np.diff(rates[10:]) < 0)
    assert rates[55] == pytest.approx(0.51)
    assert rates[-1] == pytest.approx(0.02, abs=0.001)


def test_the_average_forgets_its_start() -> None:
    decays = [ema_decay(step, 0.9) for step in range(200)]
    assert decays[0] == pytest.approx(0.1)
    assert np.all(np.diff(decays) >= 0)
    assert decays[-1] == 0.9


@given(st.integers(1, 5000), st.data())
def test_hardness_grows_from_0_to_1(steps: int, data: st.DataObject) -> None:
    one, other = sorted(data.draw(st.tuples(*[st.integers(0, steps - 1)] * 2)))
    assert 0 <= hardness(one, steps) <= hardness(other, steps) <= 1
    assert hardness(0, steps) == 0
    assert hardness(steps, steps) == 1
    assert hardness(steps // 2, steps) < 1
