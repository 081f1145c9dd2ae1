"""The compiled loop refuses whatever would make it read or write outside its buffers."""

from functools import partial
from typing import Any

import numpy as np
import pytest

from pielight.ops.light_curve import light_curve
from pielight.ops.tone import SHOULDER, apply_tone
from pielight.options import EnhanceOptions

loop = pytest.importorskip("pielight.ops._loop", reason="built without a compiler")
GOOD: dict[str, Any] = {
    "source": np.zeros((4, 5, 3), np.uint8),
    "tables": np.zeros((2, 2, 3, 256), np.uint16),
    "row_node": np.zeros(4, np.intc),
    "row_weight": np.zeros((4, 3), np.uint16),
    "column_node": np.zeros(5, np.intc),
    "column_weight": np.zeros((5, 3), np.uint16),
    "result": np.zeros((4, 5, 3), np.uint8),
    "top": 0,
    "bottom": 4,
}
DEEP = GOOD | {
    "source": np.zeros((4, 5, 3), np.float32),
    "result": np.zeros((4, 5, 3), np.float32),
    "tables": np.zeros((2, 2, 3, 513), np.float32),
    "row_weight": np.zeros((4, 3), np.float32),
    "column_weight": np.zeros((5, 3), np.float32),
}


def frozen() -> np.ndarray:
    array = np.zeros((4, 5, 3), np.uint8)
    array.flags.writeable = False
    return array


@pytest.mark.parametrize("good", [GOOD, DEEP])
def test_good_arguments_pass(good: dict[str, Any]) -> None:
    assert loop.enhance_rows(*good.values()) is None


def test_pictures_may_have_gaps_between_pixels_and_lie_upside_down() -> None:
    views = {"source": np.zeros((4, 5, 4), np.uint8)[::-1, :, :3], "result": np.zeros((8, 10, 3), np.uint8)[::2, ::2]}
    assert loop.enhance_rows(*(GOOD | views).values()) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"source": np.zeros((4, 5, 2), np.uint8)},
        {"source": np.zeros((4, 5), np.uint8)},
        {"source": np.zeros((4, 5, 3), np.int8)},
        {"source": np.zeros((4, 5, 6), np.uint8)[..., ::2]},
        {"source": np.zeros((4, 5, 3), np.uint16)},
        {"source": np.zeros((0, 5, 3), np.uint8), "result": np.zeros((0, 5, 3), np.uint8)},
        {"result": np.zeros((4, 5, 4), np.uint8)},
        {"result": np.zeros((4, 4, 3), np.uint8)},
        {"result": np.zeros((4, 5, 3), np.float32)},
        {"tables": np.zeros((2, 2, 3, 255), np.uint16)},
        {"tables": np.zeros((2, 2, 3, 256), np.float32)},
        {"tables": np.zeros((2, 2, 1, 256), np.uint16)},
        {"tables": np.zeros((0, 2, 3, 256), np.uint16)},
        {"tables": np.zeros((2, 2, 3, 512), np.uint16)[..., ::2]},
        {"tables": np.zeros(2 * 2 * 3 * 512 + 1, np.uint8)[1:].view(np.uint16).reshape(2, 2, 3, 256)},
        {"row_node": np.full(4, 2, np.intc)},
        {"row_node": np.full(4, -1, np.intc)},
        {"row_node": np.zeros(3, np.intc)},
        {"row_node": np.zeros(4, np.int64)},
        {"row_weight": np.zeros((4, 2), np.uint16)},
        {"row_weight": np.zeros((4, 3), np.float32)},
        {"column_node": np.full(5, 2, np.intc)},
        {"column_node": np.full(5, -(2**31), np.intc)},
        {"column_node": np.array([0, 1, 0, 0, 0], np.intc)},
        {"column_weight": np.zeros((6, 3), np.uint16)},
        {"top": -1},
        {"bottom": 5},
        {"top": 3, "bottom": 2},
        {"result": frozen()},
        {"source": b"no picture"},
        {"tables": None},
    ],
)
def test_wrong_arguments_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError, BufferError)):
        loop.enhance_rows(*{**GOOD, **wrong}.values())


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 2.0, -1.0])
def test_no_float_leads_out_of_the_tables(value: float) -> None:
    source = np.full((4, 5, 3), value, np.float32)
    loop.enhance_rows(*(DEEP | {"source": source}).values())


@pytest.mark.parametrize("strength", [0.3, 1 - 1e-8, 1.0, 1 + 1e-8, 1.4])
def test_tables_are_numpys_to_the_bit(strength: float) -> None:
    rng = np.random.default_rng(0)
    x, alphas = rng.random(100, np.float32), rng.uniform(-1, 1, (8, 6)).astype(np.float32)
    result = np.empty((6, 100), np.float32)
    loop.tabulate(x, alphas, result, strength, 0.5 * SHOULDER)
    curve = partial(light_curve, alphas=alphas[..., np.newaxis])
    assert np.array_equal(result, apply_tone(np.broadcast_to(x, result.shape), curve, EnhanceOptions(strength, 0.5)))


@pytest.mark.parametrize(
    ("x", "alphas", "result"),
    [((100,), (8, 5), (6, 100)), ((100,), (8, 6), (6, 99)), ((6, 100), (8, 6), (6, 100)), ((100,), (8, 6), (600,))],
)
def test_tables_of_other_sizes_are_refused(x: Any, alphas: Any, result: Any) -> None:
    with pytest.raises(ValueError, match="do not fit"):
        loop.tabulate(*(np.zeros(shape, np.float32) for shape in (x, alphas, result)), 1.0, 0.0)


