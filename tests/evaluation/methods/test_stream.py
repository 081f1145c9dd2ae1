"""Methods that remember the frames of a film."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pielight import Enhancer
from pielight.errors import ConfigError, DataError
from pielight.evaluation.datasets import presets
from pielight.evaluation.methods.method import clear_caches, find_method
from pielight.options import EnhanceOptions
from pielight.video.rgb_frames import rgb_frames
from tests.video.clips import Clip

Draw = Callable[..., Path]


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    clear_caches()
    return Clip(frames=5, light=20.0).make(tmp_path)


def test_pielight_enhances_a_clip_as_a_stream_and_each_frame_by_itself_if_told(clip: Path) -> None:
    dataset = presets.find_dataset("own:film", clip)
    frames, enhancer = list(rgb_frames(clip)), Enhancer(threads=1)
    stream, single = find_method("pielight"), find_method("pielight:frames=single")
    expected = list(enhancer.frames(frames, fps=25, options=EnhanceOptions(auto=True)))
    for number in (0, 1, 4, 3, 0, 2):  # also backwards
        made = stream.enhanced("own", dataset.samples[number])
        assert np.array_equal(made, expected[number])
        alone = single.enhanced("own", dataset.samples[number])
        assert np.array_equal(alone, enhancer(frames[number], options=EnhanceOptions(auto=True)))
    assert not np.array_equal(stream.enhanced("own", dataset.samples[4]), single.enhanced("own", dataset.samples[4]))


def test_streams_of_pictures_depend_on_all_frames_before(tmp_path: Path, draw: Draw) -> None:
    for number in range(4):
        draw(tmp_path / f"{number}.png", number, 0.2)
    sample = presets.find_dataset("own:film", tmp_path).samples[3]
    stream, single = find_method("pielight"), find_method("pielight:frames=single")
    before = [one.identity("own", sample) for one in (stream, single)]
    made = stream.enhanced("own", sample)
    draw(tmp_path / "0.png", 0, 0.4)
    clear_caches()
    after = [one.identity("own", sample) for one in (stream, single)]
    assert after[0] != before[0]
    assert after[1] == before[1]
    assert stream.enhanced("own", sample).shape == made.shape


def test_a_picture_is_enhanced_by_itself(tmp_path: Path, draw: Draw) -> None:
    draw(tmp_path / "1.png", 1, 0.2)
    sample = presets.find_dataset("own", tmp_path).samples[0]
    made = [find_method(f"pielight:frames={frames}").enhanced("own", sample) for frames in ("stream", "single")]
    assert np.array_equal(*made)
    with pytest.raises(ConfigError, match="frames is stream or single"):
        find_method("pielight:frames=both")


def test_results_of_other_programs_may_be_clips(clip: Path, tmp_path: Path) -> None:
    dataset = presets.find_dataset("own:film", clip)
    (tmp_path / "made").mkdir()
    made = Clip("night_out.mkv", "ffv1", "yuv444p", frames=5, light=90.0).make(tmp_path / "made")
    method = find_method(f"dir:{tmp_path / 'made'}")
    method.check(dataset)
    for number, frame in enumerate(rgb_frames(made)):
        assert np.array_equal(method.enhanced("own", dataset.samples[number]), frame)
    Clip("night_out.mkv", "ffv1", "yuv444p", frames=4).make(tmp_path / "made")
    with pytest.raises(DataError, match=r"5 frames of 64 x 48, but .* 4 frames"):
        find_method(f"dir:{tmp_path / 'made'}").check(dataset)
