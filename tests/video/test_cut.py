"""A part of a clip: frames, sound and chapters start and end together.

Of ``pielight.video``: ``containers``, ``cut``, ``remux``, ``frame_times`` and ``options``.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from pielight.errors import OptionError, PictureError
from pielight.video.frame_times import FrameTimes
from pielight.video.options import VideoOptions
from pielight.video.provenance import read_clip_record
from tests.video.clips import NTSC, Clip, contents
from tests.video.conftest import Enhance


@pytest.mark.parametrize("name", ["night.mp4", "night.mkv", "night.ts"])
def test_a_part(name: str, tmp_path: Path, enhance: Enhance) -> None:
    options = {"preset": "ultrafast", "g": "5", "bf": "2"}
    container = {"mpegts_copyts": "1"} if name.endswith("ts") else {}
    times = [number + 2 for number in range(20)]
    source = Clip(name, times=times, audio="aac", audio_start=3840, options=options, container=container).make(tmp_path)
    target = tmp_path / f"part{source.suffix}"
    enhance(source, target, VideoOptions(start=0.25, end=0.61))
    before, after = contents(source), contents(target)
    begin = before.start
    start, end = begin + Fraction(1, 4), begin + Fraction(61, 100)
    kept = [time for time in before.times if start <= time * before.time_base < end]
    shift = kept[0] - round(begin / before.time_base)
    if name.endswith("ts"):  # which has no times below 0, not even of decoding: everything moves
        shift = kept[0] - after.times[0]
    assert after.times == [time - shift for time in kept]
    first = kept[0] * before.time_base
    sound = [one for one in before.packets[1] if first <= one[0] * before.bases[1] < end]
    assert [one[4:] for one in after.packets[1]] == [one[4:] for one in sound]
    late = (kept[0] * before.time_base) - sound[0][0] * before.bases[1]
    assert after.times[0] * after.time_base - after.packets[1][0][0] * after.bases[1] == pytest.approx(late, abs=0.0011)


def test_chapters_and_subtitles_of_a_part(tmp_path: Path, enhance: Enhance) -> None:
    source = Clip("night.mkv", frames=12, subtitles=((0, 100, "one"), (120, 100, "two")), chapters=True).make(tmp_path)
    enhance(source, tmp_path / "part.mkv", VideoOptions(start=0.2))
    after = contents(tmp_path / "part.mkv")
    assert after.chapters == [(0, Fraction(12, 100), "Two")]
    assert [one[:3] for one in after.packets[1]] == [(0, 0, 20)]
    enhance(source, tmp_path / "both.mkv", VideoOptions(start=0.08, end=0.16))
    both = contents(tmp_path / "both.mkv")
    assert [one[:3] for one in both.packets[1]] == [(0, 0, 20), (40, 40, 40)]
    assert both.times == [0, 40]
    enhance(source, tmp_path / "end.mkv", VideoOptions(end=0.16))
    assert [one[:3] for one in contents(tmp_path / "end.mkv").packets[1]] == [(0, 0, 100), (120, 120, 40)]


@pytest.mark.parametrize(
    "wrong",
    [{"codec": "divx"}, {"crf": 64}, {"crf": -1}, {"every": 0}, {"start": -1}, {"start": 2, "end": 1}, {"end": 0},
     {"encoder_preset": "night"}, {"start": float("nan")}],
)  # fmt: skip
def test_options_out_of_range(wrong: dict[str, object]) -> None:
    with pytest.raises(OptionError, match=next(iter(wrong)) if "end" not in wrong else "end"):
        VideoOptions(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("codec", ["h264", "hevc", "av1", "ffv1"])
def test_another_codec(codec: str, tmp_path: Path, enhance: Enhance) -> None:
    source = Clip("night.mkv", codec="mpeg4", size=(96, 64), rate=NTSC).make(tmp_path)
    target = tmp_path / f"{codec}.mkv"
    enhance(source, target, VideoOptions(codec, crf=None if codec == "ffv1" else 40, encoder_preset="ultrafast"))
    assert contents(target).times == contents(source).times
    record = read_clip_record(target)
    assert record is not None
    assert dict(record.options)["Codec"] == codec


def test_a_codec_that_the_container_cannot_hold(tmp_path: Path, enhance: Enhance) -> None:
    source = Clip().make(tmp_path)
    with pytest.raises(PictureError, match=r"a webm file cannot hold h264; name a \.mkv file"):
        enhance(source, tmp_path / "bright.webm", VideoOptions("h264"))
    assert "encoded as vp9: h264 cannot be written here" in enhance(source, tmp_path / "bright.webm").note


def test_what_a_codec_cannot_hold_is_told(tmp_path: Path, enhance: Enhance) -> None:
    source = Clip("night.mkv", codec="ffv1", pix_fmt="yuva444p10le", size=(96, 64)).make(tmp_path)
    note = enhance(source, tmp_path / "bright.mkv", VideoOptions("av1", encoder_preset="ultrafast")).note
    assert "yuva444p10le written as yuv420p10le" in note


def test_side_by_side_and_previews(tmp_path: Path, enhance: Enhance) -> None:
    source = Clip(frames=20, rotation=90).make(tmp_path)
    enhance(source, tmp_path / "both.mp4", VideoOptions(side_by_side=True, gif=True, poster=True))
    assert contents(tmp_path / "both.mp4").size == (128, 48)
    assert (tmp_path / "both.gif").read_bytes()[:3] == b"GIF"
    assert (tmp_path / "both.jpg").stat().st_size > 500
    note = enhance(source, tmp_path / "two.mkv", VideoOptions(gif=True)).note
    assert "both" not in note
    Clip("night.mkv", frames=2).make(tmp_path)  # whose preview would have the same name
    (tmp_path / "out").mkdir()
    for name in ("night.mp4", "night.mkv"):
        enhance(tmp_path / name, tmp_path / "out" / name, VideoOptions(gif=True))
    assert {one.name for one in (tmp_path / "out").glob("*.gif")} == {"night.mp4.gif", "night.mkv.gif"}


def test_times_around_an_encoder() -> None:
    import av

    times = FrameTimes(Fraction(25), Fraction(1, 1000), shift=10)
    for pts in (10, 61, 95):
        frame = av.VideoFrame(2, 2, "gray")
        frame.pts, frame.duration = pts, 40
        times.number(frame)
    packet = av.Packet(b"x")
    for pts, dts, expected in ((0, -1, (0, -40)), (2, 0, (85, 0)), (1, 1, (51, 51))):
        packet.pts, packet.dts = pts, dts
        times.restore(packet)
        assert (packet.pts, packet.dts) == expected
    assert packet.duration == 40
