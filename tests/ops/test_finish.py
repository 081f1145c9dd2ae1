"""The finishing pass: the same result for every type of pixels, nothing where nothing is asked for."""

from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pielight.core.color import linear_to_srgb, srgb_to_linear
from pielight.ops import compiled
from pielight.ops import finish as finish_module
from pielight.ops.finish import Finish, apply_finish
from pielight.ops.white_balance import white_balance


def picture(height: int, width: int, channels: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).random((height, width, channels), np.float32)


def as_type(values: NDArray[np.float32], dtype: type) -> NDArray[np.generic]:
    scale = {np.uint8: 255, np.uint16: 65535}.get(dtype, 1)
    return (np.rint(values * scale) if scale > 1 else values).astype(dtype)


def finished(source: NDArray[np.generic], result: NDArray[np.generic], finish: Finish) -> NDArray[np.float64]:
    done = result.copy()
    apply_finish(source, done, finish, threads=2)
    return done / {"uint8": 255, "uint16": 65535}.get(done.dtype.name, 1)


@settings(deadline=None, max_examples=40)
@given(
    st.integers(1, 70),
    st.integers(1, 9),
    st.sampled_from([1, 3]),
    st.sampled_from([0.0, 0.3, 1.0]),
    st.floats(-1, 1),
    st.floats(-1, 1),
)
def test_types_agree(height: int, width: int, channels: int, black: float, warmth: float, tint: float) -> None:
    before = as_type(picture(height, width, channels) * 0.5, np.uint8) / np.float32(255)
    after = as_type(picture(height, width, channels, 1), np.uint8) / np.float32(255)
    finish = Finish(black, warmth, tint)
    exact = finished(before.astype(np.float64), after.astype(np.float64), finish)
    for dtype, apart in ((np.uint8, 0.51 / 255), (np.uint16, 0.51 / 65535 + 2e-6), (np.float32, 2e-6)):
        result = finished(as_type(before, dtype), as_type(after, dtype), finish)
        assert np.abs(result - exact).max() <= apart + 2e-6


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_what_was_not_brightened_stays_to_the_bit(dtype: type) -> None:
    levels = np.arange(np.iinfo(dtype).max + 1, dtype=dtype).reshape(1, -1, 1)
    same = levels.repeat(3, axis=2)
    done = same.copy()
    apply_finish(same, done, Finish(black=1.0))
    assert (done == same).all()
    darker = same // 2
    done = darker.copy()
    apply_finish(same, done, Finish(black=1.0))
    assert (done == darker).all()


def test_black_is_held_and_the_rest_stays() -> None:
    before = np.array([[[0.03] * 3, [0.2] * 3, [0.5] * 3]], np.float32)
    after = np.array([[[0.2] * 3, [0.5] * 3, [0.9] * 3]], np.float32)
    done = finished(before, after, Finish(black=1.0))[0, :, 0]
    assert done[0] < 0.11
    assert 0.47 < done[1] < 0.5
    assert done[2] > 0.895
    assert (np.diff([finished(before, after, Finish(black=b))[0, 0, 0] for b in (0, 0.25, 0.5, 1)]) < 0).all()


def test_black_keeps_hue_and_order() -> None:
    steps = np.linspace(0.01, 1, 200, dtype=np.float32)
    before = (steps[:, None] * np.array([0.3, 0.15, 0.2], np.float32))[np.newaxis]
    after = linear_to_srgb(8 * srgb_to_linear(before) / (1 + 7 * srgb_to_linear(before))).astype(np.float32)
    done = finished(before, after, Finish(black=1.0))
    assert (np.diff(done[0], axis=0) > 0).all()
    ratio = srgb_to_linear(done) / srgb_to_linear(after)
    assert np.ptp(ratio, axis=2).max() < 1e-3


@given(st.floats(-1, 1), st.floats(-1, 1))
@settings(deadline=None, max_examples=25)
def test_balance_is_the_matrix_in_linear_light(warmth: float, tint: float) -> None:
    colors = picture(5, 4, 3)
    expected = linear_to_srgb(np.clip(srgb_to_linear(colors) @ white_balance(warmth, tint).T, 0, 1))
    assert np.abs(finished(colors, colors, Finish(0, warmth, tint)) - expected).max() < 2e-6


def test_gray_has_no_balance() -> None:
    gray = as_type(picture(4, 5, 1), np.uint8)
    assert (finished(gray, gray, Finish(0, 1.0, -1.0)) * 255 == gray).all()
    assert Finish().is_neutral
    assert not Finish(tint=0.1).is_neutral


@pytest.mark.skipif(compiled.loop is None, reason="not compiled here")
@settings(deadline=None, max_examples=60)
@given(
    st.integers(1, 40),
    st.integers(1, 9),
    st.sampled_from([1, 3]),
    st.sampled_from([np.uint8, np.uint16, np.float32, np.float64]),
    st.sampled_from([Finish(0.4), Finish(1.0, 0.3, -0.7), Finish(0.0, -1.0, 0.2), Finish(0.0, 1.0, 1.0)]),
    st.integers(0, 99),
)
def test_the_compiled_loop_is_numpy_to_the_bit(
    height: int, width: int, channels: int, dtype: type, finish: Finish, seed: int
) -> None:
    before, after = (as_type(picture(height, width, channels, seed + n) ** 2, dtype) for n in range(2))
    with mock.patch.object(finish_module, "_loop", None):
        expected = finished(before, after, finish)
    assert (finished(before, after, finish) == expected).all()
    mirrored = after[:, ::-1].copy()[:, ::-1]  # in memory from right to left
    apply_finish(before, mirrored, finish)
    assert (mirrored / {np.uint8: 255, np.uint16: 65535}.get(dtype, 1) == expected).all()


def test_what_does_not_fit_is_refused() -> None:
    if compiled.loop is None:
        pytest.skip("not compiled here")
    source, result, table = np.zeros((2, 3, 3), np.uint8), np.zeros((2, 3, 3), np.uint8), np.zeros(9, np.float32)
    levels, matrix = np.zeros(256, np.float32), np.eye(3, dtype=np.float32)
    compiled.loop.finish_rows(source, levels, table, table, matrix, 0.1, result, 0, 2)
    for wrong in (
        (source[:1], levels, table, table, matrix, 0.1, result, 0, 2),
        (source, levels[:9], table, table, matrix, 0.1, result, 0, 2),
        (source, levels, table, table[:5], matrix, 0.1, result, 0, 2),
        (source, levels, table, table, matrix[:2], 0.1, result, 0, 2),
        (source.astype(np.uint16), levels, table, table, matrix, 0.1, result, 0, 2),
        (source, levels, table, table, matrix, 0.1, result, 0, 3),
    ):
        with pytest.raises(ValueError, match="do not fit together"):
            compiled.loop.finish_rows(*wrong)
