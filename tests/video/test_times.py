"""Frames whose times a container stores badly or not at all: none is lost, and all are in order.

Of ``pielight.video``: ``clock``, ``decoder``, ``decode`` and ``remux``.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from pielight.video.clock import Clock
from pielight.video.options import VideoOptions
from tests.video.clips import Clip, contents, picture
from tests.video.conftest import Enhance

REORDERED = {"preset": "ultrafast", "bf": "3", "b_strategy": "0"}


@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])
def test_reordered_frames_of_an_avi(codec: str, tmp_path: Path, enhance: Enhance) -> None:
    options = REORDERED if codec == "libx264" else {"bf": "2"}
    source = Clip("night.avi", codec=codec, frames=14, audio="aac", options=options).make(tmp_path)
    written = enhance(source, tmp_path / "bright.avi")
    assert written.note == ""
    before, after = contents(source), contents(tmp_path / "bright.avi")
    assert before.times == after.times
    assert len(after.times) == 14
    with av.open(str(source)) as clip:
        assert after.times == [packet.dts for packet in clip.demux(video=0) if packet.size]
    enhance(source, tmp_path / "bright.mkv")
    assert contents(tmp_path / "bright.mkv").times == [40 * time for time in after.times]
    enhance(source, tmp_path / "part.avi", VideoOptions(start=0.2, end=0.4))
    assert contents(tmp_path / "part.avi").times == list(range(5))


def test_aac_in_avi_keeps_its_times(tmp_path: Path, enhance: Enhance) -> None:
    source = Clip("night.avi", codec="mpeg4", audio="aac", options={"bf": "0"}).make(tmp_path)
    enhance(source, tmp_path / "bright.avi")
    before, after = contents(source), contents(tmp_path / "bright.avi")
    assert (after.packets, after.bases) == (before.packets, before.bases)


def test_a_frame_whose_time_goes_back_is_kept(tmp_path: Path, enhance: Enhance) -> None:
    source = tmp_path / "night.mkv"
    with av.open(str(source), "w") as output:
        video = output.add_stream("mjpeg", 25, width=64, height=48, pix_fmt="yuvj420p")
        for number, time in enumerate((0, 40, 120, 80, 160, 200)):
            frame = av.VideoFrame.from_ndarray(picture(number, (64, 48), 40)).reformat(format="yuvj420p")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            for packet in video.encode(frame):
                packet.pts, packet.dts, packet.time_base = time, 40 * number - 80, Fraction(1, 1000)
                output.mux(packet)
    note = enhance(source, tmp_path / "bright.mkv").note
    assert "1 frame without an order in time, moved behind the one before" in note
    assert contents(tmp_path / "bright.mkv").times == [0, 40, 120, 130, 160, 200]


def test_a_clock_that_restarts(tmp_path: Path, enhance: Enhance) -> None:
    part = Clip("part.ts", frames=12, audio="aac", options=REORDERED).make(tmp_path)
    source = tmp_path / "night.ts"
    with source.open("wb") as file:
        for _ in range(3):
            with part.open("rb") as one:
                shutil.copyfileobj(one, file)
    note = enhance(source, tmp_path / "bright.mkv").note
    assert "2 restarts of the clock, where times go on" in note
    one, after = contents(part), contents(tmp_path / "bright.mkv")
    assert len(after.times) == 36
    assert after.times == sorted(set(after.times))
    assert len(after.packets[1]) == 3 * len(one.packets[1])
    assert after.times[-1] - after.times[0] < 1000 * (36 / 25 + 0.4)
    early = [one[0] for one in after.packets[1]]
    sound = np.diff([early[number * len(one.packets[1])] for number in range(3)])
    frames = np.diff(after.times[::12])
    assert np.abs(sound - frames).max() <= 2  # they stay in step

    enhance(source, tmp_path / "part.mkv", VideoOptions(start=1.0))
    assert len(contents(tmp_path / "part.mkv").times) == sum(time >= 1000 + after.times[0] for time in after.times)


def test_each_stream_comes_to_the_next_part_by_itself() -> None:
    clock, second = Clock(), Fraction(1)
    assert [clock.offset_at(0, Fraction(time), second) for time in (10, 11, 12)] == [0, 0, 0]
    assert [clock.offset_at(1, Fraction(time), second) for time in (10, 11)] == [0, 0]
    assert clock.offset_at(0, Fraction(10), second) == 3
    assert clock.offset_at(1, Fraction(12), second) == 0  # the last of the first part
    assert clock.offset_at(1, Fraction(10), second) == 3
    assert clock.offset_at(2, Fraction(11), second) == 3  # a stream that begins here
    assert clock.offset_at(0, Fraction(95443), second) == 15 - 95443  # FFmpeg took a restart for an overflow
    assert clock.restarts == 2


@pytest.mark.parametrize("audio_first", [False, True])
def test_sound_in_mxf(audio_first: bool, tmp_path: Path, enhance: Enhance) -> None:
    clip = Clip("night.mxf", codec="mpeg2video", size=(96, 64), audio="pcm_s16le", options={"bf": "0"})
    if audio_first:
        made = replace(clip, name="made.mkv").make(tmp_path)
        source = tmp_path / "night.mkv"
        with av.open(str(made)) as one, av.open(str(source), "w") as two:
            streams = {index: two.add_stream_from_template(one.streams[index]) for index in (1, 0)}
            for packet in one.demux():
                if packet.size:
                    packet.stream = streams[packet.stream_index]
                    two.mux(packet)
    else:
        source = clip.make(tmp_path)
    note = enhance(source, tmp_path / "bright.mxf").note
    assert "left out" not in note
    after = contents(tmp_path / "bright.mxf")
    assert after.kinds == ["video", "audio"]
    assert after.packets[1]
    if not audio_first:
        assert after.packets == contents(source).packets
