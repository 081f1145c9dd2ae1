"""The decoder of a clip's video: FFmpeg's choice, but one that knows opacity where a stream has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from av.codec.context import CodecContext
from av.video.codeccontext import VideoCodecContext

from pielight.video.color import UNKNOWN, UNSPECIFIED

if TYPE_CHECKING:
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

_WITH_ALPHA = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
_WITHOUT_PTS = ("avi",)  # containers that store when packets are decoded, and not when frames are shown


class FrameDecoder:
    """Decodes the packets of a stream.

    Frames of a container that stores no times of presentation get those of decoding, in order: FFmpeg's guess goes back
    and forth where frames depend on later ones.

    Args:
        stream: The video.
        threads: Threads; 0 is as many as there are cores, and 1 decodes no frame ahead.
    """

    def __init__(self, stream: VideoStream, threads: int = 1) -> None:
        self._stream, self._other = stream, _decoder_with_alpha(stream)
        self._by_decoding = stream.container.format.name in _WITHOUT_PTS
        self._key: int | None = None  # time of decoding of the last key frame
        self._delay: int | None = None  # from a frame's packet to the one with which it comes
        self._last: int | None = None
        self._step = 1
        decoder = self._other or stream.codec_context
        decoder.thread_type = "AUTO" if threads != 1 else "SLICE"
        decoder.thread_count = threads

    def decode(self, packet: Packet[Any] | None) -> list[VideoFrame]:
        """Decode a packet, or return the frames that are left if it is None.

        Raises:
            FFmpegError: The packet is damaged.
            EOFError: Everything has been returned before.
        """
        if packet is not None and packet.is_keyframe and packet.dts is not None:
            self._key = packet.dts
        frames = self._stream.decode(packet) if self._other is None else self._other.decode(packet)
        for frame in frames:
            if self._other is not None:
                self._tag(frame)
            if self._by_decoding:
                self._time(frame)
        return frames

    def _time(self, frame: VideoFrame) -> None:
        """Give a frame its time by the order of frames: that at which a packet was due, from the key frame on."""
        start = self._key or 0
        if self._delay is None:
            self._delay = 0 if frame.dts is None else max(0, frame.dts - start)
        time = frame.dts - self._delay if frame.dts is not None else None
        if self._last is None:
            time = start if time is None else time
        else:  # the last frames come without a packet, and go on evenly
            time = self._last + self._step if time is None else time
            self._step = max(1, time - self._last)
        self._last = frame.pts = time

    def _tag(self, frame: VideoFrame) -> None:
        """Tag a frame with the color that the container tells, which another decoder does not see."""
        told = self._stream.codec_context
        for name, unknown in (("color_primaries", UNKNOWN), ("color_trc", UNKNOWN), ("colorspace", UNKNOWN),
                              ("color_range", UNSPECIFIED)):  # fmt: skip
            if int(getattr(frame, name)) == unknown:
                setattr(frame, name, int(getattr(told, name)))


def _decoder_with_alpha(stream: VideoStream) -> VideoCodecContext | None:
    """Return the decoder of a WebM with opacity, which lies in blocks beside the frames."""
    name = _WITH_ALPHA.get(stream.codec_context.name)
    if name is None or stream.metadata.get("alpha_mode", stream.metadata.get("ALPHA_MODE")) != "1":
        return None
    try:
        decoder = CodecContext.create(name, "r")
    except ValueError:  # not among the libraries that are installed
        return None
    return decoder if isinstance(decoder, VideoCodecContext) else None
