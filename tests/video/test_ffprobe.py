"""What another program sees of the copied streams: FFmpeg's ffprobe, where it is installed."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.video.clips import Clip
from tests.video.conftest import Enhance
from tests.video.test_kept import CLIPS, MOVIE

FFPROBE = shutil.which("ffprobe")
ENTRIES = (
    "packet=stream_index,codec_type,pts,dts,duration,size,flags,data_hash:stream=index,codec_name,codec_type,time_base"
)
MORE = {
    "mkv-ac3": Clip("night.mkv", audio="ac3"),
    "mkv-mp3": Clip("night.mkv", audio="mp3"),
    "mkv-pcm": Clip("night.mkv", audio="pcm_s16le"),
    "mov-alac": Clip("night.mov", audio="alac"),
    "mp4-opus": Clip(audio="libopus"),
    "mp4-flac": Clip(audio="flac", container={"strict": "-2"}),
    "ts-mp2": Clip("night.ts", codec="mpeg2video", audio="mp2", container={"mpegts_copyts": "1"}, options={"bf": "0"}),
    "wmv": Clip("night.wmv", codec="wmv2", audio="mp3"),
}
KINDS = {**{name: clip for name, clip in CLIPS.items() if clip.audio or clip.subtitles}, **MORE}


def probed(path: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The streams and packets of all but the first video."""
    words = [
        str(FFPROBE),
        "-v",
        "error",
        "-of",
        "json",
        "-show_data_hash",
        "sha256",
        "-show_entries",
        ENTRIES,
        str(path),
    ]
    found = json.loads(subprocess.run(words, capture_output=True, check=True, timeout=60).stdout)
    main = next(one["index"] for one in found["streams"] if one["codec_type"] == "video")
    # Titles of chapters in MOV are a track, too, which every muxer writes in its own unit of time.
    streams = [one for one in found["streams"] if one["index"] != main and one["codec_name"] != "bin_data"]
    kept = {one["index"] for one in streams}
    return streams, [one for one in found["packets"] if one["stream_index"] in kept]


@pytest.mark.skipif(FFPROBE is None, reason="ffprobe is not installed")
@pytest.mark.parametrize("name", KINDS)
def test_copied_packets_are_the_same_to_ffprobe(name: str, tmp_path: Path, enhance: Enhance) -> None:
    clip = KINDS[name]
    if name in ("ts", "m2ts", "ts-mp2"):
        clip = replace(clip, times=[number + 10 for number in range(clip.frames)])
    if clip.name.endswith(("mp4", "mov", "m4v", "3gp")):  # otherwise edit lists are cut to milliseconds
        clip = replace(clip, container={**clip.container, **MOVIE})
    source = clip.make(tmp_path)
    target = tmp_path / f"bright{source.suffix}"
    enhance(source, target)
    (streams, packets), (own_streams, own_packets) = probed(source), probed(target)
    assert packets
    assert own_streams == streams

    def ordered(found: list[dict[str, Any]]) -> list[dict[str, Any]]:  # muxers may interleave streams anew
        return sorted(found, key=lambda one: one["stream_index"])

    assert ordered(own_packets) == ordered(packets)
