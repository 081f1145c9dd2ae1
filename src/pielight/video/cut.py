"""The part of a clip that is taken, and the shift of its times."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from pielight.video.options import VideoOptions
from pielight.video.probe import ClipInfo, exact


@dataclass(frozen=True)
class Cut:
    """The part of a clip that is taken, in seconds of the file's own time.

    Attributes:
        start: First time that is taken; None from the beginning.
        end: First time that is not taken any more; None to the end.
        shift: What is subtracted from every time, so that the part starts when the clip did.

    >>> cut = Cut(Fraction(2), Fraction(5), Fraction(2))
    >>> cut.takes(Fraction(3, 2)), cut.takes(Fraction(3, 2), Fraction(1)), cut.ticks(Fraction(1, 90000))
    (False, True, 180000)
    """

    start: Fraction | None = None
    end: Fraction | None = None
    shift: Fraction = Fraction(0)

    @classmethod
    def of(cls, info: ClipInfo, options: VideoOptions) -> Cut:
        """Return the part that options ask for; it starts with a whole frame."""
        end = None if options.end is None else info.begin + exact(options.end)
        if not options.start:
            return cls(end=end)
        first = info.first * info.time_base
        return cls(first, end, first - info.begin)

    def takes(self, time: Fraction, duration: Fraction = Fraction(0)) -> bool:
        """Return whether a packet or frame is taken; what lasts beyond the start is."""
        is_late = self.start is not None and time < self.start and time + duration <= self.start
        return not is_late and not self.is_past(time)

    def is_past(self, time: Fraction) -> bool:
        """Return whether a time is beyond the end."""
        return self.end is not None and time >= self.end

    def ticks(self, time_base: Fraction) -> int:
        """Return the shift in units of a stream's time, to the nearest one."""
        return round(self.shift / time_base)
