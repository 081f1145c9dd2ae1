"""Directories of tags, of which EXIF and TIFF are made, entry by entry as they stand in the file."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from pielight.io.codecs.tiff.entries import Coding, coding_of, place_at, read_rows
from pielight.io.metadata.maker_notes import moved_note
from pielight.io.metadata.tiff_tags import EXIF_GROUP, GPS_GROUP, INTEROPERABILITY, MAKER_NOTE, SUB_IFDS
from pielight.io.metadata.tiff_types import BYTE, LONG, SHORT, UNITS, VALUE_SIZES

PREFIX = b"Exif\0\0"
_GROUPS = {0: (EXIF_GROUP, GPS_GROUP), EXIF_GROUP: (INTEROPERABILITY,)}
_POINTERS = {LONG: "L", 13: "L", 16: "Q", 18: "Q"}
_WHOLE_NUMBERS = {BYTE: "B", SHORT: "H", LONG: "L", 13: "L"}
_MAX_DIRECTORIES = 64
_FURTHEST_NOTE = 1 << 20  # a maker's note behind this is moved, so that a block stays small


class Entry(NamedTuple):
    """Type of a tag as TIFF numbers it, and its values as bytes in the order of the directory."""

    kind: int
    content: bytes


@dataclass
class Directory:
    """Tags and the directories that some of them point to.

    Attributes:
        order: ``<`` or ``>``, the order of bytes.
        entries: By tag; without those that point to directories.
        groups: By the tag that points to them.
        place: Where it stood in what it was read from.
        note_place: Where the maker's note is to stand. Most makers' notes count the places of their values from the
            start of the whole block, so that :meth:`block` keeps it there; None if it stood too far behind.
        note_origin: Where it stood.
        named_groups: Tags that should have pointed to groups; without such a group, it was damaged.
    """

    order: str
    entries: dict[int, Entry] = field(default_factory=dict)
    groups: dict[int, Directory] = field(default_factory=dict)
    place: int = 0
    note_place: int | None = None
    note_origin: int | None = None
    named_groups: set[int] = field(default_factory=set)

    def numbers(self, tag: int) -> tuple[int, ...]:
        """Return the values of a tag of whole numbers, none if there is no such tag.

        >>> Directory("<", {256: Entry(3, b"\\x10\\0")}).numbers(256)
        (16,)
        """
        kind, content = self.entries.get(tag, (0, b""))
        if kind not in _WHOLE_NUMBERS:
            return ()
        return struct.unpack(f"{self.order}{len(content) // UNITS[kind]}{_WHOLE_NUMBERS[kind]}", content)

    def only(self, tags: Iterable[int]) -> Directory:
        """Return some of the tags, with all the groups."""
        return replace(self, entries={tag: self.entries[tag] for tag in tags if tag in self.entries})

    def without(self, tags: Iterable[int]) -> Directory:
        """Return all tags but some, with all the groups."""
        return self.only(self.entries.keys() - set(tags))

    def ordered(self, order: str) -> Directory:
        """Return the same in another order of bytes."""
        if order == self.order:
            return self
        entries = {tag: Entry(kind, _swapped(content, UNITS[kind])) for tag, (kind, content) in self.entries.items()}
        groups = {tag: group.ordered(order) for tag, group in self.groups.items()}
        return replace(self, order=order, entries=entries, groups=groups)

    def block(self) -> bytes:
        """Return it as a block of EXIF, or nothing if it is empty."""
        if not self.entries and not self.groups:
            return b""
        owner = self.groups.get(EXIF_GROUP)
        note_place = owner.note_place if owner and MAKER_NOTE in owner.entries else None
        if owner is None or note_place is None:
            return PREFIX + header(self.order, 8) + self.laid_out(8)
        note = owner.entries[MAKER_NOTE].content
        before = self.laid_out(8)
        if 8 + len(before) <= note_place:
            return PREFIX + (header(self.order, 8) + before).ljust(note_place, b"\0") + note
        later = even(note_place + len(note))
        made = header(self.order, later).ljust(note_place, b"\0") + note
        return PREFIX + made.ljust(later, b"\0") + self.laid_out(later)

    def laid_out(self, place: int) -> bytes:
        """Lay it out in a file, with what it points to behind it, except for a maker's note that has its place.

        Args:
            place: Where it is to stand; even.
        """
        rows = {}
        later, behind = place + 2 + 12 * len(self.entries.keys() | self.groups.keys()) + 4, bytearray()
        for tag, (kind, content) in self.entries.items():
            number = len(content) // VALUE_SIZES[kind]
            value = content.ljust(4, b"\0")
            if tag == MAKER_NOTE and self.note_place is not None:
                value = struct.pack(self.order + "L", self.note_place)
            elif len(content) > 4:
                if tag == MAKER_NOTE and self.note_origin is not None:
                    content = moved_note(content, self.note_origin, later + len(behind)) or content
                value = struct.pack(self.order + "L", later + len(behind))
                behind += content + b"\0" * (len(content) % 2)
            rows[tag] = struct.pack(self.order + "HHL", tag, kind, number) + value
        for tag, group in self.groups.items():
            rows[tag] = struct.pack(self.order + "HHLL", tag, LONG, 1, later + len(behind))
            behind += group.laid_out(later + len(behind))
        made = b"".join(rows[tag] for tag in sorted(rows))
        return struct.pack(self.order + "H", len(rows)) + made + b"\0" * 4 + bytes(behind)


def header(order: str, place: int) -> bytes:
    """Return the first bytes of a TIFF whose first directory stands at ``place``."""
    return (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "L", place)


def even(place: int) -> int:
    """Return the next place at which a directory or value may stand."""
    return place + place % 2


def read_directory(data: bytes) -> Directory | None:
    """Read the first directory of a TIFF or a block of EXIF, and its groups; what is damaged is left out.

    Returns:
        None if nothing can be read.

    >>> read_directory(b"no EXIF") is None
    True
    """
    while data.startswith(PREFIX):
        data = data[len(PREFIX) :]
    coding = coding_of(data)
    if coding is None:
        return None
    try:
        (place,) = coding.place.unpack_from(data, coding.first)
    except struct.error:
        return None
    found, _ = _read(data, place, coding)
    return found if found.entries or found.groups else None


def walk_directories(data: bytes) -> Iterator[Directory]:
    """Read every directory of a TIFF that is no BigTIFF: the first, those behind it and those that they point to.

    Args:
        data: The whole file, whatever stands in place of TIFF's number after the order of bytes.
    """
    coding = Coding("<" if data.startswith(b"II") else ">")
    places, known = [place_at(data, coding.first, coding)], {0}
    while places and len(known) <= _MAX_DIRECTORIES:
        place = places.pop(0)
        if place in known or place + 2 > len(data):
            continue
        known.add(place)
        found, link = _read(data, place, coding)
        yield found
        places += found.numbers(SUB_IFDS)
        places.append(place_at(data, link, coding))


def _read(data: bytes, place: int, coding: Coding, group: int = 0) -> tuple[Directory, int]:
    """Read the directory at a place, and tell where the place of the next one stands.

    Groups are no deeper than ``_GROUPS`` says, so that none leads in a circle.
    """
    found = Directory(coding.order, place=place)
    try:
        rows, link = read_rows(data, place, coding)
    except (struct.error, OverflowError):
        return found, len(data)
    room = len(data)  # entries that lie on each other must not fill the memory
    for tag, kind, number, value in rows:
        if tag in (EXIF_GROUP, GPS_GROUP, INTEROPERABILITY):
            if tag not in _GROUPS.get(group, ()) or tag in found.named_groups:
                continue
            found.named_groups.add(tag)
            if kind in _POINTERS:
                (there,) = struct.unpack_from(coding.order + _POINTERS[kind], value)
                inner, _ = _read(data, there, coding, tag)
                if inner.entries:
                    found.groups[tag] = inner
        elif kind in UNITS:
            length = number * VALUE_SIZES[kind]
            (there,) = coding.place.unpack(value)
            content = value[:length] if length <= len(value) else data[there : there + length]
            if len(content) == length > 0 and length <= room:
                room -= length
                found.entries[tag] = Entry(kind, content)
                if group == EXIF_GROUP and tag == MAKER_NOTE and length > len(value):
                    found.note_origin = there
                    found.note_place = there if 8 <= there <= _FURTHEST_NOTE - length else None
    return found, link


def _swapped(content: bytes, unit: int) -> bytes:
    """Turn round the bytes of each unit.

    >>> _swapped(b"abcd", 2)
    b'badc'
    """
    turned = bytearray(len(content))
    for place in range(unit):
        turned[place::unit] = content[unit - 1 - place :: unit]
    return bytes(turned)
