"""What a clip is: its first frame, color, rotation and length, and whether it can be enhanced."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
from av.sidedata.sidedata import Type

from pielight.core.messages import shown
from pielight.errors import PictureError
from pielight.video.clock import CONTINUOUS, Clock
from pielight.video.color import FULL, Color
from pielight.video.decoder import FrameDecoder
from pielight.video.hdr_metadata import HdrMetadata
from pielight.video.open_clip import main_video, open_clip, time_base_of

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

MAX_FRAME_PIXELS = 1 << 26  # 8192 x 8192: several frames are in memory at a time
_DOLBY_TAGS = ("dvh1", "dvhe", "dva1", "dvav", "dav1")  # of streams that only players of it can show
_BT2020 = 9  # FFmpeg's number of the matrix
_MATRIX = struct.Struct("=9i")
_WITHOUT_INDEX, _LONGEST_GROUP = ("mpegts", "mpeg", "mpegvideo", "h264", "hevc"), 10  # seconds between key frames
_FIELDS = (2, 3, 4, 5)  # FFmpeg's numbers of the orders of fields


@dataclass(frozen=True)
class ClipInfo:
    """What a clip is.

    Attributes:
        container: What FFmpeg calls its container.
        stream: Index of the stream that is enhanced.
        codec: Its codec, as ``"h264"``.
        width: In pixels, as its first frame is stored.
        height: In pixels.
        pix_fmt: Pixel format of its first frame, as ``"yuv420p10le"``.
        color: What its numbers mean.
        matrix: Its display matrix, nine numbers as FFmpeg has them; None if it is shown as it is stored.
        rotation: Degrees that it is turned by when it is shown, counterclockwise.
        aspect: Width of a pixel by its height; None if that is not told.
        interlaced: Whether it consists of fields.
        field_order: FFmpeg's number of the order of its fields.
        time_base: Seconds of a unit of its time.
        rate: Frames per second on average; None if unknown.
        first: Time of the first frame that is taken, in ``time_base``.
        duration: Seconds from there on, as far as the file tells.
        begin: Time at which the clip starts, in seconds.
        counted: Frames in all by the index of the file; 0 if it does not tell.
        hdr: What it says of itself if it is HDR.
    """

    container: str
    stream: int
    codec: str
    width: int
    height: int
    pix_fmt: str
    color: Color
    matrix: tuple[int, ...] | None
    rotation: int
    aspect: Fraction | None
    interlaced: bool
    field_order: int
    time_base: Fraction
    rate: Fraction | None
    first: int
    duration: float | None
    begin: Fraction
    counted: int
    hdr: HdrMetadata

    @property
    def frames(self) -> int | None:
        """Frames from :attr:`first` on, as far as the file tells."""
        if self.duration is None or not self.rate:
            return None
        return max(1, round(self.duration * float(self.rate)))


def probe(path: Path, start: float | None = None) -> ClipInfo:
    """Look at a clip: open it, and decode its first frame.

    Args:
        path: The file.
        start: Seconds from which on it is taken.

    Raises:
        MissingFileError: There is no such file.
        PictureError: It is no clip, holds no video, no frame can be decoded, it is Dolby Vision that only players
            of it can show, or too large.
    """
    with open_clip(path) as container:
        stream = main_video(container)
        if stream is None:
            what = "no video in it" if not container.streams.video else "no decoder for its video"
            raise PictureError(f"{shown(path)}: {what}")
        check_frame_size(stream.width, stream.height, path)
        begin = clip_start(container, stream)
        first = begin + exact(start or 0)
        if start:
            seek(container, first)
        frame = next(_frames(container, stream, first), None)
        if frame is None:
            where = f" from {start:g} s on" if start else ""
            raise PictureError(f"{shown(path)}: no frame can be decoded{where}")
        info = _described(container, stream, frame, begin)
    _check(info, frame, stream, path)
    return info


def clip_start(container: InputContainer, stream: VideoStream) -> Fraction:
    """Return the time at which a clip starts, in seconds: that of its first stream that begins."""
    if container.start_time is not None:
        return Fraction(container.start_time, av.time_base)
    return (stream.start_time or 0) * time_base_of(stream)


def exact(seconds: float) -> Fraction:
    """Return seconds as a fraction, to the microsecond, so that 0.2 is a fifth.

    >>> exact(0.2)
    Fraction(1, 5)
    """
    return Fraction(round(seconds * av.time_base), av.time_base)


def seek(container: InputContainer, seconds: Fraction) -> None:
    """Go to a key frame before a time; a container that cannot stays at its start."""
    if container.format.name in _WITHOUT_INDEX:  # seeking ends anywhere in there
        seconds -= _LONGEST_GROUP
        if container.start_time is None or seconds * av.time_base <= container.start_time:
            return
    try:
        container.seek(int(seconds * av.time_base))
    except (av.FFmpegError, OSError):
        return


def check_frame_size(width: int, height: int, path: Path) -> None:
    """Refuse frames that are too large.

    Raises:
        PictureError: They are.
    """
    if width * height > MAX_FRAME_PIXELS:
        limit = MAX_FRAME_PIXELS // 1_000_000
        raise PictureError(f"{shown(path)}: {width} x {height} pixels a frame; the limit is {limit} megapixels")


def _frames(container: InputContainer, stream: VideoStream, start: Fraction) -> Iterator[VideoFrame]:
    """Yield the frames that can be decoded, from a time on."""
    decoder, clock = FrameDecoder(stream), Clock.of(container)
    timed = [one for one in container.streams if one.type in CONTINUOUS] if clock.may_restart and start else [stream]
    try:
        for packet in container.demux(timed):
            clock.move(packet, packet.stream)
            if packet.stream_index != stream.index:
                continue
            try:
                frames = decoder.decode(packet if packet.size else None)
            except (av.FFmpegError, OSError, ValueError):  # damaged: the next key frame may be whole
                continue
            base = time_base_of(stream)
            yield from (one for one in frames if one.width and (one.pts is None or one.pts * base >= start))
    except (av.FFmpegError, OSError):  # the file ends here
        return


def _described(container: InputContainer, stream: VideoStream, frame: VideoFrame, begin: Fraction) -> ClipInfo:
    base = time_base_of(stream)
    side_data = side_data_of(frame).get(Type.DISPLAYMATRIX)
    aspect = stream.sample_aspect_ratio
    rate = stream.average_rate or stream.guessed_rate
    first = frame.pts if frame.pts is not None else round(begin / base)
    length = stream.duration * base if stream.duration else None
    if length is None and container.duration:
        length = Fraction(container.duration, av.time_base)
    order = int(stream.codec_context.field_order)
    return ClipInfo(
        container.format.name,
        stream.index,
        stream.codec_context.name,
        frame.width,
        frame.height,
        frame.format.name,
        Color.of(frame),
        _MATRIX.unpack(side_data[: _MATRIX.size]) if side_data is not None else None,
        frame.rotation,
        Fraction(aspect.numerator, aspect.denominator) if aspect else None,
        frame.interlaced_frame or order in _FIELDS,
        order,
        base,
        Fraction(rate.numerator, rate.denominator) if rate else None,
        first,
        None if length is None else max(0.0, float(length - (first * base - begin))),
        begin,
        stream.frames,
        HdrMetadata.of(side_data_of(frame)),
    )


def side_data_of(frame: VideoFrame) -> dict[Type, bytes]:
    """Return the side data of a frame by kind; PyAV's own container of it is no mapping in every release."""
    found: dict[Type, bytes] = {}
    every: Any = frame.side_data
    for one in every:  # the data itself, or from PyAV 19 on its kind
        data = every[one] if isinstance(one, Type) else one
        found[data.type] = bytes(data)
    return found


def _check(info: ClipInfo, frame: VideoFrame, stream: VideoStream, path: Path) -> None:
    check_frame_size(info.width, info.height, path)
    tag = "".join(stream.codec_context.codec_tag).lower()
    has_base = info.color.hdr and info.color.matrix == _BT2020 and info.color.range != FULL
    if tag in _DOLBY_TAGS or ("Dolby Vision" in info.hdr.dynamic and not has_base):
        why = "without a picture in PQ or HLG, its colors are known to Dolby's players only"
        raise PictureError(
            f"{shown(path)}: this kind of Dolby Vision is not enhanced: {why}; convert it to HDR10 first"
        )
    if not av.VideoFormat(info.pix_fmt).components or info.pix_fmt.startswith(("bayer", "xyz")):
        raise PictureError(f"{shown(path)}: its pixel format {info.pix_fmt} is not one that can be enhanced")
