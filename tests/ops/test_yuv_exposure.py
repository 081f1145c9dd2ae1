"""Exposure of planes against an oracle: exact conversions to R'G'B' and back, and the engine's curve in float64."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pielight.errors import OptionError
from pielight.ops import yuv_exposure
from pielight.ops.exposure import expose
from pielight.ops.yuv import WEIGHTS, Planes, YuvEncoding
from pielight.ops.yuv_exposure import expose_yuv
from tests.ops.test_exposure_map import spline_weights
from tests.ops.test_hdr import eotf, inverse_eotf
from tests.yuv import to_rgb, to_yuv

SIZES, NODES = st.tuples(st.integers(1, 23), st.integers(1, 23)), st.tuples(st.integers(1, 5), st.integers(1, 5))
LAYOUTS = st.tuples(st.integers(0, 1), st.integers(0, 1))
ENCODINGS = st.builds(YuvEncoding, st.sampled_from(sorted(WEIGHTS)), st.booleans(), st.sampled_from([8, 10, 12]))
HDR = st.builds(
    YuvEncoding, st.just("bt2020"), st.booleans(), st.sampled_from([10, 12]), st.sampled_from(["hlg", "pq"])
)


def planes_of(seed: int, size: tuple[int, int], layout: tuple[int, int], encoding: YuvEncoding) -> Planes:
    """Encode random colors."""
    rng = np.random.default_rng(seed)
    rgb = rng.random((*size, 3)) ** 2
    shape = (-(-size[0] // (1 + layout[0])), -(-size[1] // (1 + layout[1])))
    found = to_yuv(rgb, encoding, shape)
    kind = np.uint8 if encoding.bits == 8 else np.uint16
    return tuple(np.rint(plane).clip(0, encoding.white).astype(kind) for plane in found)  # type: ignore[return-value]


def a_map(seed: int, nodes: tuple[int, int], spread: float = 2.0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(1.5, spread, nodes).clip(-8, 8).astype(np.float32)


@settings(max_examples=80, deadline=None)
@given(SIZES, NODES, LAYOUTS, ENCODINGS, st.integers(0, 99))
def test_is_within_a_level_of_the_oracle(
    size: tuple[int, int], nodes: tuple[int, int], layout: tuple[int, int], encoding: YuvEncoding, seed: int
) -> None:
    planes, ev = planes_of(seed, size, layout, encoding), a_map(seed, nodes)
    rgb = to_rgb(planes, encoding).clip(0, 1)
    rows, columns = (spline_weights(n, of) for n, of in zip(planes[1].shape, nodes, strict=True))
    blocks = rows @ ev.astype(float) @ columns.T
    each = np.repeat(np.repeat(blocks, 1 + layout[0], 0), 1 + layout[1], 1)[: size[0], : size[1]]
    wanted = to_yuv(expose(rgb, each[..., np.newaxis]), encoding, planes[1].shape)
    steepest = 2.0 ** float(np.abs(ev).max())  # an eighth of a level of R'G'B', exposed
    results = expose_yuv(planes, ev, encoding, 1)
    for result, exact, plane, here in zip(results, wanted, planes, (each, blocks, blocks), strict=True):
        kept = (np.abs(here) < 0.01) & (result == plane)  # also colors beyond R'G'B'
        error = (np.abs(result - exact) * ~kept).max() / 2 ** (encoding.bits - 8)
        assert error <= 0.95 + steepest / 7


@settings(max_examples=60, deadline=None)
@given(SIZES, st.floats(-3, 6), LAYOUTS, HDR, st.integers(0, 99))
def test_hdr_is_within_a_level_of_the_oracle(
    size: tuple[int, int], ev: float, layout: tuple[int, int], encoding: YuvEncoding, seed: int
) -> None:
    planes, ev = planes_of(seed, size, layout, encoding), round(ev * 64) / 64
    signal = to_rgb(planes, encoding).clip(0, 1)
    light = eotf(signal, encoding.transfer) / 1000
    exposed = np.where(light < 1, 2**ev * light / (1 + (2**ev - 1) * np.minimum(light, 1)), light)
    wanted = to_yuv(inverse_eotf(exposed * 1000, encoding.transfer), encoding, planes[1].shape)
    results = expose_yuv(planes, np.full((1, 1), ev, np.float32), encoding, 1)
    for result, exact, plane in zip(results, wanted, planes, strict=True):
        if ev == 0:
            np.testing.assert_array_equal(result, plane)
        else:
            steepest = 2.0 ** (abs(ev) / (2.4 if encoding.transfer == "hlg" else 2))
            assert np.abs(result - exact).max() / 2 ** (encoding.bits - 10) <= 0.7 + steepest / 8  # levels of 10 bits


@settings(max_examples=60, deadline=None)
@given(SIZES, NODES, LAYOUTS, ENCODINGS, st.integers(0, 99))
def test_the_compiled_loop_and_numpy_give_the_same_bits(
    size: tuple[int, int], nodes: tuple[int, int], layout: tuple[int, int], encoding: YuvEncoding, seed: int
) -> None:
    pytest.importorskip("pielight.ops._loop", reason="built without a compiler")
    planes, ev = planes_of(seed, size, layout, encoding), a_map(seed, nodes)
    ev[np.random.default_rng(seed).random(nodes) < 0.3] = 0
    compiled = expose_yuv(planes, ev, encoding, 2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yuv_exposure, "_loop", None)
        plain = expose_yuv(planes, ev, encoding, 2)
    for one, other in zip(compiled, plain, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("bits", [8, 10])
def test_planes_may_be_replaced_in_their_own_memory(bits: int) -> None:
    encoding = YuvEncoding("bt709", bits=bits)
    planes, ev = planes_of(3, (13, 17), (1, 1), encoding), a_map(3, (3, 4))
    wanted = expose_yuv(planes, ev, encoding, 1)
    ev[0] = 0
    part = expose_yuv(planes, ev, encoding, 1)
    own = tuple(plane.copy() for plane in planes)
    assert expose_yuv(own, ev, encoding, 1, own) is own  # type: ignore[arg-type]
    for result, expected in zip(own, part, strict=True):
        np.testing.assert_array_equal(result, expected)
    assert any((one != other).any() for one, other in zip(wanted, part, strict=True))


def test_an_exposure_of_zero_keeps_planes_to_the_bit_and_gray_stays_gray() -> None:
    encoding = YuvEncoding("bt709")
    planes = tuple(np.random.default_rng(0).integers(0, 256, shape, np.uint8) for shape in ((8, 8), (4, 4), (4, 4)))
    ev = np.zeros((1, 2), np.float32)
    for result, plane in zip(expose_yuv(planes, ev, encoding), planes, strict=True):  # type: ignore[arg-type]
        np.testing.assert_array_equal(result, plane)
    gray = (
        np.arange(16, 236, dtype=np.uint8)[np.newaxis],
        np.full((1, 110), 128, np.uint8),
        np.full((1, 110), 128, np.uint8),
    )
    luma, u, v = expose_yuv(gray, np.full((1, 1), 3, np.float32), encoding)
    assert (u == 128).all()
    assert (v == 128).all()
    assert (luma[0, 0], luma[0, -1]) == (16, 235)
    assert (np.diff(luma[0].astype(int)) >= 0).all()


@pytest.mark.parametrize(
    "planes",
    [
        (np.zeros((4, 4), np.uint16), np.zeros((2, 2), np.uint16), np.zeros((2, 2), np.uint16)),
        (np.zeros((4, 4), np.uint8), np.zeros((2, 3), np.uint8), np.zeros((2, 3), np.uint8)),
        (np.zeros((4, 4), np.uint8), np.zeros((2, 2), np.uint8), np.zeros((4, 4), np.uint8)),
        (np.zeros((0, 4), np.uint8), np.zeros((0, 2), np.uint8), np.zeros((0, 2), np.uint8)),
    ],
)
def test_other_planes_are_refused(planes: Any) -> None:
    with pytest.raises(OptionError):
        expose_yuv(planes, np.ones((1, 1), np.float32), YuvEncoding())


@pytest.mark.parametrize("wrong", [{"matrix": "bt470"}, {"bits": 16}, {"bits": 7}, {"transfer": "log"}])
def test_other_encodings_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(OptionError):
        YuvEncoding(**wrong)


def test_the_compiled_loop_refuses_what_does_not_fit() -> None:
    loop = pytest.importorskip("pielight.ops._loop", reason="built without a compiler")
    planes = [np.zeros((4, 4), np.uint8), np.zeros((2, 2), np.uint8), np.zeros((2, 2), np.uint8)]
    encoding, place, weight = YuvEncoding(), np.zeros(2, np.intc), np.zeros((2, 3), np.int32)
    nodes, tables = np.zeros((1, 1), np.int32), np.zeros((64, encoding.knots), np.uint16)
    factors = encoding.to_places(), encoding.from_results()
    good = [*planes, nodes, place, weight, place, weight.T.copy(), tables, -2, *factors, 255,
            *(plane.copy() for plane in planes), 0, 2]  # fmt: skip
    assert loop.expose_yuv_rows(*good) is None
    too_far = np.full((1, 1), 62 << 7, np.int32)
    for at, value in ((0, np.zeros((4, 5), np.uint8)), (1, np.zeros((4, 2), np.uint8)), (3, too_far), (4, place + 1),
                      (5, weight + 4096), (9, 1), (9, -64), (10, factors[0][:3]), (12, 0),
                      (13, np.zeros((4, 4), np.uint16)), (16, 1), (17, 3)):  # fmt: skip
        wrong = list(good)
        wrong[at] = value
        if at == 16:
            wrong[17] = 0
        with pytest.raises(ValueError, match="fit together"):
            loop.expose_yuv_rows(*wrong)
