"""The planes of frames, and what their colors mean."""

import numpy as np
import pytest
from av.video.frame import VideoFrame

from pielight.ops.yuv import YuvEncoding
from pielight.video.color import Color
from pielight.video.yuv_frame import encoding_of, planes_of


@pytest.mark.parametrize(
    ("pix_fmt", "height", "color", "expected"),
    [
        ("yuv420p", 480, Color(), YuvEncoding("bt601")),
        ("yuv420p", 720, Color(), YuvEncoding("bt709")),
        ("yuv422p10le", 480, Color(matrix=1), YuvEncoding("bt709", bits=10)),
        ("yuv444p12le", 480, Color(matrix=9, range=2), YuvEncoding("bt2020", True, 12)),
        ("yuvj420p", 480, Color(matrix=5), YuvEncoding("bt601", True)),
        ("yuva420p", 480, Color(), YuvEncoding("bt601")),
        ("yuv420p", 480, Color(matrix=4), None),  # FCC
        ("yuv420p", 480, Color(matrix=10), None),  # constant luminance
        ("nv12", 480, Color(), None),
        ("gray", 480, Color(), None),
        ("gbrp", 480, Color(matrix=0), None),
    ],
)
def test_the_encoding_of_a_frame(pix_fmt: str, height: int, color: Color, expected: YuvEncoding | None) -> None:
    frame = VideoFrame(64, height, pix_fmt)
    color.give(frame)
    assert encoding_of(frame) == expected


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv422p10le"])
def test_planes_share_the_memory_of_their_frame(pix_fmt: str) -> None:
    frame = VideoFrame(34, 18, pix_fmt)
    encoding = encoding_of(frame)
    assert encoding is not None
    for number, plane in enumerate(planes_of(frame, encoding)):
        plane[...] = 17 + number
    for number, plane in enumerate(planes_of(frame, encoding)):
        assert plane.shape == (frame.planes[number].height, frame.planes[number].width)
        assert np.unique(plane).tolist() == [17 + number]
