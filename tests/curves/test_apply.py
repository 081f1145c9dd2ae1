"""The engine against an oracle that shares no code with it: torch's interpolation of curve values."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch.nn import functional as F

from pielight.curves import apply as engine
from pielight.curves.apply import apply
from pielight.curves.lattice import CurveLattice
from pielight.errors import PielightError

SCALE = {"uint8": 255, "uint16": 65535, "float32": 1, "float64": 1}
# uint8: half a level of rounding. The others: the curve is linear between two levels.
TOLERANCE = {"uint8": 0.55 / 255, "uint16": 4e-3, "float32": 4e-3, "float64": 4e-3}


def lattice(seed: int, nodes: tuple[int, int], limit: float = 0.6) -> CurveLattice:
    return CurveLattice(np.random.default_rng(seed).uniform(-limit, limit, (8, 3, *nodes)).astype(np.float32))


def picture(seed: int, shape: tuple[int, int, int], dtype: str) -> NDArray[Any]:
    values = np.random.default_rng(seed).random(shape)
    return (values if SCALE[dtype] == 1 else np.rint(values * SCALE[dtype])).astype(dtype)


def oracle(pixels: NDArray[Any], curves: CurveLattice, strength: float = 1.0) -> NDArray[np.float64]:
    """Sum over all nodes of the node's interpolation weight times the picture seen through its curve."""
    x = pixels / SCALE[str(pixels.dtype)]
    rows, columns = curves.nodes
    total = np.zeros_like(x)
    for row in range(rows):
        for column in range(columns):
            here = torch.zeros(1, 1, rows, columns, dtype=torch.float64)
            here[0, 0, row, column] = 1
            weight = F.interpolate(here, pixels.shape[:2], mode="bilinear", align_corners=False)[0, 0].numpy()
            seen = []
            for alphas in curves.alphas[:, :, row, column].T.astype(np.float64):
                y = x
                for alpha in alphas:
                    y = y + alpha * (y * y - y)
                seen.append(x + strength * (y - x))
            by_channel = np.stack(seen)  # curve of channel c, on every channel of the picture
            values = by_channel.mean(0) if x.shape[2] == 1 else by_channel[[0, 1, 2], ..., [0, 1, 2]].transpose(1, 2, 0)
            total += weight[..., np.newaxis] * values
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
    result = apply(pixels, curves)
    assert result.dtype == pixels.dtype
    assert result.shape == pixels.shape
    error = np.abs(result / SCALE[dtype] - oracle(pixels, curves)).max()
    # Placing in 1/256 of a cell moves a value by at most that share of two neighbours' distance.
    assert error <= TOLERANCE[dtype] + 1 / 512


@pytest.mark.parametrize("dtype", sorted(SCALE))
def test_agrees_at_every_level_and_half_strength(dtype: str) -> None:
    ramp = np.linspace(0, 1, 256)[:, np.newaxis, np.newaxis] * np.ones((1, 64, 3)) * SCALE[dtype]
    pixels = (np.rint(ramp) if SCALE[dtype] > 1 else ramp).astype(dtype)
    curves = lattice(3, (2, 2), 0.3)
    error = np.abs(apply(pixels, curves, 0.5) / SCALE[dtype] - oracle(pixels, curves, 0.5)).max()
    assert error <= 0.6 / 255


@settings(max_examples=60, deadline=None)
@given(
    size=st.tuples(st.integers(1, 70), st.integers(1, 70)),
    nodes=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    channels=st.sampled_from([1, 3]),
    strength=st.floats(0.01, 1.5),
    seed=st.integers(0, 99),
)
def test_compiled_loop_and_numpy_agree_to_the_bit(
    size: tuple[int, int], nodes: tuple[int, int], channels: int, strength: float, seed: int
) -> None:
    pytest.importorskip("pielight.curves._loop", reason="built without a compiler")
    pixels, curves = picture(seed, (*size, channels), "uint8"), lattice(seed, nodes, 1.0)
    compiled = apply(pixels, curves, strength)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "_loop", None)
        reference = apply(pixels, curves, strength)
    assert np.array_equal(compiled, reference)


@pytest.mark.parametrize("dtype", sorted(SCALE))
@pytest.mark.parametrize("channels", [1, 3])
def test_strength_0_and_flat_curves_change_nothing(dtype: str, channels: int) -> None:
    pixels = picture(1, (33, 47, channels), dtype)
    assert np.array_equal(apply(pixels, lattice(1, (4, 4)), 0.0), pixels)
    flat = apply(pixels, CurveLattice(np.zeros((8, 3, 4, 4))))
    if pixels.dtype.kind == "u":
        assert np.array_equal(flat, pixels)
    else:
        assert np.abs(flat - pixels).max() < 1e-6


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_strength_is_monotone_in_every_pixel(dtype: str) -> None:
    pixels = picture(2, (50, 60, 3), dtype)
    curves = CurveLattice(-np.abs(lattice(2, (6, 7), 1.0).alphas))
    steps = [apply(pixels, curves, s).astype(int) for s in np.linspace(0, 1.5, 16)]
    assert all((after >= before).all() for before, after in pairwise(steps))


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_threads_do_not_change_the_result(dtype: str) -> None:
    pixels, curves = picture(4, (401, 333, 3), dtype), lattice(4, (8, 8))
    assert np.array_equal(apply(pixels, curves, threads=1), apply(pixels, curves, threads=3))


def test_strips_of_a_large_float_picture_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels, curves = picture(5, (60, 50, 3), "uint16"), lattice(5, (8, 8))
    whole = apply(pixels, curves)
    monkeypatch.setattr(engine, "_STRIP_VALUES", 1000)
    assert np.array_equal(apply(pixels, curves), whole)


def test_input_may_be_any_view_and_stays() -> None:
    base = picture(6, (40, 60, 4), "uint8")
    before, curves = base.copy(), lattice(6, (4, 4))
    view = base[::-1, ::2, :3]
    assert np.array_equal(apply(view, curves), apply(np.ascontiguousarray(view), curves))
    assert np.array_equal(base, before)


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
