"""Arrays of the same pixels that lie in memory in every way that NumPy knows."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

SCALE = {"uint8": 255, "uint16": 65535, "float32": 1, "float64": 1}


@st.composite
def laid_out(draw: st.DrawFn, shape: tuple[int, ...], dtype: str) -> NDArray[Any]:
    """Draw an array of zeros: any order of the axes, steps of any sign, gaps, addresses that are not aligned."""
    order = draw(st.permutations(range(len(shape))))
    steps = draw(st.tuples(*(st.sampled_from([1, -1, 2, -3]) for _ in shape)))
    before = draw(st.tuples(*(st.integers(0, 2) for _ in shape)))
    sides = [before[axis] + shape[axis] * abs(steps[axis]) for axis in order]
    memory = np.zeros(int(np.prod(sides)) * np.dtype(dtype).itemsize + 8, np.uint8)
    start = draw(st.integers(0, 7))
    whole = memory[start : start + memory.size - 8].view(dtype).reshape(sides).transpose(np.argsort(order))
    view = whole[tuple(slice(before[axis], None, abs(steps[axis])) for axis in range(len(shape)))]
    return view[tuple(slice(None, None, 1 if step > 0 else -1) for step in steps)]
