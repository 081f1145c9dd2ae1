"""Conversions between planes and RGB are those of the standards, and undo each other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pielight.errors import OptionError
from pielight.ops import yuv
from pielight.ops.yuv import WEIGHTS, Planes, YuvEncoding, rgb_to_yuv420, yuv_to_rgb
from tests.yuv import to_rgb

SIZES, LAYOUTS = st.tuples(st.integers(1, 23), st.integers(1, 23)), st.tuples(st.integers(0, 1), st.integers(0, 1))
ENCODINGS = st.builds(YuvEncoding, st.sampled_from(sorted(WEIGHTS)), st.booleans(), st.sampled_from([8, 10, 12]))
MATRICES = ["bt601", "bt709", "bt2020"]


def exact(rgb: NDArray[Any], matrix: str, full_range: bool) -> NDArray[Any]:
    """Y, U and V of pixels of one color, by the equations, not rounded."""
    red, green, blue = WEIGHTS[matrix]
    r, g, b = np.moveaxis(rgb / 255, -1, 0)
    y = red * r + green * g + blue * b
    u, v = (b - y) / (2 * (1 - blue)), (r - y) / (2 * (1 - red))
    luma, chroma, black = (255, 255, 0) if full_range else (219, 224, 16)
    return np.stack([black + luma * y, 128 + chroma * u, 128 + chroma * v], -1)


@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("matrix", MATRICES)
def test_the_equations(matrix: str, full_range: bool) -> None:
    colors = np.random.default_rng(0).integers(0, 256, (50, 3), np.uint8)
    wanted = exact(colors, matrix, full_range)
    for color, values in zip(colors, wanted, strict=True):
        planes = rgb_to_yuv420(np.full((2, 2, 3), color, np.uint8), YuvEncoding(matrix, full_range))
        for plane, value in zip(planes, values, strict=True):
            assert np.abs(plane - min(value, 255)).max() <= 0.5001
        back = yuv_to_rgb(planes, YuvEncoding(matrix, full_range))
        assert np.abs(back.astype(int) - color).max() <= 2


@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("matrix", MATRICES)
@pytest.mark.parametrize("shape", [(4, 6), (5, 7), (1, 1), (130, 3)])
def test_planes_come_back(shape: tuple[int, int], matrix: str, full_range: bool) -> None:
    random, low = np.random.default_rng(0), tuple((side + 1) // 2 for side in shape)
    planes = (
        random.integers(90, 140, shape, np.uint8),
        random.integers(115, 140, low, np.uint8),
        random.integers(115, 140, low, np.uint8),
    )
    encoding = YuvEncoding(matrix, full_range)
    again = rgb_to_yuv420(yuv_to_rgb(planes, encoding), encoding)
    assert [plane.shape for plane in again] == [shape, low, low]
    assert max(np.abs(a.astype(int) - b).max() for a, b in zip(again, planes, strict=True)) <= 1


def test_threads_return_the_same() -> None:
    rgb, encoding = np.random.default_rng(0).integers(0, 256, (400, 500, 3), np.uint8), YuvEncoding()
    planes = rgb_to_yuv420(rgb, encoding, threads=1)
    for one, other in zip(planes, rgb_to_yuv420(rgb, encoding, threads=3), strict=True):
        assert np.array_equal(one, other)
    assert np.array_equal(yuv_to_rgb(planes, encoding, threads=1), yuv_to_rgb(planes, encoding, threads=3))


@settings(max_examples=40, deadline=None)
@given(SIZES, LAYOUTS, ENCODINGS, st.integers(0, 99))
def test_the_compiled_loop_and_numpy_give_the_same_bits_and_those_of_the_standard(
    size: tuple[int, int], layout: tuple[int, int], encoding: YuvEncoding, seed: int
) -> None:
    planes = random_planes(size, layout, encoding, seed)
    results = []
    for loop in (yuv._loop, None):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(yuv, "_loop", loop)
            results.append(yuv_to_rgb(planes, encoding, 2))
    np.testing.assert_array_equal(*results)
    wanted = to_rgb(planes, encoding).clip(0, 1) * (255 if encoding.bits == 8 else 65535)
    step = 1 if encoding.bits == 8 else 65535 / encoding.white
    assert np.abs(results[0] - wanted).max() <= 0.5 + 0.1 * step


def random_planes(size: tuple[int, int], layout: tuple[int, int], encoding: YuvEncoding, seed: int) -> Planes:
    rng, kind = np.random.default_rng(seed), np.uint8 if encoding.bits == 8 else np.uint16
    low = tuple(-(-side // (1 + half)) for side, half in zip(size, layout, strict=True))
    return tuple(rng.integers(0, encoding.white + 1, shape).astype(kind) for shape in (size, low, low))  # type: ignore[return-value]


def test_what_is_refused() -> None:
    y, u = np.zeros((4, 4), np.uint8), np.zeros((2, 2), np.uint8)
    for planes, text in (
        ((y, y, u), "one shape"),
        ((y, u[:1], u[:1]), "no layout"),
        ((y.astype(np.uint16), u, u), "uint8"),
    ):
        with pytest.raises(OptionError, match=text):
            yuv_to_rgb(planes, YuvEncoding())
    with pytest.raises(OptionError, match="choose bt601, bt709"):
        YuvEncoding("bt470")
    with pytest.raises(OptionError, match=r"expected \(H, W, 3\)"):
        rgb_to_yuv420(np.zeros((4, 4, 3), np.uint16), YuvEncoding())  # type: ignore[arg-type]


def test_the_compiled_loop_refuses_what_does_not_fit() -> None:
    loop = pytest.importorskip("pielight.ops._loop", reason="built without a compiler")
    planes, encoding = random_planes((4, 6), (1, 1), YuvEncoding(), 0), YuvEncoding()
    good: list[Any] = [*planes, encoding.to_places(), 255, encoding.knots - 1, np.zeros((4, 6, 3), np.uint8), 0, 4]
    assert loop.decode_yuv_rows(*good) is None
    for at, value in (
        (0, planes[1]),
        (2, planes[0]),
        (3, good[3][:2]),
        (4, 0),
        (5, 70000),
        (6, good[6][1:]),
        (7, -1),
        (8, 5),
    ):
        wrong = list(good)
        wrong[at] = value
        with pytest.raises(ValueError, match="fit together"):
            loop.decode_yuv_rows(*wrong)
