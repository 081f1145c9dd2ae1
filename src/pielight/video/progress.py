"""How far the work on a clip is, and its end before time."""

from __future__ import annotations

from dataclasses import dataclass

from pielight.core.progress import duration
from pielight.errors import PielightError


class ClipStopped(PielightError):
    """The work on a clip was stopped on demand; nothing was written."""


@dataclass(frozen=True)
class ClipProgress:
    """How far the work on a clip is.

    Attributes:
        frames: Frames written.
        total: Frames in all, as far as the file tells; None if it does not.
        seconds: Since the beginning.
        bytes: Size of the result so far.

    >>> str(ClipProgress(50, 200, 2.0, 3_000_000))
    '50 of 200 frames, 25 fps, 6 s left, 3.0 MB'
    """

    frames: int
    total: int | None
    seconds: float
    bytes: int

    @property
    def fps(self) -> float:
        """Frames per second."""
        return self.frames / self.seconds if self.seconds > 0 else 0.0

    @property
    def left(self) -> float | None:
        """Seconds that the rest will take; None if that is not known."""
        if not self.total or not self.frames:
            return None
        return max(0.0, (self.total - self.frames) / self.fps) if self.fps else None

    def __str__(self) -> str:
        of = f" of {self.total}" if self.total and self.total >= self.frames else ""
        left = "" if self.left is None else f", {duration(self.left)} left"
        return f"{self.frames}{of} frames, {self.fps:.3g} fps{left}, {self.bytes / 1e6:.1f} MB"
