"""Clips of HDR stay HDR: transfer, depth, tags and the data of their display; and they look as SDR would.

Of ``pielight.video``: ``hdr_metadata``, ``probe``, ``clip_enhancer`` and ``previews``.
"""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from pielight.errors import PictureError
from pielight.ops.hdr import render_sdr
from pielight.video.clip_enhancer import pixels_of
from pielight.video.color import Converter
from pielight.video.hdr_metadata import HdrMetadata
from pielight.video.options import VideoOptions
from pielight.video.probe import probe, side_data_of
from tests.video.clips import Clip, contents
from tests.video.conftest import Enhance

_PLACES = (34000, 16000, 13250, 34500, 7500, 3000, 15635, 16450)
DISPLAY = (*(Fraction(one, 50_000) for one in _PLACES), Fraction(1, 200), Fraction(1000))
TOLD = HdrMetadata(DISPLAY, 600)


def clip_of(transfer: int, codec: str = "libx265", name: str = "night.mp4", pix_fmt: str = "yuv420p10le") -> Clip:
    told = TOLD.encoder_options(codec) if transfer == 16 else {}
    quiet = {"x265-params": "log-level=none:" + told.get("x265-params", "hdr10=0")} if codec == "libx265" else told
    return Clip(
        name, codec=codec, pix_fmt=pix_fmt, color=(9, transfer, 9, 1), size=(96, 64), options=quiet, audio="aac"
    )


@pytest.mark.parametrize("transfer", [16, 18])
@pytest.mark.parametrize("codec", ["libx265", "libx264", "libsvtav1"])
def test_hdr_stays_hdr(codec: str, transfer: int, tmp_path: Path, enhance: Enhance) -> None:
    source = clip_of(transfer, codec).make(tmp_path)
    written = enhance(source, tmp_path / "bright.mp4")
    before, after = contents(source), contents(tmp_path / "bright.mp4")
    assert written.note == ""
    assert after.colors == before.colors == (9, transfer, 9, 1)
    assert after.pix_fmt == before.pix_fmt == "yuv420p10le"
    assert (after.times, after.packets) == (before.times, before.packets)
    assert after.light > before.light + 10
    told = probe(tmp_path / "bright.mp4").hdr
    assert told.brightest == (1000 if transfer == 16 else 0)
    assert (
        np.abs(np.array(told.display, float) - np.array(DISPLAY if transfer == 16 else (), float)).max(initial=0) < 1e-3
    )


@pytest.mark.parametrize("transfer", ["pq", "hlg"])
def test_it_looks_as_its_version_in_sdr_does(transfer: str, tmp_path: Path, enhance: Enhance) -> None:
    source = clip_of({"pq": 16, "hlg": 18}[transfer]).make(tmp_path)
    enhance(source, tmp_path / "bright.mp4", VideoOptions(crf=4), denoise=0)
    seen = []
    for path in (source, tmp_path / "bright.mp4"):
        with av.open(str(path)) as clip:
            seen.append(render_sdr(pixels_of(Converter().to_rgb(next(clip.decode(video=0)))), transfer))
    plain = tmp_path / "plain.mkv"
    with av.open(str(plain), "w") as output:
        video = output.add_stream("ffv1", 25, width=96, height=64)
        video.codec_context.pix_fmt = "bgr0"
        frame = av.VideoFrame.from_ndarray((seen[0] >> 8).astype(np.uint8)).reformat(format="bgr0")
        output.mux([*video.encode(frame), *video.encode(None)])
    enhance(plain, tmp_path / "plain_bright.mkv", denoise=0)
    with av.open(str(tmp_path / "plain_bright.mkv")) as clip:
        wanted = next(clip.decode(video=0)).to_ndarray(format="rgb24").astype(float)
    assert np.abs(seen[1] / 257 - wanted)[12:, 18:].mean() < 5
    assert wanted.mean() > (seen[0] / 257).mean() + 20


