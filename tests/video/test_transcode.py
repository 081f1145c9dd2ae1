"""The stages of a clip run side by side, in bounded memory, stop on demand, and leave a whole file or none.

Of ``pielight.video``: ``transcode``, ``byte_queue``, ``progress``, ``clip_enhancer``, ``previews`` and ``encoders``.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path

import av
import numpy as np
import pytest

import pielight
from pielight.enhancer import Enhancer
from pielight.errors import ExistsError, PictureError
from pielight.inference.pipeline_files import SaveOptions
from pielight.io.provenance_checksum import is_unmodified
from pielight.options import EnhanceOptions
from pielight.video import transcode
from pielight.video.byte_queue import ByteQueue, Closed
from pielight.video.clip_enhancer import ClipEnhancer
from pielight.video.enhance_clip import enhance_clip
from pielight.video.options import VideoOptions
from pielight.video.progress import ClipProgress, ClipStopped
from tests.video.clips import Clip, contents, picture
from tests.video.conftest import Enhance


def test_a_queue_holds_so_many_bytes() -> None:
    queue: ByteQueue[int] = ByteQueue(100)
    done: list[int] = []

    def give() -> None:
        for number in range(5):
            queue.put(number, 60)
            done.append(number)

    thread = threading.Thread(target=give)
    thread.start()
    time.sleep(0.1)
    assert done == [0]
    assert [queue.get() for _ in range(5)] == [0, 1, 2, 3, 4]
    thread.join()
    with pytest.raises(TimeoutError):
        queue.get(0.01)
    queue.close()
    with pytest.raises(Closed):
        queue.put(1, 1)
    with pytest.raises(Closed):
        queue.get()


def test_stopped(tmp_path: Path, enhancer: Enhancer) -> None:
    source = Clip(frames=50).make(tmp_path)
    seen: list[ClipProgress] = []
    with pytest.raises(ClipStopped):
        enhance_clip(
            source, tmp_path / "bright.mp4", enhancer, EnhanceOptions(), VideoOptions(), SaveOptions(), seen.append,
            lambda: len(seen) >= 3,
        )  # fmt: skip
    assert list(tmp_path.iterdir()) == [source]
    assert threading.active_count() < 20


def test_progress(tmp_path: Path, enhancer: Enhancer) -> None:
    source, seen = Clip(frames=30, audio="aac").make(tmp_path), []
    enhance_clip(
        source, tmp_path / "b.mp4", enhancer, EnhanceOptions(), VideoOptions(), SaveOptions(), seen.append
    )  # fmt: skip
    assert [one.frames for one in seen] == list(range(1, 31))
    assert {one.total for one in seen} == {30}
    assert seen[-1].left == 0
    assert seen[-1].bytes > 0
    assert str(ClipProgress(3, None, 1.0, 0)) == "3 frames, 3 fps, 0.0 MB"


def test_an_error_of_a_stage_ends_all(tmp_path: Path, enhance: Enhance, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise PictureError("no more")

    monkeypatch.setattr(ClipEnhancer, "push", fail)
    with pytest.raises(PictureError, match="no more"):
        enhance(Clip(frames=100, audio="aac").make(tmp_path), tmp_path / "bright.mp4")
    assert len(list(tmp_path.iterdir())) == 1


def test_small_queues_change_nothing(tmp_path: Path, enhance: Enhance, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Clip(frames=20, audio="aac").make(tmp_path)
    enhance(source, tmp_path / "one.mp4")
    monkeypatch.setattr(transcode, "MOST_BYTES", 1)
    enhance(source, tmp_path / "two.mp4")
    one, two = contents(tmp_path / "one.mp4"), contents(tmp_path / "two.mp4")
    assert (one.times, one.packets) == (two.times, two.packets)


def frame_at(number: int, light: float) -> av.VideoFrame:
    frame = av.VideoFrame.from_ndarray(picture(0, (64, 48), light)).reformat(format="yuv420p")
    frame.pts = number
    return frame


@pytest.mark.parametrize("every", [1, 3, 10])
def test_frames_come_out_in_order(every: int, enhancer: Enhancer) -> None:
    clip = ClipEnhancer(enhancer, EnhanceOptions(auto=False), every)
    out = [one for number in range(8) for one in clip.push(frame_at(number, 40))] + clip.flush()
    assert [one.pts for one in out] == list(range(8))
    lights = [one.to_ndarray(format="gray").mean() for one in out]
    assert np.ptp(lights) < 1
    assert clip.flush() == []


def test_a_clip_keeps_the_light_that_its_camera_changes(enhancer: Enhancer) -> None:
    clip = ClipEnhancer(enhancer, EnhanceOptions(auto=False))
    lights = [30.0] * 12 + [42.0] * 12
    out = [one for number, light in enumerate(lights) for one in clip.push(frame_at(number, light))] + clip.flush()
    values = [one.to_ndarray(format="gray").mean() for one in out]
    assert np.ptp(values) < 6


@pytest.mark.parametrize(
    "pix_fmt", ["yuv420p", "yuvj420p", "yuv422p", "yuv444p10le", "yuv440p", "gray", "bgr24", "nv12"]
)
def test_planes_and_pictures_of_every_layout(pix_fmt: str, enhancer: Enhancer) -> None:
    clip = ClipEnhancer(enhancer, EnhanceOptions(auto=False))
    frames = [frame_at(number, 30).reformat(format=pix_fmt) for number in range(3)]
    before = frames[0].to_ndarray(format="gray").mean()
    out = [one for frame in frames for one in clip.push(frame)] + clip.flush()
    assert [one.format.name for one in out] == [pix_fmt] * 3
    assert [one.pts for one in out] == [0, 1, 2]
    assert out[0].to_ndarray(format="gray").mean() > before + 40


def test_frames_that_are_shown_beside_the_result_stay(enhancer: Enhancer) -> None:
    clip, frame = ClipEnhancer(enhancer, EnhanceOptions(auto=False), keep=True), frame_at(0, 30)
    before = frame.to_ndarray()
    (out,) = clip.push(frame) + clip.flush()
    np.testing.assert_array_equal(frame.to_ndarray(), before)
    assert out.to_ndarray(format="gray").mean() > before.mean()


def test_sizes_that_change_start_anew(enhancer: Enhancer) -> None:
    clip = ClipEnhancer(enhancer, EnhanceOptions(auto=False))
    frames = [frame_at(0, 30), frame_at(1, 30).reformat(width=32), frame_at(2, 30)]
    out = [one for frame in frames for one in clip.push(frame)] + clip.flush()
    assert [(one.pts, one.width) for one in out] == [(0, frames[0].width), (1, 32), (2, frames[2].width)]


@pytest.mark.parametrize("task", ["dehaze", "derain"])
def test_other_models(task: str) -> None:
    clip = ClipEnhancer(Enhancer(task=task, threads=1), EnhanceOptions(), 4)
    assert [one.pts for one in clip.push(frame_at(3, 120)) + clip.flush()] == [3]


def test_strength_0_copies_the_file(tmp_path: Path, enhance: Enhance) -> None:
    source = Clip(audio="aac").make(tmp_path)
    enhance(source, tmp_path / "same.mp4", strength=0.0)
    assert (tmp_path / "same.mp4").read_bytes() == source.read_bytes()
    enhance(source, tmp_path / "other.mkv", strength=0.0)
    assert contents(tmp_path / "other.mkv").light == pytest.approx(contents(source).light, abs=2)


def test_the_record_covers_the_file(tmp_path: Path, enhance: Enhance) -> None:
    source = Clip(audio="aac").make(tmp_path)
    for name in ("a.mp4", "a.mov", "a.mkv", "a.webm", "a.avi"):
        assert enhance(source, tmp_path / name).is_recorded
        assert is_unmodified(tmp_path / name)
    with (tmp_path / "a.mkv").open("r+b") as file:
        file.seek(-5, 2)
        file.write(b"x")
    assert not is_unmodified(tmp_path / "a.mkv")
    assert not enhance(source, tmp_path / "a.ts").is_recorded
    assert "a result of pielight already" in enhance(tmp_path / "a.mp4", tmp_path / "again.mp4").note


def test_in_python(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    source = Clip("night.mkv", subtitles=((0, 100, "one"),)).make(tmp_path)
    assert pielight.enhance_video(source, enhancer=Enhancer(threads=1)).name == "night_pie.mkv"
    with pytest.raises(ExistsError):
        pielight.enhance_video(source)
    (tmp_path / "out").mkdir()
    with caplog.at_level("INFO", "pielight"):
        video = pielight.VideoOptions(codec="h264", crf=35)
        written = pielight.enhance_video(source, tmp_path / "out" / "x.mp4", 0.5, video=video, preset="subtle")
    assert written == tmp_path / "out" / "x.mp4"
    assert "subtitle stream 1" in caplog.text
    with pytest.raises(PictureError, match="a clip, which enhance_video takes"):
        pielight.enhance_file(source)
    with pytest.raises(PictureError, match="overwrite the clip"):
        pielight.enhance_video(source, source, exist_ok=True)
    assert pielight.enhance_video(source, tmp_path / "out").name == "night.mkv"


def test_times_of_the_file(tmp_path: Path) -> None:
    import os

    source = Clip().make(tmp_path)
    os.utime(source, (1_000_000_000, 1_000_000_000))
    written = pielight.enhance_video(source, preserve_times=True, enhancer=Enhancer(threads=1))
    assert written.stat().st_mtime == 1_000_000_000
