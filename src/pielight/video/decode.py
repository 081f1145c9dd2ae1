"""The packets and frames of a clip in order; what is damaged is left out and counted."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
from av.packet import Packet
from av.stream import Stream
from av.video.frame import VideoFrame

from pielight.core.messages import counted, few
from pielight.video.clock import CONTINUOUS, Clock
from pielight.video.cut import Cut
from pielight.video.decoder import FrameDecoder
from pielight.video.open_clip import reason, time_base_of
from pielight.video.probe import ClipInfo, check_frame_size, seek

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

_CATCH_UP = 4  # times as fast as usual, frames whose time went back come to where it goes on


@dataclass
class Faults:
    """What could not be read of a clip as it should be.

    Attributes:
        packets: Packets of the video that cannot be decoded.
        frames: Frames that are damaged.
        unordered: Frames whose time goes back, and that get one soon after the frame before.
        restarts: How often the clock starts anew; times go on there.
        sizes: Other sizes and pixel formats than those of the first frame.
        broken: Why the file cannot be read any further; empty if it ends.
        lost: Frames that the index promises and that are not there.
    """

    packets: int = 0
    frames: int = 0
    unordered: int = 0
    restarts: int = 0
    sizes: list[str] = field(default_factory=list)
    broken: str = ""
    lost: int = 0

    def notes(self, info: ClipInfo) -> list[str]:
        """Say what happened, in phrases.

        >>> Faults(packets=2, lost=3).notes(None)
        ['2 damaged packets of the video', '3 frames are missing at the end or in between']
        """
        found = []
        if self.packets:
            found.append(f"{counted(self.packets, 'damaged packet')} of the video")
        if self.frames:
            found.append(counted(self.frames, "damaged frame"))
        if self.unordered:
            found.append(f"{counted(self.unordered, 'frame')} without an order in time, moved behind the one before")
        if self.restarts:
            found.append(f"{counted(self.restarts, 'restart')} of the clock, where times go on")
        if self.sizes:
            found.append(f"changes to {few(self.sizes)}, scaled to {info.width} x {info.height} {info.pix_fmt}")
        if self.broken:
            found.append(f"damaged: {self.broken}")
        if self.lost > 0:
            verb = "is" if self.lost == 1 else "are"
            found.append(f"{counted(self.lost, 'frame')} {verb} missing at the end or in between")
        return found


class ClipReader:
    """Reads a clip once: frames of its main video, and the packets of streams that are copied.

    Args:
        container: Open, and read by nobody else.
        path: Its file, for errors.
        info: What :func:`~pielight.video.probe.probe` found.
        copied: Indexes of the streams that are copied.
        cut: The part that is taken.
        threads: Threads of the decoder; 0 is as many as there are cores.
    """

    def __init__(
        self,
        container: InputContainer,
        path: Path,
        info: ClipInfo,
        copied: Collection[int],
        cut: Cut,
        threads: int = 0,
    ) -> None:
        self.faults = Faults()
        self._container, self._path, self._info, self._cut = container, path, info, cut
        video: VideoStream = container.streams[info.stream]  # type: ignore[assignment]
        self._streams = [one for one in container.streams if one.index in copied or one.index == info.stream]
        self._decoder, self._clock = FrameDecoder(video, threads), Clock.of(container)
        self._last: int | None = None
        self._count = 0
        self._discarded = 0

    def __iter__(self) -> Iterator[Packet[Any] | VideoFrame]:
        """Yield packets and frames.

        Raises:
            PictureError: A frame is too large.
        """
        if self._cut.start is not None:
            seek(self._container, self._cut.start)
        going = {one.index for one in self._streams if one.type in CONTINUOUS and not one.disposition & 0x400}
        try:
            for packet in self._container.demux(self._streams):
                stream, is_video = packet.stream, packet.stream_index == self._info.stream
                self._clock.move(packet, stream)
                if is_video:
                    yield from self._decoded(packet)
                elif packet.size and self._takes(packet, stream):
                    yield packet
                if self._cut.end is not None and self._cut.is_past(_time(packet, stream, self._cut.end)):
                    going.discard(packet.stream_index)
                    if not going:
                        yield from self._decoded(None)
                        break
        except (av.FFmpegError, OSError) as error:
            self.faults.broken = reason(error)
            yield from self._decoded(None)
        self.faults.restarts = self._clock.restarts
        # Other containers count units of time, or nothing.
        if self._cut.start is None and self._cut.end is None and self._info.container.startswith("mov"):
            self.faults.lost = self._info.counted - self._count - self._discarded

    def _takes(self, packet: Packet[Any], stream: Stream) -> bool:
        if self._cut.start is None and self._cut.end is None:
            return True
        base = time_base_of(stream)
        lasts = (packet.duration or 0) * base if stream.type == "subtitle" else Fraction(0)
        return self._cut.takes(_time(packet, stream, Fraction(0)), lasts)

    def _decoded(self, packet: Packet[Any] | None) -> Iterator[VideoFrame]:
        """Yield the frames of a packet, or those that the decoder still holds."""
        if packet is not None and packet.size:
            self._discarded += packet.is_discard
            self.faults.packets += packet.is_corrupt
        is_end = packet is None or not packet.size
        try:
            frames = self._decoder.decode(None if is_end else packet)
        except EOFError:  # flushed before
            return
        except (av.FFmpegError, OSError, ValueError):  # damaged: the next one may be whole
            self.faults.packets += not (packet is not None and packet.is_corrupt)
            return
        for frame in frames:
            ready = self._checked(frame)
            if ready is not None:
                yield ready

    def _checked(self, frame: VideoFrame) -> VideoFrame | None:
        """Return a frame with a time that grows, of the size of the first one; None if it is not taken."""
        info = self._info
        if not frame.width or not frame.height:
            return None
        self.faults.frames += frame.is_corrupt
        if frame.pts is None:
            frame.pts = info.first if self._last is None else self._last + self._usual()
        time = frame.pts * info.time_base
        if not self._cut.takes(time):
            return None
        if self._last is not None and frame.pts <= self._last:
            self.faults.unordered += 1
            frame.pts = self._last + max(1, self._usual() // _CATCH_UP)
        self._last = frame.pts
        self._count += 1
        frame.time_base = info.time_base
        return self._fitted(frame)

    def _fitted(self, frame: VideoFrame) -> VideoFrame:
        info = self._info
        if (frame.width, frame.height, frame.format.name) == (info.width, info.height, info.pix_fmt):
            return frame
        check_frame_size(frame.width, frame.height, self._path)
        text = f"{frame.width} x {frame.height} {frame.format.name}"
        if text not in self.faults.sizes:
            self.faults.sizes.append(text)
        color = (frame.color_primaries, frame.color_trc, frame.colorspace, frame.color_range)
        fitted = frame.reformat(info.width, info.height, info.pix_fmt)
        fitted.color_primaries, fitted.color_trc, fitted.colorspace, fitted.color_range = color
        return fitted

    def _usual(self) -> int:
        """Return the duration of a frame by the average rate, in units of time."""
        rate = self._info.rate or 25
        return max(1, round(1 / (rate * self._info.time_base)))


def _time(packet: Packet[Any], stream: Stream, unknown: Fraction) -> Fraction:
    """Return the time at which a packet is decoded, in seconds; that of the end of a stream is unknown."""
    ticks = packet.dts if packet.dts is not None else packet.pts
    return unknown if ticks is None else ticks * time_base_of(stream)
