"""The clock of a clip that restarts in between, as of transport streams that were joined: times go on."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from pielight.video.open_clip import time_base_of

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream

CONTINUOUS = ("audio", "video")  # kinds of streams that have a packet for every moment
_RESTARTING = ("mpegts", "mpeg", "ogg")  # containers whose clock may restart
_BACK = Fraction(1, 10)  # seconds by which times of decoding go back at a restart
_WRAPPED = Fraction(1 << 32, 90000)  # seconds by which they jump ahead where FFmpeg takes a restart for an overflow


@dataclass
class _State:
    part: int = 0
    last: Fraction | None = None  # time of decoding of the last packet, in the file


class Clock:
    """Moves the packets behind a restart of the clock to where those before it end, those of all streams alike.

    Each stream comes to the next part by itself, since the last packets of a part may come after the first of the next.

    Args:
        restarts: Whether the container is one of those whose clock may restart.

    >>> clock = Clock()
    >>> [float(clock.offset_at(0, Fraction(time), Fraction(1))) for time in (5, 6, 5, 6)]
    [0.0, 0.0, 2.0, 2.0]
    """

    def __init__(self, restarts: bool = True) -> None:
        self.may_restart = restarts
        self._offsets = [Fraction(0)]  # of the parts, in seconds
        self._states: dict[int, _State] = {}  # of streams, by index
        self._end: Fraction | None = None  # of what has come, in the time of the result

    @classmethod
    def of(cls, container: InputContainer) -> Clock:
        """Return the clock of a clip."""
        return cls(container.format.name in _RESTARTING)

    @property
    def restarts(self) -> int:
        """How often the clock has restarted."""
        return len(self._offsets) - 1

    def move(self, packet: Packet[Any], stream: Stream) -> None:
        """Move a packet, if it comes after a restart."""
        if not self.may_restart:
            return
        base = time_base_of(stream)
        if stream.type in CONTINUOUS and packet.dts is not None:
            offset = self.offset_at(stream.index, packet.dts * base, (packet.duration or 0) * base)
        else:  # times of presentation go back and forth
            state = self._states.get(stream.index)
            offset = self._offsets[-1 if state is None else state.part]
        moved = round(offset / base)
        if moved and packet.pts is not None:
            packet.pts += moved
        if moved and packet.dts is not None:
            packet.dts += moved

    def offset_at(self, stream: int, time: Fraction, duration: Fraction) -> Fraction:
        """Return what is added to the times of a packet of a continuous stream, in seconds.

        Args:
            stream: Its index.
            time: At which it is decoded.
            duration: Of it.
        """
        state = self._states.setdefault(stream, _State(self.restarts))
        if state.last is not None and not -_BACK < time - state.last < _WRAPPED:
            state.part += 1
            if state.part == len(self._offsets):
                self._offsets.append((self._end or time) - time)
        state.last = time
        offset = self._offsets[state.part]
        end = time + duration + offset
        self._end = end if self._end is None else max(self._end, end)
        return offset
