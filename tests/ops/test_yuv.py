"""Conversions between planes and RGB are those of the standards, and undo each other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pielight.errors import OptionError
from pielight.ops.yuv import WEIGHTS, Matrix, rgb_to_yuv420, yuv420_to_rgb

MATRICES: list[Matrix] = ["bt601", "bt709"]


def exact(rgb: NDArray[Any], matrix: Matrix, full_range: bool) -> NDArray[Any]:
    """Y, U and V of pixels of one color, by the equations, not rounded."""
    red, green, blue = WEIGHTS[matrix]
    r, g, b = np.moveaxis(rgb / 255, -1, 0)
    y = red * r + green * g + blue * b
    u, v = (b - y) / (2 * (1 - blue)), (r - y) / (2 * (1 - red))
    luma, chroma, black = (255, 255, 0) if full_range else (219, 224, 16)
    return np.stack([black + luma * y, 128 + chroma * u, 128 + chroma * v], -1)


@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("matrix", MATRICES)
def test_the_equations(matrix: Matrix, full_range: bool) -> None:
    colors = np.random.default_rng(0).integers(0, 256, (50, 3), np.uint8)
    wanted = exact(colors, matrix, full_range)
    for color, values in zip(colors, wanted, strict=True):
        planes = rgb_to_yuv420(np.full((2, 2, 3), color, np.uint8), matrix, full_range)
        for plane, value in zip(planes, values, strict=True):
            assert np.abs(plane - min(value, 255)).max() <= 0.5001
        back = yuv420_to_rgb(planes, matrix, full_range)
        assert np.abs(back.astype(int) - color).max() <= 2


@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("matrix", MATRICES)
@pytest.mark.parametrize("shape", [(4, 6), (5, 7), (1, 1), (130, 3)])
def test_planes_come_back(shape: tuple[int, int], matrix: Matrix, full_range: bool) -> None:
    random, low = np.random.default_rng(0), tuple((side + 1) // 2 for side in shape)
    planes = (
        random.integers(90, 140, shape, np.uint8),
        random.integers(115, 140, low, np.uint8),
        random.integers(115, 140, low, np.uint8),
    )
    again = rgb_to_yuv420(yuv420_to_rgb(planes, matrix, full_range), matrix, full_range)
    assert [plane.shape for plane in again] == [shape, low, low]
    assert max(np.abs(a.astype(int) - b).max() for a, b in zip(again, planes, strict=True)) <= 1


def test_threads_return_the_same() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (400, 500, 3), np.uint8)
    for one, other in zip(rgb_to_yuv420(rgb, threads=1), rgb_to_yuv420(rgb, threads=3), strict=True):
        assert np.array_equal(one, other)
    planes = rgb_to_yuv420(rgb)
    assert np.array_equal(yuv420_to_rgb(planes, threads=1), yuv420_to_rgb(planes, threads=3))


def test_what_is_refused() -> None:
    y, u = np.zeros((4, 4), np.uint8), np.zeros((2, 2), np.uint8)
    with pytest.raises(OptionError, match="halves"):
        yuv420_to_rgb((y, y, u))
    with pytest.raises(OptionError, match="uint8"):
        yuv420_to_rgb((y.astype(np.uint16), u, u))
    with pytest.raises(OptionError, match="choose bt601, bt709"):
        yuv420_to_rgb((y, u, u), "bt2020")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match=r"expected \(H, W, 3\)"):
        rgb_to_yuv420(np.zeros((4, 4, 3), np.uint16))  # type: ignore[arg-type]