def dolby_vision_unit(profile: int) -> bytes:
    """A unit of HEVC with Dolby Vision for one frame (ETSI GS CCM 001): polynomials that change nothing."""

    def golomb(value: int) -> str:  # Exp-Golomb
        return f"{value + 1:0{2 * (value + 1).bit_length() - 1}b}"

    line = golomb(0) + golomb(0) + "0" + "".join(("1" if k == 0 else golomb(1)) + "0" * 23 for k in range(2))  # 0 + 1 x
    sequence = "0" + "00" + golomb(23) + "01" + "0" + golomb(2) + golomb(2) + golomb(4) + "0" + "000" + "0" + "1"
    mapping = golomb(0) * 3 + (golomb(0) + f"{0:010b}" + f"{1023:010b}") * 3 + golomb(0) * 2 + line * 3
    bits = f"{2:06b}{18:011b}{profile:04b}{0:04b}1" + sequence + "0" + "0" + mapping
    bits += "0" * (-len(bits) % 8)
    payload = b"\x19" + int(bits, 2).to_bytes(len(bits) // 8, "big") + b"\1\1\1\1\x80"
    safe = b"\x7c\x01"
    for byte in payload:
        safe += (b"\3" if safe[-2:] == b"\0\0" and byte < 4 else b"") + bytes([byte])
    return safe


def with_dolby_vision(source: Path, target: Path, tag: str = "hvc1", profile: int = 1) -> Path:
    """Add a unit of Dolby Vision to every frame of HEVC."""
    unit = dolby_vision_unit(profile)
    with av.open(str(source)) as clip, av.open(str(target), "w") as output:
        stream = output.add_stream_from_template(clip.streams.video[0], opaque=True)
        stream.codec_context.codec_tag = tag
        for packet in clip.demux(video=0):
            if packet.size:
                changed = av.Packet(bytes(packet) + struct.pack(">I", len(unit)) + unit)
                changed.pts, changed.dts, changed.duration = packet.pts, packet.dts, packet.duration
                changed.time_base, changed.is_keyframe, changed.stream = packet.time_base, packet.is_keyframe, stream
                output.mux(changed)
    return target


def test_dolby_vision_becomes_hlg(tmp_path: Path, enhance: Enhance) -> None:
    source = with_dolby_vision(clip_of(18).make(tmp_path), tmp_path / "phone.mov")
    assert probe(source).hdr.dynamic == ("Dolby Vision",)
    note = enhance(source, tmp_path / "bright.mov").note
    assert note == "Dolby Vision data left out, which describe the frames as they were"
    assert probe(tmp_path / "bright.mov").hdr.dynamic == ()
    assert contents(tmp_path / "bright.mov").colors == (9, 18, 9, 1)


@pytest.mark.parametrize(("color", "tag"), [((2, 2, 2, 2), "hvc1"), ((9, 18, 9, 1), "dvh1")])
def test_dolby_vision_without_such_a_base_is_refused(
    color: tuple[int, int, int, int], tag: str, tmp_path: Path, enhance: Enhance
) -> None:
    plain = Clip(codec="libx265", pix_fmt="yuv420p10le", color=color).make(tmp_path)
    source = with_dolby_vision(plain, tmp_path / "film.mp4", tag, profile=0)
    with pytest.raises(PictureError, match="this kind of Dolby Vision is not enhanced"):
        enhance(source, tmp_path / "bright.mp4")


def test_what_cannot_be_done_with_hdr_is_one_line(tmp_path: Path, enhance: Enhance) -> None:
    source = clip_of(18).make(tmp_path)
    with pytest.raises(PictureError, match="without black, warmth and tint only"):
        enhance(source, tmp_path / "bright.mp4", warmth=0.5)
    colors = Clip("rgb.mkv", codec="ffv1", pix_fmt="gbrp10le", color=(9, 16, 0, 2)).make(tmp_path)
    with pytest.raises(PictureError, match=r"HDR \(PQ\) in gbrp10le is not enhanced"):
        enhance(colors, tmp_path / "bright.mkv")
    with pytest.raises(PictureError, match="HDR needs 10 bits"):
        enhance(source, tmp_path / "bright.webm")


def test_another_codec_and_layout(tmp_path: Path, enhance: Enhance) -> None:
    source = clip_of(16, "libx264", pix_fmt="yuv422p10le").make(tmp_path)
    written = enhance(source, tmp_path / "bright.mp4", VideoOptions("av1", poster=True))
    assert "yuv422p10le written as yuv420p10le" in written.note
    after = contents(tmp_path / "bright.mp4")
    assert (after.colors, after.pix_fmt) == ((9, 16, 9, 1), "yuv420p10le")
    assert after.light > contents(source).light + 10
    assert 50 < np.asarray(Image.open(tmp_path / "bright.jpg")).mean() < 200
    note = enhance(source, tmp_path / "bright.mkv", VideoOptions("ffv1")).note
    assert note.startswith("data of its display left out, which ffv1 cannot write")


def test_side_data_that_are_cut_short_count_for_nothing(tmp_path: Path) -> None:
    with av.open(str(clip_of(16).make(tmp_path))) as clip:
        data = side_data_of(next(clip.decode(video=0)))
    assert HdrMetadata.of({kind: value[:3] for kind, value in data.items()}) == HdrMetadata()
