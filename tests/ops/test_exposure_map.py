"""The engine of exposure maps against an oracle in float64 that shares no code with it."""

import sys
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.interpolate import BSpline

from pielight.errors import OptionError
from pielight.ops import exposure_map as engine
from pielight.ops.exposure_map import apply_exposure, check_map, exp2, resample

SCALE = {"uint8": 255, "uint16": 65535, "float32": 1, "float64": 1}
# Rounding, and what the steps of 1/512 EV and the weights of 1/4096 add; of the others, knots and float32.
TOLERANCE = {"uint8": 0.62 / 255, "uint16": 0.6 / 65535, "float32": 3e-6, "float64": 3e-6}


def a_map(seed: int, nodes: tuple[int, int], spread: float = 3.0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(1, spread, nodes).clip(-14, 14).astype(np.float32)


def picture(seed: int, shape: tuple[int, int, int], dtype: str) -> NDArray[Any]:
    values = np.random.default_rng(seed).random(shape)
    return (values if SCALE[dtype] == 1 else np.rint(values * SCALE[dtype])).astype(dtype)


def spline_weights(pixels: int, nodes: int) -> NDArray[np.float64]:
    hat = BSpline.basis_element([-1.5, -0.5, 0.5, 1.5], extrapolate=False)
    places = (np.arange(pixels) + 0.5) / pixels * nodes - 0.5
    beyond = np.nan_to_num(hat(places[:, np.newaxis] - np.arange(-1, nodes + 1)))
    weights: NDArray[np.float64] = beyond[:, 1:-1].copy()
    weights[:, 0] += beyond[:, 0]
    weights[:, -1] += beyond[:, -1]
    return weights


def oracle(pixels: NDArray[Any], ev: NDArray[np.float32]) -> NDArray[np.float64]:
    """Blend the nodes, decode by the standard's powers, apply k l / (1 + (k - 1) l), encode."""
    x = pixels / SCALE[str(pixels.dtype)]
    of_pixels = spline_weights(x.shape[0], ev.shape[0]) @ ev.astype(float) @ spline_weights(x.shape[1], ev.shape[1]).T
    k = 2 ** of_pixels[..., np.newaxis]
    light = np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)
    light = k * light / (1 + (k - 1) * light)
    result: NDArray[np.float64] = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return result


SIZES = st.tuples(st.integers(1, 40), st.integers(1, 40))
NODES = st.tuples(st.integers(1, 6), st.integers(1, 6))
CHANNELS, TYPES, SEEDS = st.sampled_from([1, 3]), st.sampled_from(sorted(SCALE)), st.integers(0, 99)


@settings(max_examples=80, deadline=None)
@given(size=SIZES, nodes=NODES, channels=CHANNELS, dtype=TYPES, seed=SEEDS)
def test_agrees_with_the_oracle(
    size: tuple[int, int], nodes: tuple[int, int], channels: int, dtype: str, seed: int
) -> None:
    pixels, ev = picture(seed, (*size, channels), dtype), a_map(seed, nodes)
    result = apply_exposure(pixels, ev)
    assert (result.dtype, result.shape) == (pixels.dtype, pixels.shape)
    magnified = (
        0 if dtype == "uint8" else 2e-7 * 2 ** max(0.0, -float(ev.min()))
    )  # what float32 rounds off next to white
    assert np.abs(result / SCALE[dtype] - oracle(pixels, ev)).max() <= TOLERANCE[dtype] + magnified


@settings(max_examples=80, deadline=None)
@given(size=SIZES, nodes=NODES, channels=CHANNELS, dtype=TYPES, seed=SEEDS, limit=st.sampled_from([0.5, 6, 48]))
def test_compiled_loop_and_numpy_agree_to_the_bit(
    size: tuple[int, int], nodes: tuple[int, int], channels: int, dtype: str, seed: int, limit: float
) -> None:
    pytest.importorskip("pielight.ops._loop", reason="built without a compiler")
    pixels = picture(seed, (*size, channels), dtype)
    ev = np.random.default_rng(seed).uniform(-limit, limit, nodes).astype(np.float32)
    ev.reshape(-1)[0] = 0
    compiled = apply_exposure(pixels, ev)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "_loop", None)
        assert np.array_equal(compiled, apply_exposure(pixels, ev))


