"""The rows of a TIFF's directories as they stand in a file, of which BigTIFF has wider ones."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from pielight.io.codecs.jpeg.segments import Source

Row = tuple[int, int, int, bytes]  # tag, type, number of values, and these or their place
_ORDERS = {b"II": "<", b"MM": ">"}
_BIG = (b"+\0", b"\0+")


@dataclass(frozen=True)
class Coding:
    """How numbers stand in a TIFF.

    Attributes:
        order: Of bytes, ``<`` or ``>``.
        is_big: Whether it is a BigTIFF.
    """

    order: str
    is_big: bool = False

    @property
    def place(self) -> struct.Struct:
        """The place of a directory or of values."""
        return struct.Struct(self.order + ("Q" if self.is_big else "L"))

    @property
    def first(self) -> int:
        """Where the place of the first directory stands."""
        return 8 if self.is_big else 4

    @property
    def count(self) -> struct.Struct:
        """The number of rows at the start of a directory."""
        return struct.Struct(self.order + ("Q" if self.is_big else "H"))

    @property
    def row(self) -> struct.Struct:
        """A row."""
        return struct.Struct(self.order + ("HHQ8s" if self.is_big else "HHL4s"))


def coding_of(data: Source) -> Coding | None:
    """Return how numbers stand in a file that begins as TIFF does, whatever its third and fourth byte; else None.

    >>> coding_of(b"MM\\0*"), coding_of(b"GIF8")
    (Coding(order='>', is_big=False), None)
    """
    order = _ORDERS.get(data[:2])
    return None if order is None else Coding(order, data[2:4] in _BIG)


def place_at(data: Source, place: int, coding: Coding) -> int:
    """Return the place of a directory that is told at a place; 0, which is none, if nothing is there."""
    told = data[place : place + coding.place.size]
    return int(coding.place.unpack(told)[0]) if len(told) == coding.place.size else 0


def read_rows(data: Source, place: int, coding: Coding, most: int = 65_535) -> tuple[Iterator[Row], int]:
    """Read the rows of a directory.

    Args:
        data: The whole file.
        place: Where the directory stands.
        coding: Of the file.
        most: Rows that are read.

    Returns:
        Those that are there, and where the place of the next directory stands, which may be behind the file's end.

    Raises:
        struct.error: There is no directory.
        OverflowError: The place is absurd.
    """
    (count,) = coding.count.unpack_from(data, place)
    start = place + coding.count.size
    there = min(count, most, max(0, len(data) - start) // coding.row.size)
    rows = coding.row.iter_unpack(data[start : start + there * coding.row.size])
    return rows, start + count * coding.row.size
