"""Frames by their numbers, of what can only be read in order, such as a clip's file."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from weakref import finalize

from pielight.errors import PictureError
from pielight.io.load_rgb import Pixels

Frames = Generator[Pixels, None, None]
_KEPT = 3  # frames: metrics of a sequence look back


class FrameCursor:
    """Gives the frames of a sequence by their numbers, fast in rising order; the last three are in memory.

    Args:
        start: Returns a generator of the frames, from the first on; called again where an earlier frame is asked for.
        name: Of the sequence, for errors.

    >>> import numpy as np
    >>> cursor = FrameCursor(lambda: (np.full((1, 1, 3), 10 * number, np.uint8) for number in range(9)), "clip.mp4")
    >>> [int(cursor.at(number).max()) for number in (1, 5, 4, 0)]
    [10, 50, 40, 0]
    """

    def __init__(self, start: Callable[[], Frames], name: str) -> None:
        self._start, self._name = start, name
        self._close: Callable[[], object] = lambda: None
        self._rewind()

    def at(self, number: int) -> Pixels:
        """Return a frame by its number, from 0.

        Raises:
            PictureError: There is none, or it cannot be made.
        """
        if number < self._next - len(self._last):
            self._rewind()
        try:
            while self._next <= number:
                self._last.append(next(self._frames))
                self._next += 1
        except StopIteration:
            self._rewind()
            raise PictureError(f"{self._name}: no frame {number + 1}") from None
        except PictureError:
            self._rewind()
            raise
        return self._last[number - self._next]

    def _rewind(self) -> None:
        self._close()
        self._frames, self._next = self._start(), 0
        self._close = finalize(self, self._frames.close)  # before the interpreter ends, too: a decoder is open
        self._last: deque[Pixels] = deque(maxlen=_KEPT)
