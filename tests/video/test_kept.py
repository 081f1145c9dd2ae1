"""Nothing of a clip is lost: times, color, shape, and every packet of the streams beside the video.

Of ``pielight.video``: ``clip_file``, ``writer``, ``remux``, ``open_clip`` and ``enhance_clip``.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import pytest

from tests.video.clips import NTSC, Clip, contents
from tests.video.conftest import Enhance

TEXT = ((0, 100, "one"), (120, 100, "two"))
VARIABLE = [0, 1001, 2002, 4004, 4505, 9009, 10010, 11011]
LATE = [number + 3003 for number in VARIABLE]
FINE = Fraction(1, 30000)
MOVIE = {"movie_timescale": "240000"}

CLIPS = {
    "mp4": Clip(audio="aac"),
    "mp4-ntsc": Clip(rate=NTSC, time_base=FINE, audio="aac"),
    "mp4-variable": Clip(rate=NTSC, time_base=FINE, times=VARIABLE, audio="aac"),
    "mp4-late-video": Clip(rate=NTSC, time_base=FINE, times=LATE, audio="aac", container=MOVIE),
    "mov-late-audio": Clip("night.mov", rate=NTSC, time_base=FINE, audio="aac", audio_start=7777, container=MOVIE),
    "mov-turned": Clip("night.mov", rotation=90, aspect=Fraction(4, 3), audio="pcm_s16le"),
    "mov-chapters": Clip("night.mov", chapters=True, audio="aac"),
    "mp4-hevc-10": Clip(codec="libx265", pix_fmt="yuv420p10le", audio="aac", color=(9, 14, 9, 1)),
    "mp4-422": Clip(pix_fmt="yuv422p", rotation=180),
    "mp4-444-full": Clip(pix_fmt="yuv444p", color=(1, 13, 1, 2)),
    "mp4-gray": Clip(pix_fmt="gray", color=(1, 1, 1, 1)),
    "mp4-h264-10": Clip(pix_fmt="yuv422p10le", color=(5, 6, 5, 1)),
    "mp4-fields": Clip(interlaced=True, options={"preset": "ultrafast", "bf": "0"}),
    "mp4-mpeg4": Clip(codec="mpeg4", audio="aac"),
    "mp4-av1": Clip(codec="libsvtav1", size=(96, 64), options={"preset": "12"}, audio="aac"),
    "m4v": Clip("night.m4v", audio="aac"),
    "3gp": Clip("night.3gp", audio="aac"),
    "mkv": Clip("night.mkv", audio="flac", subtitles=TEXT, attachment=b"a font" * 9, chapters=True),
    "mkv-hevc": Clip("night.mkv", codec="libx265", rate=NTSC, audio="aac", rotation=270),
    "mkv-ffv1-alpha": Clip("night.mkv", codec="ffv1", pix_fmt="yuva444p", subtitles=TEXT),
    "mkv-ffv1-gray": Clip("night.mkv", codec="ffv1", pix_fmt="gray16le"),
    "mkv-ffv1-rgb": Clip("night.mkv", codec="ffv1", pix_fmt="bgra", color=(1, 13, 0, 2)),
    "webm-vp9": Clip("night.webm", codec="libvpx-vp9", audio="libopus", options={"deadline": "realtime"}),
    "webm-vp8-alpha": Clip(
        "night.webm", codec="libvpx", pix_fmt="yuva420p", options={"auto-alt-ref": "0"}, audio="libopus"
    ),
    "webm-vp9-alpha": Clip("night.webm", codec="libvpx-vp9", pix_fmt="yuva420p", options={"auto-alt-ref": "0"}),
    "avi": Clip("night.avi", codec="mpeg4", audio="mp3", options={"bf": "0"}),
    "avi-mjpeg": Clip("night.avi", codec="mjpeg", pix_fmt="yuvj422p", audio="pcm_s16le", color=(2, 2, 5, 2)),
    "ts": Clip("night.ts", audio="aac", container={"mpegts_copyts": "1"}, rate=NTSC, time_base=Fraction(1001, 30000)),
    "m2ts": Clip("night.m2ts", audio="ac3", container={"mpegts_copyts": "1"}),
    "mov-prores": Clip("night.mov", codec="prores_ks", pix_fmt="yuv422p10le", audio="pcm_s16le"),
    "mov-qtrle": Clip("night.mov", codec="qtrle", pix_fmt="argb", color=(2, 2, 2, 0)),
    "flv": Clip("night.flv", audio="aac"),
    "mpg": Clip("night.mpg", codec="mpeg2video", audio="mp2", options={"bf": "0"}),
}


@pytest.mark.parametrize("name", CLIPS)
def test_everything_but_the_light_stays(name: str, tmp_path: Path, enhance: Enhance) -> None:
    clip = CLIPS[name]
    if name == "ts" or name == "m2ts":
        clip = replace(clip, times=[number + 10 for number in range(clip.frames)])
    source = clip.make(tmp_path)
    target = tmp_path / f"bright{source.suffix}"
    written = enhance(source, target)
    before, after = contents(source), contents(target)
    assert after.times == before.times
    assert after.time_base == before.time_base
    assert after.packets == before.packets
    assert after.bases == before.bases
    assert after.kinds == before.kinds
    assert after.colors == before.colors
    assert (after.size, after.pix_fmt) == (before.size, before.pix_fmt)
    assert (after.rotation, after.aspect, after.interlaced) == (before.rotation, before.aspect, before.interlaced)
    assert (after.metadata, after.streams) == (before.metadata, before.streams)
    assert (after.chapters, after.attachments) == (before.chapters, before.attachments)
    assert after.light > before.light + 10
    assert written.note == ""
    if "variable" not in name and "late-video" not in name:  # where MP4 tells the times of decoding, not these
        assert after.durations == before.durations
    assert list(tmp_path.iterdir()) == [*{source, target}] or len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize(("name", "codec"), [("night.mp4", "libx265"), ("night.mov", "prores_ks")])
def test_frames_without_fields_stay_marked(name: str, codec: str, tmp_path: Path, enhance: Enhance) -> None:
    pix_fmt = "yuv422p10le" if codec == "prores_ks" else "yuv420p"
    made = Clip(f"made{name[5:]}", codec=codec, pix_fmt=pix_fmt, frames=3).make(tmp_path)
    source = tmp_path / name
    with av.open(str(made)) as one, av.open(str(source), "w") as two:
        stream = two.add_stream_from_template(one.streams.video[0], opaque=True)
        stream.codec_context.field_order = 1
        for packet in one.demux(video=0):
            if packet.size:
                packet.stream = stream
                two.mux(packet)
    enhance(source, tmp_path / f"bright{source.suffix}")
    for path in (source, tmp_path / f"bright{source.suffix}"):
        with av.open(str(path)) as clip:
            assert int(clip.streams.video[0].codec_context.field_order) == 1


def test_metadata_of_phones_stays(tmp_path: Path, enhance: Enhance) -> None:
    source = Clip("phone.mov", container={"movflags": "use_metadata_tags"}).make(tmp_path)
    tagged = tmp_path / "tagged.mov"
    own = {"com.apple.quicktime.make": "Maker", "com.apple.quicktime.location.ISO6709": "+48.0+011.0/"}
    with (
        av.open(str(source)) as one,
        av.open(str(tagged), "w", container_options={"movflags": "use_metadata_tags"}) as two,
    ):
        stream = two.add_stream_from_template(one.streams.video[0])
        two.metadata.update(own | {"creation_time": "2026-01-02T03:04:05.000000Z"})
        for packet in one.demux():
            if packet.size:
                packet.stream = stream
                two.mux(packet)
    enhance(tagged, tmp_path / "bright.mov")
    with av.open(str(tmp_path / "bright.mov")) as clip:
        assert own.items() <= clip.metadata.items()
        assert clip.metadata["creation_time"].partition(";")[0] == "2026-01-02T03:04:05.000000Z"


def test_what_a_container_cannot_hold_is_told(tmp_path: Path, enhance: Enhance) -> None:
    source = CLIPS["mkv"].make(tmp_path)
    written = enhance(source, tmp_path / "bright.mp4")
    assert "subtitle stream 2 (srt) left out: mp4 cannot hold it" in written.note
    assert "attachment stream 3" in written.note
    after = contents(tmp_path / "bright.mp4")
    assert after.kinds[:2] == ["video", "audio"]
    assert [one[4:] for one in after.packets[1]] == [one[4:] for one in contents(source).packets[1]]


def test_times_that_a_container_rounds_are_told(tmp_path: Path, enhance: Enhance) -> None:
    source = CLIPS["mp4-ntsc"].make(tmp_path)
    written = enhance(source, tmp_path / "bright.mkv")
    assert "times rounded to 0.001 s" in written.note
