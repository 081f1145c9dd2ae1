"""The engine against an oracle that shares no code with it: SciPy's B-splines of curve values."""

import sys
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.interpolate import BSpline

from pielight import CurveLattice
from pielight.errors import PielightError
from pielight.ops import apply as engine
from pielight.ops import curve_tables as lattices
from pielight.ops.apply import apply
from pielight.ops.thumbnail import thumbnail
from pielight.options import EnhanceOptions

SCALE = {"uint8": 255, "uint16": 65535, "float32": 1, "float64": 1}
# uint8: half a level of rounding, and weights in 1/1024. The others: the curve is linear between two knots.
TOLERANCE = {"uint8": 0.55 / 255 + 2 / 1024, "uint16": 1e-4, "float32": 1e-4, "float64": 1e-4}


def lattice(seed: int, nodes: tuple[int, int], limit: float = 0.6) -> CurveLattice:
    return CurveLattice(np.random.default_rng(seed).uniform(-limit, limit, (8, 3, *nodes)).astype(np.float32))


def picture(seed: int, shape: tuple[int, int, int], dtype: str) -> NDArray[Any]:
    values = np.random.default_rng(seed).random(shape)
    return (values if SCALE[dtype] == 1 else np.rint(values * SCALE[dtype])).astype(dtype)


def spline_weights(pixels: int, nodes: int) -> NDArray[np.float64]:
    """Weights of all nodes at each pixel, (pixels, nodes), by SciPy's B-splines."""
    hat = BSpline.basis_element([-1.5, -0.5, 0.5, 1.5], extrapolate=False)
    places = (np.arange(pixels) + 0.5) / pixels * nodes - 0.5
    beyond = np.nan_to_num(hat(places[:, np.newaxis] - np.arange(-1, nodes + 1)))
    weights: NDArray[np.float64] = beyond[:, 1:-1].copy()
    weights[:, 0] += beyond[:, 0]
    weights[:, -1] += beyond[:, -1]
    return weights


def oracle(pixels: NDArray[Any], curves: CurveLattice, strength: float = 1.0) -> NDArray[np.float64]:
    """Sum over all nodes of the node's weight times the picture seen through its curve, without highlights."""
    x = pixels / SCALE[str(pixels.dtype)]
    rows, columns = curves.nodes
    down, across = spline_weights(x.shape[0], rows), spline_weights(x.shape[1], columns)
    total = np.zeros_like(x)
    for row in range(rows):
        for column in range(columns):
            seen = []
            for alphas in curves.alphas[:, :, row, column].T.astype(np.float64):
                y = x
                for alpha in alphas:
                    y = y + alpha * (y * y - y)
                y = x + strength * (y - x)
                y = y / (1 + (y / np.maximum(40 * x, 1e-12)) ** 4) ** 0.25
                seen.append(np.maximum(y, x))
            by_channel = np.stack(seen)  # curve of channel c, on every channel of the picture
            values = by_channel.mean(0) if x.shape[2] == 1 else by_channel[[0, 1, 2], ..., [0, 1, 2]].transpose(1, 2, 0)
            total += (down[:, row, np.newaxis] * across[:, column])[..., np.newaxis] * values
    return total


@settings(max_examples=40, deadline=None)
@given(
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    nodes=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    channels=st.sampled_from([1, 3]),
    dtype=st.sampled_from(sorted(SCALE)),
    seed=st.integers(0, 99),
)
def test_agrees_with_the_oracle(
    size: tuple[int, int], nodes: tuple[int, int], channels: int, dtype: str, seed: int
) -> None:
    pixels, curves = picture(seed, (*size, channels), dtype), lattice(seed, nodes)
    if dtype != "uint8":  # knots do not meet the kink where a curve leaves what it would darken alone
        curves = CurveLattice(-np.abs(curves.alphas))
    result = apply(pixels, curves, EnhanceOptions(highlights=0))
    assert result.dtype == pixels.dtype
    assert result.shape == pixels.shape
    assert np.abs(result / SCALE[dtype] - oracle(pixels, curves)).max() <= TOLERANCE[dtype]


