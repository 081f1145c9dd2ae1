"""The index of the Multi-Picture Format (CIPA DC-007), which lists further pictures appended to a JPEG."""

from __future__ import annotations

import struct
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import NamedTuple

from pielight.io.metadata.ifd_entries import read_entries, read_header

HEAD = b"MPF\0"
GAIN_MAP = 0x050000
PREVIEWS = range(0x010001, 0x010006)  # "large thumbnails" of several sizes
VIEWS = range(0x020001, 0x020004)  # of a panorama, a stereo pair, several angles
UNDEFINED = 0
_COUNT, _ENTRIES = 0xB001, 0xB002
_ENTRY = 16  # bytes
_MAX_PICTURES = 1000
_KIND = 0xFFFFFF


class Entry(NamedTuple):
    """A picture in the index."""

    attribute: int  # its type and flags
    size: int  # bytes of its file
    offset: int  # from the end of the segment's head; 0 for the first picture
    dependents: tuple[int, int]  # numbers, from 1 on, of up to two pictures that belong to it; 0 for none

    @property
    def kind(self) -> int:
        """Its type, one of those above or another."""
        return self.attribute & _KIND


@dataclass(frozen=True)
class Index:
    """The index in its segment."""

    content: bytes  # of the segment; offsets count from after its head
    order: str  # byte order, < or >
    fields: tuple[int, int]  # positions of the number of pictures and of the offset of their entries
    entries: tuple[Entry, ...]  # of all pictures, the first one too

    def with_entries(self, entries: tuple[Entry, ...]) -> Index:
        """Return an index of the same length with no more pictures than now."""
        content = bytearray(self.content)
        (offset,) = struct.unpack_from(self.order + "L", content, self.fields[1])
        start, size = len(HEAD) + offset, _ENTRY * len(self.entries)
        coded = b"".join(
            struct.pack(self.order + "3L2H", entry.attribute, entry.size, entry.offset, *entry.dependents)
            for entry in entries
        )
        content[start : start + size] = coded.ljust(size, b"\0")
        struct.pack_into(self.order + "L", content, self.fields[0], len(entries))
        struct.pack_into(self.order + "L", content, self.fields[1] - 4, len(coded))
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
        None if it holds no index, as in further pictures of a file, or a damaged one.

    >>> read_index(b"MPF\\0II*\\0") is None
    True
    """
    data = content[len(HEAD) :]
    header = read_header(data)
    if header is None or header.is_big:
        return None
    try:
        rows = {entry.tag: entry for entry in read_entries(data, header.first_offset(data), header)[0]}
        count, index = rows[_COUNT], rows[_ENTRIES]
        if not 0 < count.offset <= _MAX_PICTURES or index.number != _ENTRY * count.offset:
            return None
        offsets = range(index.offset, index.offset + index.number, _ENTRY)
        fields = [struct.unpack_from(header.order + "3L2H", data, offset) for offset in offsets]
    except (struct.error, KeyError):
        return None
    entries = tuple(Entry(attribute, size, offset, (one, two)) for attribute, size, offset, one, two in fields)
    positions = (len(HEAD) + count.field_position, len(HEAD) + index.field_position)
    return Index(content, header.order, positions, entries)
