"""Raw frames: how their bytes lie, short ones, and streams that give and take bytes in small pieces."""

from __future__ import annotations

import io
import os
import signal
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pielight import EnhanceOptions, Enhancer
from pielight.batch.raw_frames import PixelFormat, RawLayout, frame_filter, read_frames, stream_frames
from pielight.errors import OptionError, PictureError
from pielight.ops.yuv import YuvEncoding, rgb_to_yuv420
from tests.clips import light, pan, shot

FORMATS: list[PixelFormat] = ["rgb24", "yuv420p", "nv12"]


class Slow(io.RawIOBase):
    """A pipe that returns a few bytes at a time."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def readinto(self, memory: Any) -> int:
        return self._data.readinto(memory[:7])


def same(frame: NDArray[Any]) -> NDArray[Any]:
    return frame


@pytest.mark.parametrize("pixel_format", FORMATS)
@pytest.mark.parametrize("size", [(6, 4), (5, 3), (1, 1)])
@pytest.mark.parametrize("denoise", [0, 1])  # planes as they are, and through RGB
def test_frames_come_back(size: tuple[int, int], pixel_format: PixelFormat, denoise: float) -> None:
    layout = RawLayout(*size, pixel_format)
    data = np.random.default_rng(0).integers(110, 140, 3 * layout.size, np.uint8)
    out = io.BytesIO()
    enhance = frame_filter(Enhancer(threads=1), EnhanceOptions(0, denoise=denoise), layout, fps=30)
    counts = list(stream_frames(Slow(data.tobytes()), out, layout, enhance))  # type: ignore[arg-type]
    assert counts == [1, 2, 3]
    found = np.frombuffer(out.getvalue(), np.uint8)
    assert np.abs(found.astype(int) - data).max() <= (0 if pixel_format == "rgb24" else 1)


def test_where_the_planes_lie() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (4, 6, 3), np.uint8)
    y, u, v = (plane.reshape(-1).tolist() for plane in rgb_to_yuv420(rgb, YuvEncoding("bt601")))
    assert RawLayout(6, 4, "yuv420p").encode(rgb).tolist() == y + u + v
    pairs = [value for pair in zip(u, v, strict=True) for value in pair]
    assert RawLayout(6, 4, "nv12").encode(rgb).tolist() == y + pairs


@pytest.mark.parametrize("pixel_format", FORMATS)
def test_matrix_and_range_count(pixel_format: PixelFormat) -> None:
    rgb = np.full((2, 2, 3), [10, 200, 30], np.uint8)
    found = {
        RawLayout(2, 2, pixel_format, matrix, full).encode(rgb).tobytes()
        for matrix in ("bt601", "bt709") for full in (False, True)
    }  # fmt: skip
    assert len(found) == (1 if pixel_format == "rgb24" else 4)
    assert RawLayout(2, 2, "nv12").encode(rgb).tolist() == RawLayout(2, 2, "nv12", "bt601").encode(rgb).tolist()
    tall = np.repeat(rgb, 360, 0)
    assert np.array_equal(RawLayout(2, 720, "nv12").encode(tall), RawLayout(2, 720, "nv12", "bt709").encode(tall))


@pytest.mark.parametrize(
    ("data", "text"),
    [(b"", "standard input: empty"), (bytes(30), r"ends 6 bytes into frame 2, whose 24 would be 4x2 of rgb24; check")],
)
def test_input_that_ends_too_soon(data: bytes, text: str) -> None:
    with pytest.raises(PictureError, match=text):
        list(read_frames(io.BytesIO(data), RawLayout(4, 2)))


def test_whole_frames_are_written_before_a_short_one() -> None:
    out = io.BytesIO()
    with pytest.raises(PictureError):
        list(stream_frames(io.BytesIO(bytes(30)), out, RawLayout(4, 2), same))
    assert len(out.getvalue()) == 24


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize(("number", "error"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)])
def test_a_signal_ends_it_between_two_frames(number: signal.Signals, error: type[BaseException]) -> None:
    class Out(io.BytesIO):
        def write(self, data: Any) -> int:
            signal.raise_signal(number)
            return super().write(data)

    out = Out()
    with pytest.raises(error):
        list(stream_frames(io.BytesIO(bytes(48)), out, RawLayout(4, 2), same))
    assert len(out.getvalue()) == 24


@pytest.mark.parametrize(("size", "text"), [((0, 3), "sides from 1"), ((1 << 20, 1 << 20), "at most")])
def test_sizes_out_of_range(size: tuple[int, int], text: str) -> None:
    with pytest.raises(OptionError, match=text):
        RawLayout(*size)


@pytest.mark.parametrize("pixel_format", ["yuv420p", "nv12"])
@pytest.mark.parametrize("full_range", [False, True])
def test_planes_are_exposed_as_rgb_is(pixel_format: PixelFormat, full_range: bool) -> None:
    layout = RawLayout(96, 64, pixel_format, full_range=full_range)
    random, enhancer = np.random.default_rng(0), Enhancer(threads=1)
    frames = [layout.encode(shot(view, -4, random)) for view in pan(light("coffee"), 7, (64, 96), 1)]
    options = EnhanceOptions(0.8, 0.5, 0, target_ev=0.2)
    expose = frame_filter(enhancer, options, layout, fps=30)
    through_rgb = enhancer.frame_enhancer(options, fps=30)
    for frame in frames:
        apart = expose(frame).astype(int) - layout.encode(through_rgb(layout.decode(frame)))
        assert np.abs(apart).mean() < 1
