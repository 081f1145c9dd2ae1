"""Frames on their way to RGB and back keep their values, color and opacity.

Of ``pielight.video``: ``color``, ``alpha`` and ``side_by_side``.
"""

from __future__ import annotations

import av
import numpy as np
import pytest

from pielight.video.alpha import copy_alpha, plane_rows
from pielight.video.color import Color, Converter, color_as
from pielight.video.side_by_side import side_by_side
from tests.video.clips import picture

FORMATS = (
    "yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv422p10le", "yuv444p12le", "gray", "gray10le", "yuvj420p",
    "gbrp", "gbrp10le", "rgb24", "bgra", "yuva420p", "yuva444p10le", "nv12", "yuyv422",
)  # fmt: skip


def frame_of(pix_fmt: str, color: Color) -> av.VideoFrame:
    smooth = np.asarray(picture(0, (64, 48), 200))
    frame = av.VideoFrame.from_ndarray(smooth).reformat(format=pix_fmt)
    color.give(frame)
    return frame


@pytest.mark.parametrize("color", [Color(1, 1, 1, 1), Color(9, 14, 9, 1), Color(1, 13, 1, 2), Color()])
@pytest.mark.parametrize("pix_fmt", FORMATS)
def test_there_and_back(pix_fmt: str, color: Color) -> None:
    if pix_fmt.startswith("yuvj"):
        color = Color(color.primaries, color.transfer, color.matrix, 2)
    frame, converter = frame_of(pix_fmt, color), Converter()
    back = converter.back(converter.to_rgb(frame), frame, pix_fmt)
    assert Color.of(back) == Color.of(frame) == color
    bits = max(component.bits for component in frame.format.components)
    for number in range(len(frame.planes)):
        kind = np.uint16 if bits > 8 else np.uint8
        before, after = (plane_rows(one, number).view(kind).astype(int) for one in (frame, back))
        error = (after - before)[8:, 16 : frame.planes[number].width] / 2 ** (bits - 8)
        assert abs(error.mean()) < 0.8  # of 255
        assert np.abs(error).mean() < 0.8


@pytest.mark.parametrize("pix_fmt", ["bgra", "rgba", "argb", "yuva420p", "yuva444p10le", "gbrap"])
def test_opacity_is_copied(pix_fmt: str) -> None:
    pixels = np.dstack([picture(0, (32, 24), 60), np.tile(np.arange(32, dtype=np.uint8) * 8, (24, 1))])
    frame = av.VideoFrame.from_ndarray(pixels, "rgba").reformat(format=pix_fmt)
    converter = Converter()
    result = converter.back(converter.to_rgb(frame), frame, pix_fmt)
    copy_alpha(frame, result)
    shown = [one.reformat(format="rgba").to_ndarray()[..., 3] for one in (frame, result)]
    np.testing.assert_array_equal(*shown)


def test_color_of_another_kind_of_pixels() -> None:
    assert color_as("yuv420p", Color(1, 13, 0, 2), "gbrp", 48) == Color(1, 13, 6, 1)
    assert color_as("bgra", Color(1, 1, 1, 1), "yuv420p", 48) == Color(1, 1, 0, 2)
    assert color_as("yuv420p", Color(), "yuvj420p", 48).range == 2


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv422p10le", "nv12", "bgra", "gray", "rgb24"])
def test_side_by_side(pix_fmt: str) -> None:
    left, right = (
        av.VideoFrame.from_ndarray(picture(0, (32, 24), light)).reformat(format=pix_fmt) for light in (40, 200)
    )
    right.pts = 7
    both = side_by_side(left, right)
    halves = both.reformat(format="gray").to_ndarray()
    assert both.pts == 7
    assert halves[10:, 8:30].mean() + 50 < halves[10:, 40:].mean()
