"""The result of a clip: its streams, what it says of them, and the packets that are written."""

from __future__ import annotations

import math
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import av
from av.codec.context import Flags

from pielight.core.messages import counted, shown
from pielight.errors import PictureError
from pielight.io.provenance import Record
from pielight.video.containers import ISO, MATROSKA
from pielight.video.cut import Cut
from pielight.video.encoders import Encoder, codec_of, encoder_error, encoder_rate, qscale
from pielight.video.fast_start import has_index_first, reopened
from pielight.video.frame_times import FrameTimes
from pielight.video.open_clip import TEXT_AS_IT_IS, reason, time_base_of
from pielight.video.probe import ClipInfo
from pielight.video.provenance import with_clip_record
from pielight.video.remux import (
    VIDEO_FIRST,
    copy_stream,
    kept_chapters,
    kept_metadata,
    metadata_of_video,
    shifted,
)

if TYPE_CHECKING:
    from av.container import InputContainer, OutputContainer
    from av.packet import Packet
    from av.stream import Stream
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

_LAMBDA = 118  # FFmpeg's FF_QP2LAMBDA
_MAX_TIMESCALE = (1 << 31) - 1
_M2TS = (".m2ts", ".mts")
_DEFAULT_RATE = Fraction(25)
_PROGRESSIVE = 1  # FFmpeg's number of frames without fields


