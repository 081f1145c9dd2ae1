"""Hardness grows over a run and stays in range."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pielight.training.hardness import hardness


@given(st.integers(1, 5000), st.data())
def test_it_grows_from_0_to_1(steps: int, data: st.DataObject) -> None:
    one, other = sorted(data.draw(st.tuples(*[st.integers(0, steps - 1)] * 2)))
    assert 0 <= hardness(one, steps) <= hardness(other, steps) <= 1
    assert hardness(0, steps) == 0
    assert hardness(steps, steps) == 1
    assert hardness(steps // 2, steps) < 1
