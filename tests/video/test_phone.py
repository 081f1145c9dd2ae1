"""The clip of a phone: 10-bit HLG in HEVC, variable rate, upright by a matrix, sound, timecode, timed metadata, names.

Of ``pielight.video``: ``remux`` and ``writer``.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import pytest

from pielight.video.options import VideoOptions
from tests.video.clips import Clip, contents
from tests.video.conftest import Enhance
from tests.video.iso import add_tracks, gopro_metadata, key_of_metadata

TIMES = (0, 10, 20, 30, 41, 50, 60, 70, 80, 91, 100, 110)  # of 600 in a second: about 59.94 frames in it
TIMECODE = "01:02:03;04"
NAMES = {
    "com.apple.quicktime.make": "Maker",
    "com.apple.quicktime.model": "Phone 16",
    "com.apple.quicktime.creationdate": "2026-01-02T03:04:05+0100",
    "com.apple.quicktime.location.ISO6709": "+48.1+011.5/",
}
FACES = [b"\0\0\0\x0a\0\0\0\1\0\6"] * 3
PLACES = [b"DEVC\0\0\0\1", b"DEVC\0\0\0\2"]
LEFT_OUT = "data stream 3 (Core Media Metadata) left out"


@pytest.fixture
def phone(tmp_path: Path) -> Path:
    plain = Clip(
        "plain.mov", codec="libx265", pix_fmt="yuv420p10le", size=(96, 64), rate=Fraction(60000, 1001),
        time_base=Fraction(1, 600), times=TIMES, audio="aac", color=(9, 18, 9, 1),
        container={"video_track_timescale": "600"},
    ).make(tmp_path)  # fmt: skip
    path = tmp_path / "phone.mov"
    options = {"movflags": "use_metadata_tags", "video_track_timescale": "600", "movie_timescale": "48000"}
    with av.open(str(plain)) as source, av.open(str(path), "w", container_options=options) as output:
        copies = [output.add_stream_from_template(one, opaque=True) for one in source.streams]
        copies[0].set_display_rotation(-90)  # type: ignore[attr-defined]
        copies[0].metadata["timecode"] = TIMECODE
        output.metadata.update(NAMES)
        for packet in source.demux():
            if packet.size:
                packet.stream = copies[packet.stream_index]
                output.mux(packet)
    plain.unlink()
    tracks = [(key_of_metadata(b"com.apple.quicktime.detected-face"), FACES), (gopro_metadata(), PLACES)]
    add_tracks(path, tracks, 600, 20)
    return path


def data_of(path: Path) -> dict[str, list[tuple[int | None, bytes]]]:
    """Times and bytes of the packets of data, by what their streams are called."""
    with av.open(str(path)) as clip:
        names = {one.index: one.metadata.get("timecode") or one.metadata["handler_name"] + (one.name or "")
                 for one in clip.streams if one.type == "data"}  # fmt: skip
        found: dict[str, list[tuple[int | None, bytes]]] = {name: [] for name in names.values()}
        for packet in clip.demux([clip.streams[index] for index in names]):
            if packet.size:
                found[names[packet.stream_index]].append((packet.pts, bytes(packet)))
        return found


def test_the_clip_is_one_of_a_phone(phone: Path) -> None:
    data = data_of(phone)
    assert [len(packets) for packets in data.values()] == [1, 3, 2]
    assert contents(phone).rotation in (90, -90)
    assert tuple(contents(phone).times) == TIMES


@pytest.mark.parametrize("suffix", [".mov", ".mp4"])
def test_all_of_it_is_kept_or_told(suffix: str, phone: Path, enhance: Enhance) -> None:
    target = phone.with_name("bright" + suffix)
    written = enhance(phone, target)
    before, after = contents(phone), contents(target)
    assert after.times == before.times
    assert (after.time_base, after.rotation, after.colors) == (before.time_base, before.rotation, before.colors)
    assert (after.pix_fmt, after.colors) == ("yuv420p10le", (9, 18, 9, 1))
    assert after.packets[1] == before.packets[1]
    told, kept = data_of(phone), data_of(target)
    assert kept.pop(TIMECODE) == told.pop(TIMECODE)
    assert list(kept.values()) == [told.popitem()[1]]
    assert written.note == f"{LEFT_OUT}: {suffix[1:]} cannot hold it"
    with av.open(str(target)) as clip:
        assert NAMES.items() <= clip.metadata.items()
    assert after.light > before.light + 10


def test_other_containers_and_parts_tell_what_they_leave_out(phone: Path, enhance: Enhance) -> None:
    note = enhance(phone, phone.with_name("bright.mkv")).note
    for number, name in ((2, "TimeCodeHandler"), (3, "Core Media Metadata"), (4, "bin_data")):
        assert f"data stream {number} ({name}) left out: matroska cannot hold it" in note
    note = enhance(phone, phone.with_name("part.mov"), VideoOptions(start=0.08)).note
    assert "timecode left out, which is that of the clip's start" in note
    with av.open(str(phone.with_name("part.mov"))) as clip:
        assert not any("timecode" in one.metadata for one in clip.streams)
