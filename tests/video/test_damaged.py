"""A corpus of damaged clips: a playable result with a note, or one line; never a traceback, a hang or a broken file.

Of ``pielight.video``: ``decode``, ``decoder``, ``open_clip`` and ``probe``.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from pielight.errors import PictureError, PielightError
from pielight.video.options import VideoOptions
from tests.video.clips import Clip, contents, picture
from tests.video.conftest import Enhance

SOUND = Clip(frames=12, audio="aac", options={"preset": "ultrafast", "g": "4", "bf": "0"})
KINDS = {
    "mp4": SOUND,
    "mkv": replace(SOUND, name="night.mkv"),
    "ts": replace(SOUND, name="night.ts"),
    "avi": replace(SOUND, name="night.avi", codec="mpeg4", audio="mp3", options={}),
    "webm": replace(SOUND, name="night.webm", codec="libvpx-vp9", audio="libopus", options={"deadline": "realtime"}),
}
Damage = Callable[[bytes, int], bytes]


def flipped(data: bytes, seed: int) -> bytes:
    """Flip bits all over the file."""
    rng, changed = random.Random(seed), bytearray(data)
    for _ in range(8 + 8 * seed):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def flipped_inside(data: bytes, seed: int) -> bytes:
    """Flip bits in the middle, where frames are."""
    rng, changed = random.Random(seed), bytearray(data)
    for _ in range(30):
        changed[rng.randrange(len(changed) // 4, 3 * len(changed) // 4)] ^= 1 << rng.randrange(8)
    return bytes(changed)


def cut_short(data: bytes, seed: int) -> bytes:
    return data[: len(data) * (seed + 1) // 5]


def holed(data: bytes, seed: int) -> bytes:
    """Overwrite a part with zeros."""
    start = len(data) * (seed + 1) // 6
    return data[:start] + bytes(len(data) // 10) + data[start + len(data) // 10 :]


def headless(data: bytes, seed: int) -> bytes:
    return data[len(data) * (seed + 1) // 8 :]


DAMAGE: dict[str, Damage] = {
    one.__name__: one for one in (flipped, flipped_inside, cut_short, holed, headless)
}  # with five kinds of file and three seeds: 75


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("whole")
    return {kind: clip.make(folder).read_bytes() for kind, clip in KINDS.items()}


def outcome(source: Path, target: Path, enhance: Enhance, video: VideoOptions | None = None) -> str:
    """Enhance a clip, check what is left behind, and return the note or the error."""
    before, failure = set(target.parent.iterdir()), ""
    try:
        written = enhance(source, target, video)
    except PielightError as error:
        failure = f"failed: {error}"
    if failure:
        assert "\n" not in failure
        assert set(target.parent.iterdir()) == before
        return failure
    assert set(target.parent.iterdir()) == before | {target}
    after = contents(target)  # decodes every frame
    assert after.times == sorted(set(after.times))
    return written.note


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("kind", KINDS)
def test_damaged(kind: str, damage: str, seed: int, whole: dict[str, bytes], tmp_path: Path, enhance: Enhance) -> None:
    source = tmp_path / f"night.{kind}"
    source.write_bytes(DAMAGE[damage](whole[kind], seed))
    outcome(source, tmp_path / f"bright.{kind}", enhance)


def test_a_recording_that_was_cut_off_is_named(whole: dict[str, bytes], tmp_path: Path, enhance: Enhance) -> None:
    source = tmp_path / "night.mp4"
    source.write_bytes(whole["mp4"][: len(whole["mp4"]) // 2])
    assert "no index: the recording was cut off" in outcome(source, tmp_path / "bright.mp4", enhance)


def test_what_could_be_decoded_is_kept_and_told(tmp_path: Path, enhance: Enhance) -> None:
    first = replace(SOUND, container={"movflags": "faststart"}).make(tmp_path)
    source = tmp_path / "short.mp4"
    source.write_bytes(first.read_bytes()[: -first.stat().st_size // 3])
    note = outcome(source, tmp_path / "bright.mp4", enhance)
    assert "missing" in note
    assert 0 < len(contents(tmp_path / "bright.mp4").times) < SOUND.frames


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.mp4", b"", "empty file"),
        ("a.mp4", b"no clip at all" * 99, "no clip of a known kind"),
        ("a.mkv", b"\x1aE\xdf\xa3", "no clip of a known kind"),
        ("a.avi", b"RIFF\x24\0\0\0AVI LIST", "no clip of a known kind"),
        ("a.mp4", b"#EXTM3U\n#EXTINF:1,\nnight.ts\n#EXT-X-ENDLIST\n", "no clip of a known kind"),
        ("a.mp4", b"ffconcat version 1.0\nfile '/etc/hostname'\n", "no clip of a known kind"),
    ],
)
def test_no_clips(name: str, data: bytes, reason: str, tmp_path: Path, enhance: Enhance) -> None:
    (tmp_path / name).write_bytes(data)
    assert reason in outcome(tmp_path / name, tmp_path / f"bright{name}", enhance)


def test_a_picture_with_the_name_of_a_clip(tmp_path: Path, enhance: Enhance) -> None:
    for number, form in enumerate(("JPEG", "PNG", "GIF", "WEBP")):
        path = tmp_path / f"{number}.mp4"
        Image.fromarray(picture(0, (32, 24), 40)).save(path, form)
        assert "failed" in outcome(path, tmp_path / "bright.mp4", enhance)


def test_sound_alone(tmp_path: Path, enhance: Enhance) -> None:
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as output:
        audio = output.add_stream("aac", rate=48000)
        audio.layout = "mono"  # type: ignore[union-attr]
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 48000
        output.mux(audio.encode(frame))  # type: ignore[union-attr,arg-type]
        output.mux(audio.encode(None))  # type: ignore[union-attr]
    assert outcome(path, tmp_path / "bright.mp4", enhance).endswith("no video in it")


def test_no_frame(tmp_path: Path, enhance: Enhance) -> None:
    path = tmp_path / "none.mkv"
    with av.open(str(path), "w") as output:
        output.add_stream("mpeg4", 25, width=32, height=32)
        output.start_encoding()
    assert "no frame in it" in outcome(path, tmp_path / "bright.mkv", enhance)


@pytest.mark.parametrize("name", ["tiny.mkv", "tiny.avi"])
def test_one_pixel(name: str, tmp_path: Path, enhance: Enhance) -> None:
    source = Clip(name, codec="ffv1", pix_fmt="yuv444p", size=(1, 1)).make(tmp_path)
    assert outcome(source, tmp_path / f"bright{source.suffix}", enhance) == ""
    for codec, reason in (("av1", "av1 needs 64 x 64"), ("hevc", "hevc needs 16 x 16"), ("h264", "h264")):
        assert reason in outcome(source, tmp_path / f"{codec}.mkv", enhance, VideoOptions(codec)) or codec == "h264"


def test_another_extension_than_the_content(whole: dict[str, bytes], tmp_path: Path, enhance: Enhance) -> None:
    (tmp_path / "night.mp4").write_bytes(whole["mkv"])
    outcome(tmp_path / "night.mp4", tmp_path / "bright.mp4", enhance)
    assert len(contents(tmp_path / "bright.mp4").times) == SOUND.frames


def test_a_size_that_changes(tmp_path: Path, enhance: Enhance) -> None:
    parts = [Clip(f"{side}.ts", size=(side, side), frames=6) for side in (64, 96)]
    with (tmp_path / "night.ts").open("wb") as file:
        for part in parts:
            with part.make(tmp_path).open("rb") as one:
                shutil.copyfileobj(one, file)
    note = outcome(tmp_path / "night.ts", tmp_path / "bright.mkv", enhance)
    assert "changes to 96 x 96 yuv420p, scaled to 64 x 64 yuv420p" in note or "without an order" in note


def test_frames_that_are_too_large(tmp_path: Path, enhance: Enhance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pielight.video.probe.MAX_FRAME_PIXELS", 100)
    assert "64 x 48 pixels a frame" in outcome(SOUND.make(tmp_path), tmp_path / "bright.mp4", enhance)


def test_a_folder_a_pipe_and_nothing(tmp_path: Path, enhance: Enhance) -> None:
    (tmp_path / "folder.mp4").mkdir()
    for name in ("folder.mp4", "missing.mp4"):
        with pytest.raises(PictureError, match=name):
            enhance(tmp_path / name, tmp_path / "bright.mp4")