@pytest.mark.parametrize("dtype", sorted(SCALE))
def test_agrees_at_every_level_and_half_strength(dtype: str) -> None:
    ramp = np.linspace(0, 1, 256)[:, np.newaxis, np.newaxis] * np.ones((1, 64, 3)) * SCALE[dtype]
    pixels = (np.rint(ramp) if SCALE[dtype] > 1 else ramp).astype(dtype)
    curves = CurveLattice(-np.abs(lattice(3, (2, 2), 0.3).alphas))
    error = np.abs(apply(pixels, curves, EnhanceOptions(0.5, 0)) / SCALE[dtype] - oracle(pixels, curves, 0.5)).max()
    assert error <= (0.6 / 255 if dtype == "uint8" else 1e-4)


@settings(max_examples=60, deadline=None)
@given(
    size=st.tuples(st.integers(1, 70), st.integers(1, 70)),
    nodes=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    channels=st.sampled_from([1, 3]),
    strength=st.floats(-1.5, 1.5).filter(bool),
    highlights=st.floats(0, 1),
    dtype=st.sampled_from(sorted(SCALE)),
    seed=st.integers(0, 99),
)
def test_compiled_loop_and_numpy_agree(
    size: tuple[int, int],
    nodes: tuple[int, int],
    channels: int,
    strength: float,
    highlights: float,
    dtype: str,
    seed: int,
) -> None:
    pytest.importorskip("pielight.ops._loop", reason="built without a compiler")
    pixels, curves = picture(seed, (*size, channels), dtype), lattice(seed, nodes, 1.0)
    compiled = apply(pixels, curves, EnhanceOptions(strength, highlights))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "_loop", None)
        patch.setattr(lattices, "_loop", None)
        reference = apply(pixels, curves, EnhanceOptions(strength, highlights))
    if dtype == "uint8":
        assert np.array_equal(compiled, reference)
    else:
        assert np.abs(compiled.astype(float) - reference).max() <= 1e-6 * SCALE[dtype] + (dtype == "uint16")


@pytest.mark.parametrize("dtype", sorted(SCALE))
@pytest.mark.parametrize("channels", [1, 3])
def test_strength_0_and_flat_curves_change_nothing(dtype: str, channels: int) -> None:
    pixels = picture(1, (33, 47, channels), dtype)
    assert np.array_equal(apply(pixels, lattice(1, (4, 4)), EnhanceOptions(0.0)), pixels)
    flat = apply(pixels, CurveLattice(np.zeros((8, 3, 4, 4))))
    if pixels.dtype.kind == "u":
        assert np.array_equal(flat, pixels)
    else:
        assert np.abs(flat - pixels).max() < 1e-6