SHRINK: dict[str, Any] = {
    "source": np.zeros((4, 5, 3), np.uint8),
    "rows": np.array([0, 2, 4], np.intc),
    "columns": np.array([0, 1, 3, 5], np.intc),
    "result": np.zeros((2, 3, 3), np.float32),
    "top": 0,
    "bottom": 2,
}


@pytest.mark.parametrize(
    "wrong",
    [
        {"source": np.zeros((4, 6, 3), np.uint8)},
        {"source": np.zeros((4, 5, 3), np.uint8)[:, ::-1]},
        {"source": np.zeros((5, 4, 3), np.uint8).transpose(1, 0, 2)},
        {"source": np.zeros((4, 5, 3), np.int16)},
        {"source": np.zeros((4, 5, 4), np.uint8)},
        {"source": np.broadcast_to(np.zeros(3, np.uint8), (4, 5, 3))},
        {"rows": np.array([0, 2, 5], np.intc)},
        {"rows": np.array([0, 4], np.intc)},
        {"rows": np.array([0, 5, 4], np.intc)},
        {"rows": np.array([-1, 2, 4], np.intc)},
        {"columns": np.array([0, 3, 3, 5], np.intc)},
        {"columns": np.array([0, 1, 3, 5], np.int64)},
        {"result": np.zeros((2, 3, 3), np.uint8)},
        {"result": np.zeros((2, 3, 1), np.float32)},
        {"result": frozen()},
        {"top": -1},
        {"bottom": 3},
    ],
)
def test_wrong_boxes_are_refused(wrong: dict[str, Any]) -> None:
    assert loop.shrink(*SHRINK.values()) is None
    with pytest.raises((TypeError, ValueError, BufferError)):
        loop.shrink(*{**SHRINK, **wrong}.values())


EXPOSE: dict[str, Any] = {
    "source": np.zeros((4, 5, 3), np.uint8),
    "nodes": np.zeros((2, 2), np.int32),
    "row_node": np.zeros(4, np.intc),
    "row_weight": np.zeros((4, 3), np.int32),
    "column_node": np.zeros(5, np.intc),
    "column_weight": np.zeros((3, 5), np.int32),
    "decode": np.full(256, 48 << 9, np.int32),
    "encode": np.zeros((96 << 9) + 1, np.uint8),
    "result": np.zeros((4, 5, 3), np.uint8),
    "top": 0,
    "bottom": 4,
}
EXPOSE_DEEP = EXPOSE | {
    "source": np.zeros((4, 5, 3), np.float32),
    "result": np.zeros((4, 5, 3), np.float32),
    "nodes": np.full((2, 2), 1.0, np.float32),
    "row_weight": np.full((4, 3), 1 / 3, np.float32),
    "column_weight": np.full((3, 5), 1 / 3, np.float32),
    "decode": np.zeros(4097, np.float32),
    "encode": np.zeros(9 * 512 + 2, np.float32),
}


@pytest.mark.parametrize("good", [EXPOSE, EXPOSE_DEEP, EXPOSE | {"nodes": np.full((2, 2), -48 << 13, np.int32)}])
def test_good_exposures_pass(good: dict[str, Any]) -> None:
    assert loop.expose_rows(*good.values()) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"source": np.zeros((4, 5, 2), np.uint8)},
        {"source": np.zeros((4, 5, 3), np.uint16)},
        {"source": np.zeros((4, 5, 6), np.uint8)[..., ::2]},
        {"result": np.zeros((4, 4, 3), np.uint8)},
        {"result": frozen()},
        {"nodes": np.zeros((2, 2), np.float32)},
        {"nodes": np.zeros((0, 2), np.int32)},
        {"nodes": np.full((2, 2), (48 << 13) + 1, np.int32)},
        {"nodes": np.full((2, 2), -(2**31), np.int32)},
        {"row_node": np.full(4, 2, np.intc)},
        {"row_node": np.zeros(3, np.intc)},
        {"row_weight": np.full((4, 3), 1366, np.int32)},
        {"row_weight": np.full((4, 3), -1, np.int32)},
        {"row_weight": np.full((4, 3), 2**30, np.int32)},
        {"row_weight": np.zeros((3, 4), np.int32)},
        {"column_node": np.array([0, 1, 0, 0, 0], np.intc)},
        {"column_node": np.full(5, -1, np.intc)},
        {"column_weight": np.zeros((5, 3), np.int32)},
        {"column_weight": np.full((3, 5), 1366, np.int32)},
        {"decode": np.full(256, (48 << 9) - 1, np.int32)},
        {"decode": np.full(256, (48 << 9) + 1, np.int32)},
        {"decode": np.full(255, 48 << 9, np.int32)},
        {"encode": np.zeros(96 << 9, np.uint8)},
        {"top": -1},
        {"bottom": 5},
        {"top": 3, "bottom": 2},
    ],
)
def test_wrong_exposures_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError, BufferError)):
        loop.expose_rows(*{**EXPOSE, **wrong}.values())


@pytest.mark.parametrize(
    "wrong",
    [
        {"nodes": np.full((2, 2), np.nan, np.float32)},
        {"nodes": np.full((2, 2), 48.1, np.float32)},
        {"row_weight": np.full((4, 3), np.nan, np.float32)},
        {"row_weight": np.full((4, 3), 0.4, np.float32)},
        {"column_weight": np.full((3, 5), -0.1, np.float32)},
        {"decode": np.zeros(4096, np.float32)},
        {"encode": np.zeros(9 * 512 + 1, np.float32)},
    ],
)
def test_wrong_exposures_of_deep_pictures_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        loop.expose_rows(*{**EXPOSE_DEEP, **wrong}.values())


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 2.0, -1.0])
def test_no_float_leads_out_of_the_tables_of_exposures(value: float) -> None:
    source = np.full((4, 5, 3), value, np.float32)
    loop.expose_rows(*(EXPOSE_DEEP | {"source": source}).values())