class ClipWriter:
    """Writes one clip into an open file.

    Args:
        file: Open for writing and reading, and empty.
        target: Its name, for errors.
        muxer: What FFmpeg calls its container.
        source: The clip, whose streams are copied or taken as a pattern.
        copied: Indexes of the streams that are copied.
        info: What the clip is.
        encoder: How frames are encoded.
        size: Width and height of the frames.
        cut: The part of the clip that is taken.
        record: What makes the result, or None.

    Raises:
        PictureError: The encoder does not take such frames.
    """

    def __init__(
        self,
        file: BinaryIO,
        target: Path,
        muxer: str,
        source: InputContainer,
        copied: list[int],
        info: ClipInfo,
        encoder: Encoder,
        size: tuple[int, int],
        cut: Cut,
        record: Record | None,
        threads: int = 0,
    ) -> None:
        self._target, self._info, self._encoder, self._cut = target, info, encoder, cut
        self._refused: Counter[int] = Counter()
        self._copies: dict[int, Stream] = {}
        self._sources = {one.index: one for one in source.streams}
        options = _container_options(muxer, target, source, info)
        opened: Any = av.open  # whose parameters differ by release
        again = {"io_open": reopened(file)} if "faststart" in options.get("movflags", "") else {}
        self._output: OutputContainer = opened(
            file, "w", format=muxer, container_options=options, **again, **TEXT_AS_IT_IS
        )
        for stream in sorted(source.streams, key=lambda one: muxer in VIDEO_FIRST and one.index != info.stream):
            if stream.index == info.stream:
                self._video = self._add_video(stream, size, muxer, threads)
                metadata, self._notes = metadata_of_video(source, stream, cut)
                self._video.metadata.update(metadata)
            elif stream.index in copied:
                self._copies[stream.index] = copy_stream(self._output, stream)
        metadata = kept_metadata(source.metadata)
        if record is not None:
            metadata = with_clip_record(metadata, record, muxer)
        self._output.metadata.update(metadata)
        if chapters := kept_chapters(source, cut):
            self._output.set_chapters(chapters)
        self._start()

    def encode(self, frame: VideoFrame) -> None:
        """Encode a frame at its own time.

        Raises:
            PictureError: It cannot be encoded or written.
        """
        self._times.number(frame)
        frame.pict_type = 0  # the encoder's own choice, and not that of the source
        self._write(frame)

    def copy(self, packet: Packet[Any]) -> None:
        """Write a packet of a stream that is copied; one that the container refuses is left out and counted."""
        index = packet.stream_index
        shifted(packet, self._sources[index], self._cut)
        packet.stream = self._copies[index]
        try:
            self._output.mux(packet)
        except (av.FFmpegError, ValueError):  # such as a time that goes back
            self._refused[index] += 1

    def close(self) -> list[str]:
        """Write what is left, and return notes on what was not.

        Raises:
            PictureError: It cannot be written.
        """
        self._write(None)
        base = time_base_of(self._video)  # which a closed file does not tell
        kinds = {index: one.type for index, one in self._sources.items()}
        try:
            self._output.close()
        except av.FFmpegError as error:
            raise PictureError(f"{shown(self._target)}: cannot be written ({reason(error)})") from error
        notes = [*self._notes]
        if (self._info.time_base / base).denominator != 1:
            notes.append(f"times rounded to {float(base):.3g} s, which is what this container has")
        for index, number in sorted(self._refused.items()):
            notes.append(
                f"{counted(number, 'packet')} of {kinds[index]} stream {index} left out: without an order in time"
            )
        return notes

    def abort(self) -> None:
        """Close it without finishing the file, which is dropped."""
        try:
            self._output.close()
        except (av.FFmpegError, OSError, ValueError):
            return

    def _start(self) -> None:
        try:
            self._video.codec_context.open()
        except (av.FFmpegError, ValueError, OSError) as error:
            raise encoder_error(str(self._target), self._encoder, error) from error
        try:
            self._output.start_encoding()
        except (av.FFmpegError, ValueError) as error:
            raise PictureError(f"{shown(self._target)}: cannot be written ({reason(error)})") from error

    def _write(self, frame: VideoFrame | None) -> None:
        try:
            packets = self._video.encode(frame)
        except EOFError:
            return
        except (av.FFmpegError, ValueError) as error:
            raise encoder_error(str(self._target), self._encoder, error) from error
        for packet in packets:
            self._times.restore(packet)
        try:
            self._output.mux(packets)
        except av.FFmpegError as error:
            raise PictureError(f"{shown(self._target)}: cannot be written ({reason(error)})") from error

    def _add_video(self, source: Stream, size: tuple[int, int], muxer: str, threads: int) -> VideoStream:
        info, encoder = self._info, self._encoder
        rate = encoder_rate(encoder.name, info.rate or _DEFAULT_RATE)
        self._times = FrameTimes(rate, info.time_base, self._cut.ticks(info.time_base))
        video: VideoStream = self._output.add_stream(
            encoder.name, rate, options=encoder.options, width=size[0], height=size[1]
        )  # type: ignore[assignment]
        context = video.codec_context
        context.pix_fmt = encoder.pix_fmt
        context.time_base = 1 / rate
        video.time_base = info.time_base
        color = encoder.color
        context.color_primaries, context.color_trc = color.primaries, color.transfer
        context.colorspace, context.color_range = color.matrix, color.range
        context.flags |= Flags.frame_duration
        context.thread_count = threads
        if info.aspect is not None:
            context.sample_aspect_ratio = info.aspect
        if info.interlaced and encoder.keeps_fields:
            context.flags |= Flags.interlaced_dct | Flags.interlaced_me
            context.field_order = info.field_order
        elif info.field_order == _PROGRESSIVE:
            context.field_order = _PROGRESSIVE
        if (quantizer := qscale(encoder.name)) is not None:
            context.qscale, context.global_quality = True, quantizer * _LAMBDA
        if codec_of(encoder.name) == "hevc" and muxer in ISO:
            context.codec_tag = "hvc1"  # the kind that QuickTime plays, too
        if hasattr(context, "chroma_sample_location"):  # PyAV 19
            told: Any = source.codec_context
            context.chroma_sample_location = told.chroma_sample_location
        if info.matrix is not None:
            video.set_display_matrix(info.matrix)
        video.disposition = source.disposition
        return video


def _container_options(muxer: str, target: Path, source: InputContainer, info: ClipInfo) -> dict[str, str]:
    """Return FFmpeg's options of a container, by which times and metadata stay what they were."""
    if muxer in ISO:
        options = {"movflags": "use_metadata_tags" + "+faststart" * has_index_first(Path(source.name))}
        if info.time_base.numerator == 1:
            options["video_track_timescale"] = str(info.time_base.denominator)
        # Offsets of the start are in units of the whole movie, which must divide those of every stream.
        units = [time_base_of(one).denominator for one in source.streams]
        scale = math.lcm(info.time_base.denominator, *units)
        largest = max(units, default=1000)
        options["movie_timescale"] = str(scale if scale <= _MAX_TIMESCALE else min(largest, _MAX_TIMESCALE))
        return options
    if muxer in MATROSKA:
        return {"write_crc32": "0", "default_mode": "passthrough"}  # the checksum of the record covers the file
    if muxer == "mpegts":
        return {"mpegts_copyts": "1", "mpegts_m2ts_mode": str(int(target.suffix.lower() in _M2TS))}
    return {}
