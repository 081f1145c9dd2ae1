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


def test_maps_are_blended(enhancer: Enhancer) -> None:
    clip = ClipEnhancer(enhancer, EnhanceOptions(auto=False), 4)
    lights = [20.0, 40, 40, 40, 40]
    out = [one for number, light in enumerate(lights) for one in clip.push(frame_at(number, light))] + clip.flush()
    values = [one.to_ndarray(format="gray").mean() for one in out]
    assert values[1:] == sorted(values[1:], reverse=True)  # from the map of the darker frame to that of the others


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
    with pytest.raises(PictureError, match="overwrite the clip"):
        pielight.enhance_video(source, source, exist_ok=True)
    assert pielight.enhance_video(source, tmp_path / "out").name == "night.mkv"


def test_times_of_the_file(tmp_path: Path) -> None:
    import os

    source = Clip().make(tmp_path)
    os.utime(source, (1_000_000_000, 1_000_000_000))
    written = pielight.enhance_video(source, preserve_times=True, enhancer=Enhancer(threads=1))
    assert written.stat().st_mtime == 1_000_000_000
