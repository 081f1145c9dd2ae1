"""Frames by number, read in order."""

from __future__ import annotations

import numpy as np
import pytest

from pielight.errors import PictureError
from pielight.evaluation.datasets.frame_cursor import FrameCursor, Frames


class Source:
    """Counts what is read of ten frames; the one called damaged cannot be."""

    def __init__(self, damaged: int | None = None) -> None:
        self.read: list[int] = []
        self.damaged = damaged
        self.closed = 0

    def __call__(self) -> Frames:
        try:
            for number in range(10):
                if number == self.damaged:
                    raise PictureError("damaged")
                self.read.append(number)
                yield np.full((1, 1, 3), number, np.uint8)
        finally:
            self.closed += 1


def test_each_frame_is_read_once_in_rising_order() -> None:
    source = Source()
    cursor = FrameCursor(source, "clip")
    assert [int(cursor.at(number)[0, 0, 0]) for number in (0, 1, 0, 2, 4, 3, 2, 7)] == [0, 1, 0, 2, 4, 3, 2, 7]
    assert source.read == list(range(8))


def test_an_earlier_frame_is_read_anew() -> None:
    source = Source()
    cursor = FrameCursor(source, "clip")
    assert [int(cursor.at(number)[0, 0, 0]) for number in (5, 1)] == [5, 1]
    assert source.read == [0, 1, 2, 3, 4, 5, 0, 1]


def test_a_frame_that_is_not_there() -> None:
    cursor = FrameCursor(Source(), "clip")
    with pytest.raises(PictureError, match="clip: no frame 11"):
        cursor.at(10)
    assert cursor.at(9)[0, 0, 0] == 9


def test_a_damaged_frame_is_told_each_time() -> None:
    cursor = FrameCursor(Source(damaged=3), "clip")
    for number in (3, 4):
        with pytest.raises(PictureError, match="damaged"):
            cursor.at(number)
    assert cursor.at(2)[0, 0, 0] == 2


def test_what_reads_is_closed_before_it_is_opened_again_and_with_the_cursor() -> None:
    source = Source()
    cursor = FrameCursor(source, "clip")
    for number, closed in ((3, 0), (0, 1), (9, 1)):
        cursor.at(number)
        assert source.closed == closed
    del cursor
    assert source.closed == 2
