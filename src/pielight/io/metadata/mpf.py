"""The index of the Multi-Picture Format (CIPA DC-007): where further pictures stand behind a JPEG."""

from __future__ import annotations

import struct
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import NamedTuple

HEAD = b"MPF\0"
GAIN_MAP = 0x050000
PREVIEWS = range(0x010001, 0x010006)  # "large thumbnails" of several sizes
VIEWS = range(0x020001, 0x020004)  # of a panorama, for two eyes, from several angles
UNDEFINED = 0
_COUNT, _ENTRIES = 0xB001, 0xB002
_ROW, _ENTRY = 12, 16
_MOST = 1000
_KIND = 0xFFFFFF


class Entry(NamedTuple):
    """A picture in the index.

    Attributes:
        attribute: What it is.
        size: Bytes of its file.
        offset: From :attr:`Index.base`; 0 for the first picture.
        dependents: Numbers, from 1 on, of up to two pictures that belong to it; 0 for none.
    """

    attribute: int
    size: int
    offset: int
    dependents: tuple[int, int]

    @property
    def kind(self) -> int:
        """One of the kinds above, or another."""
        return self.attribute & _KIND


@dataclass(frozen=True)
class Index:
    """The index as it stands in its segment.

    Attributes:
        content: Of the segment; offsets are counted from behind its head.
        order: Of bytes.
        rows: Where it says how many pictures there are, and where their entries stand.
        entries: Of all pictures, the first one too.
    """

    content: bytes
    order: str
    rows: tuple[int, int]
    entries: tuple[Entry, ...]

    def with_entries(self, entries: tuple[Entry, ...]) -> Index:
        """Return an index of the same length with no more pictures than now."""
        content = bytearray(self.content)
        (place,) = struct.unpack_from(self.order + "L", content, self.rows[1] + 8)
        place += len(HEAD)
        coded = b"".join(
            struct.pack(self.order + "3L2H", entry.attribute, entry.size, entry.offset, *entry.dependents)
            for entry in entries
        )
        content[place : place + _ENTRY * len(self.entries)] = coded.ljust(_ENTRY * len(self.entries), b"\0")
        struct.pack_into(self.order + "L", content, self.rows[0] + 8, len(entries))
        struct.pack_into(self.order + "L", content, self.rows[1] + 4, len(coded))
        return replace(self, content=bytes(content), entries=entries)

    def without(self, numbers: Collection[int]) -> Index:
        """Return an index without some pictures, counted from 0."""
        kept = [number for number in range(len(self.entries)) if number not in numbers]
        renamed = {old + 1: new + 1 for new, old in enumerate(kept)}
        entries = []
        for number in kept:
            one, two = self.entries[number].dependents
            entries.append(self.entries[number]._replace(dependents=(renamed.get(one, 0), renamed.get(two, 0))))
        return self.with_entries(tuple(entries))


def read_index(content: bytes) -> Index | None:
    """Read the index in the content of a segment.

    Returns:
        None if it holds no index, as in a picture that is no file's first, or a damaged one.

    >>> read_index(b"MPF\\0II*\\0") is None
    True
    """
    order = {b"II": "<", b"MM": ">"}.get(content[4:6])
    if order is None:
        return None
    try:
        start = len(HEAD) + struct.unpack_from(order + "L", content, 8)[0]
        (count,) = struct.unpack_from(order + "H", content, start)
        rows = {}
        for row in range(start + 2, start + 2 + _ROW * count, _ROW):
            rows[struct.unpack_from(order + "H", content, row)[0]] = row
        (number,) = struct.unpack_from(order + "L", content, rows[_COUNT] + 8)
        size, place = struct.unpack_from(order + "2L", content, rows[_ENTRIES] + 4)
        if not 0 < number <= _MOST or size != _ENTRY * number:
            return None
        found = [struct.unpack_from(order + "3L2H", content, len(HEAD) + place + _ENTRY * at) for at in range(number)]
    except (struct.error, KeyError):
        return None
    entries = tuple(Entry(attribute, size, offset, (one, two)) for attribute, size, offset, one, two in found)
    return Index(content, order, (rows[_COUNT], rows[_ENTRIES]), entries)
