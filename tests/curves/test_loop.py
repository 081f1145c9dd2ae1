"""The compiled loop refuses whatever would make it read or write outside its buffers."""

from typing import Any

import numpy as np
import pytest

loop = pytest.importorskip("pielight.curves._loop", reason="built without a compiler")
GOOD: dict[str, Any] = {
    "source": np.zeros((4, 5, 3), np.uint8),
    "result": np.zeros((4, 5, 3), np.uint8),
    "shape": (4, 5, 3),
    "tables": np.zeros((2, 2, 3, 256), np.uint16),
    "grid": (2, 2, 3, 256),
    "row_first": np.zeros(4, np.int32),
    "row_weight": np.zeros(4, np.uint16),
    "column_first": np.zeros(5, np.int32),
    "column_weight": np.zeros(5, np.uint16),
    "top": 0,
    "bottom": 4,
}


def test_good_arguments_pass() -> None:
    assert loop.enhance_rows(*GOOD.values()) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"source": np.zeros((4, 5, 2), np.uint8)},
        {"result": np.zeros((4, 5, 4), np.uint8)},
        {"shape": (5, 4, 3)},
        {"shape": (4, 15, 1)},
        {"shape": (-4, -5, 3)},
        {"shape": (2**62, 5, 3)},
        {"tables": np.zeros((2, 2, 3, 255), np.uint16)},
        {"tables": np.zeros(2 * 2 * 3 * 512 + 1, np.uint8)[1:]},
        {"grid": (2, 2, 1, 256)},
        {"grid": (3, 2, 3, 256)},
        {"grid": (2**31, 2**31, 3, 256)},
        {"row_first": np.full(4, 2, np.int32)},
        {"row_first": np.full(4, -1, np.int32)},
        {"row_first": np.zeros(3, np.int32)},
        {"row_weight": np.full(4, 257, np.uint16)},
        {"column_first": np.full(5, 2, np.int32)},
        {"column_first": np.full(5, -(2**31), np.int32)},
        {"column_weight": np.full(5, 65535, np.uint16)},
        {"column_weight": np.zeros(6, np.uint16)},
        {"top": -1},
        {"bottom": 5},
        {"top": 3, "bottom": 2},
    ],
)
def test_wrong_arguments_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="do not fit"):
        loop.enhance_rows(*{**GOOD, **wrong}.values())


def test_read_only_results_and_scattered_arrays_are_refused() -> None:
    frozen = np.zeros((4, 5, 3), np.uint8)
    frozen.flags.writeable = False
    for wrong in ({"result": frozen}, {"source": np.zeros((4, 10, 3), np.uint8)[:, ::2]}):
        with pytest.raises((TypeError, ValueError, BufferError)):
            loop.enhance_rows(*{**GOOD, **wrong}.values())