@pytest.mark.parametrize("highlights", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_strength_is_monotone_in_every_pixel(dtype: str, highlights: float) -> None:
    pixels, curves = picture(2, (50, 60, 3), dtype), lattice(2, (6, 7), 1.0)
    steps = [apply(pixels, curves, EnhanceOptions(s, highlights)).astype(int) for s in np.linspace(-1.5, 1.5, 31)]
    assert all((after >= before).all() for before, after in pairwise(steps))
    assert steps[0].mean() < pixels.mean() < steps[-1].mean()


def test_more_protection_never_brightens() -> None:
    pixels = picture(3, (50, 60, 3), "uint8")
    curves = CurveLattice(-np.abs(lattice(3, (6, 7), 1.0).alphas))
    steps = [apply(pixels, curves, EnhanceOptions(1.0, h)).astype(int) for h in np.linspace(0, 1, 11)]
    assert all((after <= before).all() for before, after in pairwise(steps))
    assert ((steps[-1] >= 254) & (pixels < 253)).sum() == 0  # white stays what it was


def test_no_seam_where_cells_meet() -> None:
    """On a smooth ramp the second difference across a cell's border is not above that inside cells."""
    ramp = np.linspace(0.05, 0.6, 1024)[np.newaxis, :, np.newaxis] * np.ones((64, 1, 3))
    for pixels in (ramp, np.rint(ramp * 255).astype(np.uint8), np.swapaxes(ramp, 0, 1)):
        along = 1 if pixels.shape[1] == 1024 else 0
        result = np.moveaxis(apply(pixels, lattice(7, (8, 8)), EnhanceOptions(1.0)), along, 0).astype(float)
        second = np.abs(np.diff(result, 2, axis=0)).max(axis=(1, 2))
        border = np.zeros(len(second), bool)
        for edge in range(128, 1024, 128):
            border[edge - 2 : edge] = True  # the differences that see both sides
        assert second[border].max() <= second[~border].max() * (1 + 1e-3)


def test_curves_near_black_are_as_fine_as_the_picture() -> None:
    pixels = np.arange(2048, dtype=np.uint16).reshape(32, 64, 1)
    strong = CurveLattice(np.full((8, 3, 1, 1), -0.9))
    assert np.abs(apply(pixels, strong, EnhanceOptions(1.0, 0)) / 65535.0 - oracle(pixels, strong)).max() < 2e-4
    assert (np.diff(apply(pixels, strong).reshape(-1).astype(int)) > 0).all()


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_threads_do_not_change_the_result(dtype: str) -> None:
    pixels, curves = picture(4, (401, 333, 3), dtype), lattice(4, (8, 8))
    assert np.array_equal(apply(pixels, curves, threads=1), apply(pixels, curves, threads=3))


def test_doubles_go_in_strips_that_meet() -> None:
    pixels, curves = picture(5, (200, 50, 3), "float64"), lattice(5, (8, 8))
    single = apply(pixels.astype(np.float32), curves)
    assert np.abs(apply(pixels, curves, threads=1) - single).max() < 1e-6


@pytest.mark.parametrize("dtype", sorted(SCALE))
def test_into_a_given_array_and_in_place(dtype: str) -> None:
    pixels, curves = picture(8, (40, 50, 3), dtype), lattice(8, (8, 8))
    wanted = apply(pixels, curves)
    padded = np.zeros((40, 50, 4), dtype)
    padded[..., 3] = 7
    view = padded[..., :3]
    assert apply(pixels, curves, out=view) is view
    assert np.array_equal(view, wanted)
    view[...] = pixels
    apply(view, curves, out=view)
    assert np.array_equal(view, wanted)
    assert (padded[..., 3] == 7).all()
    planes = np.zeros((3, 40, 50), dtype).transpose(1, 2, 0)  # channels apart
    assert np.array_equal(apply(pixels, curves, out=planes), wanted)
    for wrong in (np.zeros((40, 50, 1), dtype), np.zeros((40, 50, 3), np.int8)):
        with pytest.raises(PielightError, match="out"):
            apply(pixels, curves, out=wrong)


def test_input_may_be_any_view_and_stays() -> None:
    base = picture(6, (40, 60, 4), "uint8")
    before, curves = base.copy(), lattice(6, (4, 4))
    view = base[::-1, ::2, :3]
    assert np.array_equal(apply(view, curves), apply(np.ascontiguousarray(view), curves))
    assert np.array_equal(base, before)


@pytest.mark.parametrize("dtype", sorted(SCALE))
def test_input_may_be_unaligned_or_name_its_byte_order(dtype: str) -> None:
    pixels, curves = picture(9, (30, 20, 3), dtype), lattice(9, (4, 4))
    memory = np.zeros(pixels.nbytes + 1, np.uint8)
    unaligned = memory[1:].view(dtype).reshape(pixels.shape)
    unaligned[...] = pixels
    named = pixels.view(pixels.dtype.newbyteorder("<" if sys.byteorder == "little" else ">"))
    wanted = apply(pixels, curves)
    for odd in (unaligned, named):
        assert np.array_equal(apply(odd, curves), wanted)
        assert np.array_equal(thumbnail(odd, 5), thumbnail(pixels, 5))
        apply(odd, curves, out=odd)
        assert np.array_equal(odd, wanted)


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((4, 4, 3), np.int32),
        np.zeros((4, 4, 3), bool),
        np.full((4, 4, 3), np.nan, np.float32),
        np.full((4, 4, 3), 1.01, np.float32),
        np.full((4, 4, 3), -0.01),
    ],
)
def test_what_is_no_picture_is_refused(pixels: NDArray[Any]) -> None:
    with pytest.raises(PielightError, match="pixels"):
        apply(pixels, lattice(0, (2, 2)))
