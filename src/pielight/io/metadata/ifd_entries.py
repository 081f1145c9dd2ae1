"""Reader of the entries of image file directories (IFDs) in TIFF, BigTIFF and EXIF."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from pielight.io.file_view import Source
from pielight.io.metadata.tiff_tags import VALUE_SIZES, Type

TIFF_MAGIC = (b"II*\0", b"MM\0*")
_ORDERS = {b"II": "<", b"MM": ">"}
_BIG = (b"+\0", b"\0+")
_WHOLE_NUMBERS = {Type.BYTE: "B", Type.SHORT: "H", Type.LONG: "L", Type.IFD: "L"}
_POINTERS = {Type.LONG: "L", Type.IFD: "L", Type.LONG8: "Q", Type.IFD8: "Q"}


@dataclass(frozen=True)
class TiffHeader:
    """How numbers are coded in a TIFF."""

    order: str  # byte order, < or >
    is_big: bool = False  # whether it is a BigTIFF, whose offsets and counts are wider

    @property
    def offset(self) -> struct.Struct:
        """The offset of a directory or of values."""
        return struct.Struct(self.order + ("Q" if self.is_big else "L"))

    @property
    def first(self) -> int:
        """Position of the offset of the first directory."""
        return 8 if self.is_big else 4

    @property
    def count(self) -> struct.Struct:
        """The number of entries at the start of a directory."""
        return struct.Struct(self.order + ("Q" if self.is_big else "H"))

    @property
    def entry(self) -> struct.Struct:
        """An entry: tag, type, number of values, and these or their offset."""
        return struct.Struct(self.order + ("HHQ8s" if self.is_big else "HHL4s"))

    def offset_at(self, data: Source, position: int) -> int:
        """Return the offset of a directory at a position; 0, which means none, beyond the end of the data."""
        field = data[position : position + self.offset.size]
        return int(self.offset.unpack(field)[0]) if len(field) == self.offset.size else 0

    def first_offset(self, data: Source) -> int:
        """Return the offset of the first directory; 0 if there is none."""
        return self.offset_at(data, self.first)


class RawEntry(NamedTuple):
    """An entry in a file."""

    header: TiffHeader  # of the file
    position: int  # of the entry in the file
    tag: int  # meaning of the values as TIFF numbers it
    kind: int  # type of the values as TIFF numbers it
    number: int  # number of values
    field: bytes  # the values, if they fit in here, or else their offset

    @property
    def length(self) -> int:
        """Bytes of all values; 0 of an unknown type."""
        return self.number * VALUE_SIZES.get(self.kind, 0)

    @property
    def is_inline(self) -> bool:
        """Whether the values are in the entry itself."""
        return self.length <= len(self.field)

    @property
    def field_position(self) -> int:
        """Position of the field in the file."""
        return self.position + self.header.entry.size - len(self.field)

    @property
    def offset(self) -> int:
        """The field as an offset."""
        return int(self.header.offset.unpack(self.field)[0])

    @property
    def pointer(self) -> int | None:
        """The offset of a directory that the entry points to; None if its type cannot point."""
        pointer = struct.Struct(self.header.order + _POINTERS.get(self.kind, "x"))
        is_pointer = self.kind in _POINTERS and pointer.size <= len(self.field)
        return int(pointer.unpack_from(self.field)[0]) if is_pointer else None

    def content(self, data: Source) -> bytes:
        """Return the bytes of all values; fewer if they lie beyond the end of the data."""
        if self.is_inline:
            return self.field[: self.length]
        return bytes(data[self.offset : self.offset + self.length])

    def numbers(self, data: Source) -> tuple[int, ...]:
        """Return the values of unsigned whole numbers; none of another type.

        Raises:
            struct.error: They lie beyond the end of the data.
        """
        return unpack_numbers(self.header.order, self.kind, self.number, self.content(data))


def unpack_numbers(order: str, kind: int, count: int, content: bytes) -> tuple[int, ...]:
    """Return unsigned whole numbers of a type; none of any other type.

    Raises:
        struct.error: There are fewer or more bytes than so many values have.
    """
    return struct.unpack(f"{order}{count}{_WHOLE_NUMBERS[kind]}", content) if kind in _WHOLE_NUMBERS else ()


def read_header(data: Source) -> TiffHeader | None:
    """Return the header of data that begin as TIFF does, whatever their third and fourth byte; else None.

    >>> read_header(b"MM\\0*"), read_header(b"GIF8")
    (TiffHeader(order='>', is_big=False), None)
    """
    order = _ORDERS.get(bytes(data[:2]))
    return None if order is None else TiffHeader(order, bytes(data[2:4]) in _BIG)


def read_entries(data: Source, offset: int, header: TiffHeader, most: int = 65_535) -> tuple[Iterator[RawEntry], int]:
    """Read the entries of a directory.

    Args:
        most: Entries that are read.

    Returns:
        Those that are complete, and the position of the next directory's offset, which may be beyond the end.

    Raises:
        struct.error: There is no directory.

    >>> entries, link = read_entries(bytes.fromhex("0001 0112 0003 00000001 0006 0000 00000000"), 0, TiffHeader(">"))
    >>> [(entry.tag, entry.numbers(b"")) for entry in entries], link
    ([(274, (6,))], 14)
    """
    size, start = header.entry.size, offset + header.count.size
    (count,) = header.count.unpack(data[offset:start])
    there = min(count, most, max(0, len(data) - start) // size)
    fields = header.entry.iter_unpack(data[start : start + there * size])
    entries = (RawEntry(header, start + index * size, *entry) for index, entry in enumerate(fields))
    return entries, start + count * size
