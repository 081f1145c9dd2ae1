"""Results of methods that enhance the frames of a film one after the other, and remember."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from pielight.core.messages import shown
from pielight.evaluation.datasets.film import frame_rate, frames_of
from pielight.evaluation.datasets.frame_cursor import FrameCursor, Frames
from pielight.evaluation.methods.spec import OpenStream
from pielight.io.load_rgb import Pixels


class StreamResults:
    """Gives the results of a method by film and frame; of one film at a time, fast in rising order.

    Args:
        open_stream: Takes frames per second; returns a function that enhances the frames of one film in order.
    """

    def __init__(self, open_stream: OpenStream) -> None:
        self._open_stream = open_stream
        self._film: Path | None = None
        self._cursor: FrameCursor | None = None

    def at(self, film: Path, number: int) -> Pixels:
        """Return the result of a frame by its number, from 0; PictureError if the film cannot be read up to there."""
        if self._cursor is None or film != self._film:
            self._film, self._cursor = film, FrameCursor(partial(_results, self._open_stream, film), shown(film))
        return self._cursor.at(number)


def _results(open_stream: OpenStream, film: Path) -> Frames:
    enhance = open_stream(frame_rate(film))
    for frame in frames_of(film):
        yield enhance(frame)
