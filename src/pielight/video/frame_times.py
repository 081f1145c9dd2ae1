"""The times of frames around an encoder, which sees them as evenly spaced and gives them back out of order."""

from __future__ import annotations

from collections import deque
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from av.packet import Packet
    from av.video.frame import VideoFrame


class _Time(NamedTuple):
    pts: int
    duration: int


class FrameTimes:
    """Numbers the frames that go into an encoder, and gives its packets the times of the frames.

    Encoders write their time base into the stream, where it passes for the frame rate, and some take none as fine as
    that of phones; so they get numbers for times, at the average rate, and the true times come back afterwards.

    Args:
        rate: Frames per second that the encoder is told.
        time_base: Of the true times, in seconds.
        shift: Subtracted from every time, in units of the time base.

    >>> times = FrameTimes(Fraction(25), Fraction(1, 1000), 100)
    >>> times.at(0), times.step
    (None, 40)
    """

    def __init__(self, rate: Fraction, time_base: Fraction, shift: int = 0) -> None:
        self.step = max(1, round(1 / rate / time_base))
        self._rate, self._base, self._shift = rate, time_base, shift
        self._times: deque[_Time] = deque()
        self._first = 0  # number of the oldest frame that is known
        self._start: int | None = None

    def number(self, frame: VideoFrame) -> None:
        """Give a frame its number in place of its time."""
        pts = (frame.pts or 0) - self._shift
        self._start = pts if self._start is None else self._start
        number = self._first + len(self._times)
        self._times.append(_Time(pts, frame.duration))
        frame.pts, frame.duration, frame.time_base = number, 1, 1 / self._rate

    def restore(self, packet: Packet[Any]) -> None:
        """Give a packet the times of its frame; it is decoded when the frame with the number of its dts is shown."""
        pts, dts = packet.pts, packet.dts
        shown = None if pts is None else self.at(pts)
        if shown is not None:
            packet.pts, packet.duration = shown.pts, shown.duration
        if dts is not None:
            before = self.at(dts)
            packet.dts = before.pts if before is not None else (self._start or 0) + (dts * self.step if dts < 0 else 0)
            while self._times and self._first < dts - 1:  # no later packet has an earlier one
                self._times.popleft()
                self._first += 1
        packet.time_base = self._base

    def at(self, number: int) -> _Time | None:
        """Return the time of a frame by its number; None if it is none of those that are known."""
        place = number - self._first
        return self._times[place] if 0 <= place < len(self._times) else None
