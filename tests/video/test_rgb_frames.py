"""Frames of clips as pictures."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from pielight.errors import MissingFileError, PictureError
from pielight.video.rgb_frames import clip_contents, rgb_frames
from tests.video.clips import Clip, picture

LOSSLESS = Clip("night.mkv", "libx264rgb", "rgb24", frames=3, options={"qp": "0"}, color=(1, 1, 0, 2))


def test_frames_of_a_lossless_clip_are_those_that_were_written(tmp_path: Path) -> None:
    frames = list(rgb_frames(LOSSLESS.make(tmp_path)))
    assert len(frames) == 3
    for number, frame in enumerate(frames):
        assert frame.flags.c_contiguous
        assert np.array_equal(frame, picture(number, (64, 48), 40.0))


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv422p10le", "gray"])
def test_any_pixel_format_becomes_rgb_of_8_bits(tmp_path: Path, pix_fmt: str) -> None:
    path = Clip("night.mkv", "ffv1", pix_fmt, color=(1, 1, 1, 2 if pix_fmt == "gray" else 1)).make(tmp_path)
    frames = list(rgb_frames(path))
    assert {(frame.shape, frame.dtype.name) for frame in frames} == {((48, 64, 3), "uint8")}
    assert abs(frames[2].mean() - picture(2, (64, 48), 40.0).mean()) < 1.5


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_frames_are_upright(tmp_path: Path, rotation: int) -> None:
    path = Clip(rotation=rotation).make(tmp_path)
    width, height = (48, 64) if rotation % 180 else (64, 48)
    assert clip_contents(path) == {"frames": 8, "width": width, "height": height, "fps": 25.0}
    frame = next(rgb_frames(path))
    as_stored = next(rgb_frames(Clip("stored.mp4").make(tmp_path)))
    assert np.array_equal(frame, np.rot90(as_stored, rotation // 90))  # counterclockwise, as FFmpeg counts


def test_what_a_clip_holds(tmp_path: Path) -> None:
    path = Clip("night.mkv", frames=5, rate=Fraction(30000, 1001)).make(tmp_path)
    assert clip_contents(path) == {"frames": 5, "width": 64, "height": 48, "fps": pytest.approx(29.97, abs=0.01)}


def test_what_is_no_clip(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("text")
    with pytest.raises(PictureError, match=r"text\.mp4: no clip"):
        list(rgb_frames(tmp_path / "text.mp4"))
    with pytest.raises(MissingFileError):
        clip_contents(tmp_path / "none.mp4")
