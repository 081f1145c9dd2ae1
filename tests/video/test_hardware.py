"""Encoders in hardware: without a device one line says so, and frames reach them as they left the planes."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from click.testing import CliRunner

from pielight.cli import main
from pielight.enhancer import Enhancer
from pielight.errors import PictureError
from pielight.options import EnhanceOptions
from pielight.video.clip_enhancer import ClipEnhancer
from pielight.video.encoders import nearest_pix_fmt
from pielight.video.hardware import hardware_pix_fmts, hardware_quality
from pielight.video.options import HARDWARE, PRESETS, VideoOptions
from tests.video.clips import Clip, picture
from tests.video.conftest import Enhance


@pytest.mark.parametrize("codec", HARDWARE)
def test_without_a_device_one_line_says_so(codec: str, tmp_path: Path, enhance: Enhance) -> None:
    source = Clip(size=(256, 160)).make(tmp_path)
    failure = ""
    try:
        enhance(source, tmp_path / "bright.mp4", VideoOptions(codec, crf=24))
    except PictureError as error:
        failure = str(error)
    if not failure:
        pytest.skip("the device is here")
    assert "\n" not in failure
    assert failure.startswith(str(tmp_path / "bright.mp4"))
    assert failure.lower().endswith(f"choose the codec {codec.partition('_')[0]}")
    assert list(tmp_path.iterdir()) == [source]


def test_the_command_fails_then(tmp_path: Path) -> None:
    source = Clip().make(tmp_path)
    codec = next((one for one in HARDWARE if one not in av.codecs_available), None)
    if codec is None:
        pytest.skip("PyAV has all of them")
    result = CliRunner().invoke(main, ["video", str(source), "--codec", codec])
    assert result.exit_code == 1
    assert f"PyAV has no encoder {codec} on this system" in result.output
    assert list(tmp_path.iterdir()) == [source]


@pytest.mark.parametrize("name", HARDWARE)
def test_quality_follows_crf(name: str) -> None:
    numbers = []
    for crf in (10, 20, 40):
        options = hardware_quality(name, crf, "medium")
        numbers.append(float(next(options[key] for key in ("cq", "global_quality", "qp_i") if key in options)))
    assert numbers == sorted(numbers, reverse=name.endswith("videotoolbox"))
    assert all(hardware_quality(name, None, preset) for preset in PRESETS)


@pytest.mark.parametrize(("planar", "packed"), [("yuv420p", "nv12"), ("yuv420p10le", "p010le")])
def test_frames_are_enhanced_as_planes_and_then_packed(planar: str, packed: str) -> None:
    assert nearest_pix_fmt(planar, hardware_pix_fmts("hevc_nvenc")) == packed
    results = []
    for pix_fmt in (planar, packed):
        frame = av.VideoFrame.from_ndarray(picture(0, (64, 48), 30)).reformat(format=planar)
        frame.pts = 5
        clip = ClipEnhancer(Enhancer(threads=1), EnhanceOptions(auto=False), pix_fmt=pix_fmt)
        (result,) = clip.push(frame) + clip.flush()
        assert (result.format.name, result.pts) == (pix_fmt, 5)
        results.append(result.reformat(format=planar).to_ndarray())
    np.testing.assert_array_equal(*results)
    assert results[0].mean() > 60