@pytest.mark.parametrize("dtype", sorted(SCALE))
@pytest.mark.parametrize("ev", [-48.0, -9.0, -3.0, -0.01, 0.01, 1.0, 5.5, 14.0, 48.0])
def test_is_monotone_and_keeps_black_and_white(dtype: str, ev: float) -> None:
    count = SCALE[dtype] + 1 if SCALE[dtype] > 1 else 100_001
    ramp = (np.linspace(0, 1, count) * SCALE[dtype]).round(0 if SCALE[dtype] > 1 else 9).astype(dtype).reshape(1, -1, 1)
    result = apply_exposure(ramp, np.full((1, 1), ev, np.float32)).reshape(-1).astype(float)
    assert (np.diff(result) >= 0).all()
    assert (result[0], result[-1]) == (0, SCALE[dtype])


@pytest.mark.parametrize("dtype", sorted(SCALE))
def test_is_monotone_in_the_exposure(dtype: str) -> None:
    pixels, ev = picture(2, (50, 60, 3), dtype), np.abs(a_map(2, (6, 7)))
    steps = [apply_exposure(pixels, ev * np.float32(s)).astype(float) for s in np.linspace(-1.5, 1.5, 31)]
    assert all((after >= before).all() for before, after in pairwise(steps))


@pytest.mark.parametrize("dtype", sorted(SCALE))
@pytest.mark.parametrize("channels", [1, 3])
def test_where_the_map_is_0_nothing_changes(dtype: str, channels: int) -> None:
    pixels = picture(1, (60, 80, channels), dtype)
    assert np.array_equal(apply_exposure(pixels, np.zeros((4, 4), np.float32)), pixels)
    ev = np.zeros((4, 4), np.float32)
    ev[:, 3] = 5
    result = apply_exposure(pixels, ev)
    assert np.array_equal(result[:, :40], pixels[:, :40])
    assert (result[:, 60:] != pixels[:, 60:]).mean() > 0.9


@pytest.mark.parametrize(("dtype", "tolerance"), [("uint16", 3), ("float32", 4e-6)])
def test_the_opposite_map_undoes_it(dtype: str, tolerance: float) -> None:
    pixels, ev = picture(3, (40, 50, 3), dtype), a_map(3, (5, 5), 0.7)
    back = apply_exposure(apply_exposure(pixels, ev), -ev)
    assert np.abs(back.astype(float) - pixels).max() <= tolerance * 2 ** np.abs(ev).max()


def test_the_opposite_map_undoes_it_up_to_rounding_in_8_bits() -> None:
    pixels, ev = picture(3, (40, 50, 3), "uint8"), np.full((2, 2), 2, np.float32)
    back = apply_exposure(apply_exposure(pixels, ev), -ev)
    change = np.abs(back.astype(int) - pixels)
    assert change.max() <= 2  # half a level of the brighter one is up to two of the darker one
    assert (change > 0).mean() < 0.4


def test_no_seam_where_cells_meet() -> None:
    ramp = np.linspace(0.05, 0.6, 1024)[np.newaxis, :, np.newaxis] * np.ones((64, 1, 3))
    result = apply_exposure(ramp, a_map(7, (8, 8), 1.0)).astype(float)
    second = np.abs(np.diff(result, 2, axis=1)).max(axis=(0, 2))
    border = np.zeros(len(second), bool)
    for edge in range(128, 1024, 128):
        border[edge - 2 : edge] = True
    assert second[border].max() <= second[~border].max() * 1.2


@pytest.mark.parametrize("dtype", sorted(SCALE))
def test_an_even_map_is_even_to_the_bit(dtype: str) -> None:
    pixels = np.full((40, 333, 3), picture(0, (1, 1, 1), dtype)[0, 0, 0], dtype)
    assert len(np.unique(apply_exposure(pixels, np.full((5, 7), 1.2345, np.float32)))) == 1


@pytest.mark.parametrize("dtype", sorted(SCALE))
def test_threads_do_not_change_the_result(dtype: str) -> None:
    pixels, ev = picture(4, (401, 333, 3), dtype), a_map(4, (8, 8))
    assert np.array_equal(apply_exposure(pixels, ev, threads=1), apply_exposure(pixels, ev, threads=3))


