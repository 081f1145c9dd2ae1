"""The streams of a clip that are copied packet for packet, and what of them a container cannot hold."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
from av.stream import Disposition

from pielight.errors import PictureError
from pielight.video.containers import ISO
from pielight.video.cut import Cut
from pielight.video.open_clip import is_hidden, open_clip, time_base_of

if TYPE_CHECKING:
    from av.container import InputContainer, OutputContainer
    from av.packet import Packet
    from av.stream import Stream

# Of the file that was read, and written anew for the one that is written.
_STALE = ("encoder", "major_brand", "minor_version", "compatible_brands", "duration")
_STALE_OF_VIDEO = ("rotate", "bps", "number_of_frames", "number_of_bytes", "_statistics")
_CREATED = "creation_time"
_ATTACHMENT = "attachment"
_TIMECODE = "timecode"
VIDEO_FIRST = ("mxf",)  # containers that hold nothing else unless there is a video before it
_FRAMES_IN_AVI = ("aac",)  # sound whose packets are whole frames of different sizes
_PLAIN_CODEC = "mpeg2video"


def copyable(container: InputContainer, main: int, muxer: str) -> tuple[list[int], list[str]]:
    """Return the indexes of the streams that a container can hold as they are, and notes on the others.

    Args:
        container: The clip.
        main: Index of the stream that is encoded.
        muxer: What FFmpeg calls the container of the result.
    """
    kept, notes = [], []
    for stream in container.streams:
        if stream.index == main or is_hidden(stream) or (is_timecode(stream) and muxer in ISO):
            continue
        if can_hold(muxer, stream):
            kept.append(stream.index)
            if stream.type == "video" and not stream.disposition & Disposition.attached_pic:
                notes.append(f"video stream {stream.index} copied as it is")
        else:
            notes.append(f"{stream.type} stream {stream.index} ({_name(stream)}) left out: {muxer} cannot hold it")
    return kept, notes


def can_hold(muxer: str, stream: Stream) -> bool:
    """Return whether a container can hold a copy of a stream, by trying it in memory."""
    if muxer in ISO and stream.type == "data" and not stream.name:  # would be written without what describes it
        return False
    begun = False
    try:
        with av.open(io.BytesIO(), "w", format=muxer) as trial:
            if muxer in VIDEO_FIRST:
                trial.add_stream(_PLAIN_CODEC, 25, width=64, height=64, pix_fmt="yuv420p")
            copy_stream(trial, stream)
            trial.start_encoding()
            begun = True  # MXF cannot end without a packet
    except (av.FFmpegError, ValueError, RuntimeError):
        return begun
    return True


def is_timecode(stream: Stream) -> bool:
    """Return whether a stream is the track of a timecode, which is written anew with the metadata of the video."""
    return stream.type == "data" and _TIMECODE in stream.metadata


def metadata_of_video(container: InputContainer, main: Stream, cut: Cut) -> tuple[dict[str, str], list[str]]:
    """Return what is told of the stream that is encoded, with the clip's timecode, and notes on what is left out."""
    metadata = kept_metadata(main.metadata, of_video=True)
    told = next((one.metadata[_TIMECODE] for one in container.streams if is_timecode(one)), None)
    if told is not None:
        metadata[_TIMECODE] = told
    if not cut.shift:
        return metadata, []
    kept = {name: value for name, value in metadata.items() if name.lower() != _TIMECODE}
    return kept, ["timecode left out, which is that of the clip's start"] if kept != metadata else []


def copy_stream(output: OutputContainer, stream: Stream) -> Stream:
    """Add a stream like another one, with its metadata and disposition.

    Raises:
        ValueError: The container cannot hold it; so does FFmpegError.
    """
    if stream.type == _ATTACHMENT and stream.codec_context is None:
        copy: Stream = output.add_stream_from_template(stream)
    elif output.format.name == stream.container.format.name == "avi" and _name(stream) in _FRAMES_IN_AVI:
        copy = _copy_by_frames(output, stream)
    else:
        copy = output.add_stream_from_template(stream, opaque=True)
    copy.metadata.clear()
    copy.metadata.update(kept_metadata(stream.metadata))
    copy.disposition = stream.disposition
    return copy


def _copy_by_frames(output: OutputContainer, stream: Stream) -> Stream:
    """Add a stream like one of an AVI, without the block size by which FFmpeg would count bytes in place of frames.

    PyAV cannot change that number; another container does not store it.
    """
    file = io.BytesIO()
    try:
        with open_clip(Path(stream.container.name)) as again, av.open(file, "w", format="matroska") as plain:
            copy = plain.add_stream_from_template(stream, opaque=True)
            for packet in again.demux(again.streams[stream.index]):
                packet.stream = copy
                plain.mux(packet)
                break  # one tells the number of samples in a frame
        file.seek(0)
        with av.open(file) as plain_again:
            return output.add_stream_from_template(plain_again.streams[0], opaque=True)
    except (av.FFmpegError, PictureError, ValueError, IndexError):  # damaged
        return output.add_stream_from_template(stream, opaque=True)


def kept_metadata(metadata: dict[str, str], of_video: bool = False) -> dict[str, str]:
    """Return metadata without what describes the file that was read.

    >>> kept_metadata({"title": "night", "ENCODER": "Lavf", "BPS-eng": "1"}, of_video=True)
    {'title': 'night'}
    """
    stale = (*_STALE, *_STALE_OF_VIDEO) if of_video else _STALE
    kept = {name: value for name, value in metadata.items() if not name.lower().startswith(stale)}
    if _CREATED in kept:  # MP4 holds it twice, and newer releases of FFmpeg read both, joined
        kept[_CREATED] = kept[_CREATED].partition(";")[0]
    return kept


def shifted(packet: Packet[Any], stream: Stream, cut: Cut) -> Packet[Any]:
    """Move a packet by the shift of a cut, in the unit of its stream; a subtitle is shown within the cut only."""
    base = time_base_of(stream)
    if stream.type == "subtitle" and packet.pts is not None and packet.duration:
        start, end = packet.pts, packet.pts + packet.duration
        start = start if cut.start is None else max(start, round(cut.start / base))
        end = end if cut.end is None else min(end, round(cut.end / base))
        if start != packet.pts:
            packet.pts = packet.dts = start
        packet.duration = max(1, end - start)
    ticks = cut.ticks(base)
    if ticks and packet.pts is not None:
        packet.pts -= ticks
    if ticks and packet.dts is not None:
        packet.dts -= ticks
    return packet


def kept_chapters(container: InputContainer, cut: Cut) -> list[Any]:
    """Return the chapters of a clip, or of the part of it that is taken."""
    kept = []
    for chapter in container.chapters():
        base = chapter["time_base"]
        unit = Fraction(base.numerator, base.denominator) if base else Fraction(1, 1000)
        start, end = chapter["start"] * unit, chapter["end"] * unit
        if not cut.takes(start, end - start):
            continue
        start = max(start, cut.start) if cut.start is not None else start
        end = min(end, cut.end) if cut.end is not None else end
        ticks = cut.ticks(unit)
        kept.append({**chapter, "start": round(start / unit) - ticks, "end": round(end / unit) - ticks})
    return kept


def _name(stream: Stream) -> str:
    context = stream.codec_context
    name = context.name if context is not None else getattr(stream, "name", None)
    return name or stream.metadata.get("handler_name") or "unknown codec"
