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


class FrameDecoder:
    """Decodes the packets of a stream.

    Args:
        stream: The video.
        threads: Threads; 0 is as many as there are cores, and 1 decodes no frame ahead.
    """

    def __init__(self, stream: VideoStream, threads: int = 1) -> None:
        self._stream, self._other = stream, _decoder_with_alpha(stream)
        decoder = self._other or stream.codec_context
        decoder.thread_type = "AUTO" if threads != 1 else "SLICE"
        decoder.thread_count = threads

    def decode(self, packet: Packet[Any] | None) -> list[VideoFrame]:
        """Decode a packet, or return the frames that are left if it is None.

        Raises:
            FFmpegError: The packet is damaged.
            EOFError: Everything has been returned before.
        """
        if self._other is None:
            return self._stream.decode(packet)
        frames = self._other.decode(packet)
        for frame in frames:
            self._tag(frame)
        return frames

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