@pytest.mark.parametrize("dtype", sorted(SCALE))
def test_into_a_given_array_and_in_place(dtype: str) -> None:
    pixels, ev = picture(8, (40, 50, 3), dtype), a_map(8, (8, 8))
    wanted = apply_exposure(pixels, ev)
    padded = np.zeros((40, 50, 4), dtype)
    padded[..., 3] = 7
    view = padded[..., :3]
    assert apply_exposure(pixels, ev, out=view) is view
    assert np.array_equal(view, wanted)
    view[...] = pixels
    apply_exposure(view, ev, out=view)
    assert np.array_equal(view, wanted)
    assert (padded[..., 3] == 7).all()
    planes = np.zeros((3, 40, 50), dtype).transpose(1, 2, 0)  # channels apart
    assert np.array_equal(apply_exposure(pixels, ev, out=planes), wanted)
    moved = np.concatenate([pixels, pixels[:1]])
    apply_exposure(moved[:-1], ev, out=moved[1:])  # over pixels that are still to be read
    assert np.array_equal(moved[1:], wanted)
    for wrong in (np.zeros((40, 50, 1), dtype), np.zeros((40, 50, 3), np.int8)):
        with pytest.raises(OptionError, match="out"):
            apply_exposure(pixels, ev, out=wrong)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_blue_green_red_is_exposed_where_it_lies(dtype: str) -> None:
    full = 1 if dtype == "float32" else np.iinfo(dtype).max
    bgr = (np.random.default_rng(0).random((9, 14, 3)) * full).astype(dtype)
    ev = np.array([[1.0, 3.0]], np.float32)
    wanted = apply_exposure(np.ascontiguousarray(bgr[..., ::-1]), ev)
    new = apply_exposure(bgr[..., ::-1], ev)
    assert np.array_equal(new, wanted)
    assert new.strides == bgr[..., ::-1].strides
    plain = np.empty_like(bgr)
    assert np.array_equal(apply_exposure(bgr[..., ::-1], ev, out=plain), wanted)
    view = bgr[..., ::-1]
    assert apply_exposure(view, ev, out=view) is view
    assert np.array_equal(bgr[..., ::-1], wanted)


@pytest.mark.parametrize("dtype", sorted(SCALE))
def test_input_may_be_any_view_unaligned_or_name_its_byte_order(dtype: str) -> None:
    pixels, ev = picture(9, (30, 20, 3), dtype), a_map(9, (4, 4))
    memory = np.zeros(pixels.nbytes + 1, np.uint8)
    unaligned = memory[1:].view(dtype).reshape(pixels.shape)
    unaligned[...] = pixels
    named = pixels.view(pixels.dtype.newbyteorder("<" if sys.byteorder == "little" else ">"))
    wanted = apply_exposure(pixels, ev)
    for odd in (unaligned, named, np.asfortranarray(pixels), np.repeat(pixels, 2, axis=1)[:, ::2]):
        assert np.array_equal(apply_exposure(odd, ev), wanted)
        apply_exposure(odd, ev, out=odd)
        assert np.array_equal(odd, wanted)


@pytest.mark.parametrize("ev", [np.zeros(3), np.zeros((0, 2)), np.full((2, 2), 49), np.full((2, 2), np.nan)])
def test_what_is_no_map_is_refused(ev: NDArray[Any]) -> None:
    with pytest.raises(OptionError, match="map of exposures"):
        apply_exposure(np.zeros((4, 4, 3), np.uint8), check_map(ev))


@pytest.mark.parametrize("pixels", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), int), np.full((2, 2, 1), 1.1)])
def test_what_is_no_picture_is_refused(pixels: NDArray[Any]) -> None:
    with pytest.raises(OptionError, match="pixels"):
        apply_exposure(pixels, np.ones((2, 2), np.float32))


def test_powers_of_two() -> None:
    ev = np.linspace(-48, 48, 10_001, dtype=np.float32)
    assert np.allclose(exp2(ev), 2 ** ev.astype(float), rtol=5e-7)
    assert exp2(np.arange(-48, 49, dtype=np.float32)).tolist() == [2.0**n for n in range(-48, 49)]


@settings(max_examples=30, deadline=None)
@given(nodes=NODES, size=SIZES, seed=SEEDS)
def test_resample_is_what_pixels_get(nodes: tuple[int, int], size: tuple[int, int], seed: int) -> None:
    ev = a_map(seed, nodes)
    wanted = ev
    if size[0] != nodes[0]:
        wanted = spline_weights(size[0], nodes[0]) @ wanted
    if size[1] != nodes[1]:
        wanted = wanted @ spline_weights(size[1], nodes[1]).T
    assert np.allclose(resample(ev, size), wanted, atol=1e-5)
