"""Fading of color against an oracle in float64, and the compiled loop against NumPy."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pielight.core.color import LUMA_WEIGHTS
from pielight.ops import chroma_fade
from pielight.ops.chroma_fade import fade_chroma, fade_colors
from tests.ops.test_exposure_map import spline_weights

SIZES, NODES = st.tuples(st.integers(1, 23), st.integers(1, 23)), st.tuples(st.integers(1, 5), st.integers(1, 5))
KINDS = st.sampled_from([np.uint8, np.uint16, np.float32])


def of_kind(rng: np.random.Generator, shape: tuple[int, ...], kind: Any) -> NDArray[Any]:
    values = rng.random(shape)
    return values.astype(kind) if kind == np.float32 else (values * np.iinfo(kind).max).astype(kind)


def shares_at(share: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float64]:
    rows, columns = (spline_weights(n, of) for n, of in zip(size, share.shape, strict=True))
    return rows @ share.astype(float) @ columns.T  # type: ignore[no-any-return]


@settings(max_examples=60, deadline=None)
@given(SIZES, NODES, KINDS, st.booleans(), st.integers(0, 99))
def test_colors_move_to_their_luma_as_far_as_the_map_says(
    size: tuple[int, int], nodes: tuple[int, int], kind: Any, bgr: bool, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    pixels, share = of_kind(rng, (*size, 3), kind), rng.random(nodes, np.float32)
    luma = pixels @ np.array(LUMA_WEIGHTS[::-1] if bgr else LUMA_WEIGHTS)
    wanted = luma[..., None] + shares_at(share, size)[..., None] * (pixels - luma[..., None])
    result = pixels.copy()
    fade_colors(result, share, bgr, 2)
    full = 1.0 if kind == np.float32 else np.iinfo(kind).max
    assert np.abs(result - wanted).max() <= full * 5e-4 + (kind != np.float32) * 1.01


@settings(max_examples=60, deadline=None)
@given(SIZES, NODES, st.sampled_from([8, 10, 12]), st.integers(0, 99))
def test_chroma_moves_to_neutral_as_far_as_the_map_says(
    size: tuple[int, int], nodes: tuple[int, int], bits: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    white, neutral = (1 << bits) - 1, 1 << (bits - 1)
    plane = rng.integers(0, white + 1, size).astype(np.uint8 if bits == 8 else np.uint16)
    share = rng.random(nodes, np.float32)
    wanted = neutral + shares_at(share, size) * (plane.astype(float) - neutral)
    fade_chroma([plane], share, white, 1)
    assert np.abs(plane - wanted).max() <= 0.51 + white * 5e-4


@settings(max_examples=60, deadline=None)
@given(SIZES, NODES, st.sampled_from([np.uint8, np.uint16]), st.booleans(), st.integers(0, 99))
def test_the_compiled_loop_and_numpy_give_the_same_bits(
    size: tuple[int, int], nodes: tuple[int, int], kind: Any, is_plane: bool, seed: int
) -> None:
    pytest.importorskip("pielight.ops._loop", reason="built without a compiler")
    rng = np.random.default_rng(seed)
    compiled, share = of_kind(rng, size if is_plane else (*size, 3), kind), rng.random(nodes, np.float32)
    share[rng.random(nodes) < 0.5] = 1
    plain = compiled.copy()

    def fade(values: NDArray[Any]) -> None:
        if is_plane:
            fade_chroma([values], share, 255 if kind == np.uint8 else 4095, 2)
        else:
            fade_colors(values, share, threads=2)

    if is_plane:
        compiled %= np.array(255 if kind == np.uint8 else 4095, kind)
        plain[...] = compiled
    fade(compiled)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chroma_fade, "_loop", None)
        fade(plain)
    np.testing.assert_array_equal(compiled, plain)


def test_where_all_is_kept_nothing_changes_and_gray_stays_gray() -> None:
    rng = np.random.default_rng(0)
    plane = rng.integers(0, 4096, (40, 50)).astype(np.uint16)
    whole = plane.copy()
    share = np.ones((5, 7), np.float32)
    share[0, 0] = 0
    fade_chroma([plane], share, 4095, 1)
    np.testing.assert_array_equal(plane[20:], whole[20:])
    assert (plane[:4, :4] != whole[:4, :4]).any()
    gray = np.arange(256, dtype=np.uint8).repeat(3).reshape(16, 16, 3)
    faded = gray.copy()
    fade_colors(faded, np.full((2, 2), 0.3, np.float32))
    np.testing.assert_array_equal(faded, gray)
