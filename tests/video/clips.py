"""Small clips that the tests make themselves, and what is compared of two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from hashlib import sha1
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.codec.context import Flags
from numpy.typing import NDArray

from pielight.video.decoder import FrameDecoder

NTSC = Fraction(30000, 1001)
RATE = 48000
SAMPLES = 1024


@dataclass(frozen=True)
class Clip:
    """How a clip is made."""

    name: str = "night.mp4"
    codec: str = "libx264"
    pix_fmt: str = "yuv420p"
    size: tuple[int, int] = (64, 48)
    frames: int = 8
    rate: Fraction = Fraction(25)
    time_base: Fraction | None = None
    times: Sequence[int] | None = None  # of frames, in time_base
    audio: str = ""
    audio_start: int = 0  # in samples
    subtitles: Sequence[tuple[int, int, str]] = ()  # start and duration in milliseconds, text
    attachment: bytes = b""
    chapters: bool = False
    rotation: int = 0
    aspect: Fraction | None = None
    color: tuple[int, int, int, int] = (1, 1, 1, 1)  # primaries, transfer, matrix, range
    interlaced: bool = False
    options: dict[str, str] = field(default_factory=dict)
    container: dict[str, str] = field(default_factory=dict)
    light: float = 40.0

    def make(self, folder: Path) -> Path:
        """Write it into a folder."""
        path = folder / self.name
        with av.open(str(path), "w", container_options=self.container) as output:
            self._write(output)
        return path

    def _write(self, output: Any) -> None:
        output.metadata["title"] = "Night"
        base = self.time_base or 1 / self.rate
        video = output.add_stream(self.codec, self.rate, options=self._options(), width=self.size[0],
                                  height=self.size[1])  # fmt: skip
        context = video.codec_context
        context.pix_fmt, context.time_base = self.pix_fmt, base
        context.color_primaries, context.color_trc, context.colorspace, context.color_range = self.color
        context.flags |= Flags.frame_duration
        if self.interlaced:
            context.flags |= Flags.interlaced_dct
            context.field_order = 2
        if self.aspect:
            context.sample_aspect_ratio = self.aspect
        if self.rotation:
            video.set_display_rotation(self.rotation)
        audio = output.add_stream(self.audio, rate=RATE) if self.audio else None
        if audio is not None:
            audio.layout = "mono"
            audio.metadata["language"] = "fra"
        text = output.add_mux_stream("subrip") if self.subtitles else None
        if text is not None:
            text.time_base = Fraction(1, 1000)
            text.metadata["language"] = "ger"
        if self.attachment:
            output.add_attachment("font.ttf", "application/x-truetype-font", self.attachment)
        if self.chapters:
            output.set_chapters(
                [
                    {"id": 1, "start": 0, "end": 160, "time_base": Fraction(1, 1000), "metadata": {"title": "One"}},
                    {"id": 2, "start": 160, "end": 320, "time_base": Fraction(1, 1000), "metadata": {"title": "Two"}},
                ]
            )
        step = round(1 / self.rate / base)
        times = self.times or [number * step for number in range(self.frames)]
        output.start_encoding()
        for number, time in enumerate(times):
            frame = av.VideoFrame.from_ndarray(picture(number, self.size, self.light)).reformat(format=self.pix_fmt)
            frame.pts, frame.time_base, frame.duration = time, base, step
            output.mux(video.encode(frame))
        output.mux(video.encode(None))
        if text is not None:
            for start, duration, words in self.subtitles:
                packet = av.Packet(words.encode())
                packet.stream, packet.time_base = text, Fraction(1, 1000)
                packet.pts = packet.dts = start
                packet.duration = duration
                output.mux(packet)
        if audio is not None:
            self._write_audio(output, audio, float((times[-1] + step) * base))

    def _write_audio(self, output: Any, audio: Any, seconds: float) -> None:
        for number in range(int(seconds * RATE / SAMPLES) + 1):
            tone = (0.1 * np.sin(np.arange(SAMPLES) / 9 + number)).astype(np.float32)[np.newaxis]
            frame = av.AudioFrame.from_ndarray(tone, format="fltp", layout="mono")
            frame.sample_rate, frame.time_base = RATE, Fraction(1, RATE)
            frame.pts = self.audio_start + number * SAMPLES
            output.mux(audio.encode(frame))
        output.mux(audio.encode(None))

    def _options(self) -> dict[str, str]:
        quiet = {"x265-params": "log-level=none"} if self.codec == "libx265" else {}
        fast = {"preset": "ultrafast", "bf": "2"} if self.codec in ("libx264", "libx265") else {}
        return {**quiet, **fast, **self.options}


def picture(number: int, size: tuple[int, int], light: float) -> NDArray[np.uint8]:
    """A gradient that moves, with a lamp, in RGB."""
    width, height = size
    down, across = np.mgrid[:height, :width]
    gray = light * (0.4 + 0.6 * ((across + 2 * number) % width) / max(1, width)) + down / 8
    color = np.stack([gray, gray * 0.9, gray * 1.1], 2)
    color[: height // 6, : width // 6] = 180
    return color.clip(0, 255).astype(np.uint8)


@dataclass(frozen=True)
class Contents:
    """What a clip holds, as PyAV reads it."""

    times: list[int]
    durations: list[int]
    time_base: Fraction
    colors: tuple[int, ...]
    size: tuple[int, int]
    pix_fmt: str
    rotation: int
    aspect: Fraction | None
    interlaced: bool
    packets: dict[int, list[tuple[Any, ...]]]  # of the other streams, by index: pts, dts, duration, size, hash
    bases: dict[int, Fraction]
    kinds: list[str]
    metadata: dict[str, str]
    streams: list[dict[str, str]]
    chapters: list[tuple[Fraction, Fraction, str]]
    attachments: list[bytes]
    light: float
    start: Fraction


def contents(path: Path) -> Contents:
    """Read a clip."""
    with av.open(str(path)) as clip:
        video = clip.streams.video[0]
        others = [one for one in clip.streams if one.index != video.index and int(one.discard) < 48]
        packets: dict[int, list[tuple[Any, ...]]] = {one.index: [] for one in others if one.type != "attachment"}
        for packet in clip.demux(others) if others else ():
            if packet.size:
                digest = sha1(bytes(packet)).hexdigest()
                packets[packet.stream_index].append(
                    (packet.pts, packet.dts, packet.duration, packet.size, packet.is_keyframe, digest)
                )
        chapters = [
            (one["start"] * one["time_base"], one["end"] * one["time_base"], one["metadata"].get("title", ""))
            for one in clip.chapters()
        ]
        attachments = [one.data for one in clip.streams if one.type == "attachment"]
        kept = {"title", "comment", "location", "com.apple.quicktime.make", "com.apple.quicktime.make".upper()}
        metadata = {name: value for name, value in clip.metadata.items() if name in kept and "pielight" not in value}
        streams = [{name: value for name, value in one.metadata.items() if name in ("language", "title", "filename")}
                   for one in [video, *others]]  # fmt: skip
        start = Fraction(clip.start_time, av.time_base)
        base, aspect = video.time_base, video.sample_aspect_ratio
        kinds = [one.type for one in [video, *others]]
        bases = {one.index: one.time_base for one in others}
    with av.open(str(path)) as clip:
        decoder = FrameDecoder(clip.streams.video[0])
        frames = [frame for packet in clip.demux(video=0) for frame in decoder.decode(packet if packet.size else None)]
        first = frames[0]
        colors = (first.color_primaries, first.color_trc, first.colorspace, first.color_range)
        return Contents(
            [frame.pts for frame in frames],
            [frame.duration for frame in frames],
            base,
            tuple(map(int, colors)),
            (first.width, first.height),
            first.format.name,
            first.rotation,
            aspect or None,
            first.interlaced_frame,
            packets,
            bases,
            kinds,
            metadata,
            streams,
            chapters,
            attachments,
            float(np.mean([frame.to_ndarray(format="gray").mean() for frame in frames])),
            start,
        )
