"""Image file directories (IFDs), of which EXIF and TIFF are made: read, changed and written byte for byte."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from pielight.io.codecs.jpeg.segments import EXIF
from pielight.io.file_view import Source
from pielight.io.metadata.ifd_entries import TiffHeader, read_entries, read_header, unpack_numbers
from pielight.io.metadata.maker_notes import moved_note
from pielight.io.metadata.tiff_tags import UNITS, VALUE_SIZES, Tag, Type

_GROUPS = {0: (Tag.EXIF_IFD, Tag.GPS_IFD), Tag.EXIF_IFD: (Tag.INTEROPERABILITY_IFD,)}
_MAX_DIRECTORIES = 64
_FURTHEST_NOTE = 1 << 20  # a maker's note beyond this offset is relocated, so that a block stays small


class Entry(NamedTuple):
    """Type of the values of a tag as TIFF numbers it, and their bytes in the byte order of the directory."""

    kind: int
    content: bytes


@dataclass
class Ifd:
    """Tags and the directories that some of them point to."""

    order: str  # byte order, < or >
    entries: dict[int, Entry] = field(default_factory=dict)  # by tag; without those that point to directories
    groups: dict[int, Ifd] = field(default_factory=dict)  # by the tag that points to them
    offset: int = 0  # where it was read
    # offset that the maker's note keeps, since the offsets in most notes count from the start of the block;
    # None if its offset was too large
    note_offset: int | None = None
    note_origin: int | None = None  # offset of the maker's note where it was read
    # tags that pointed to groups; one that is not in groups was damaged
    named_groups: set[int] = field(default_factory=set)

    def numbers(self, tag: int) -> tuple[int, ...]:
        """Return the values of a tag of unsigned whole numbers; none if there is no such tag.

        >>> Ifd("<", {256: Entry(3, b"\\x10\\0")}).numbers(256)
        (16,)
        """
        kind, content = self.entries.get(tag, (0, b""))
        return unpack_numbers(self.order, kind, len(content) // VALUE_SIZES.get(kind, 1), content)

    def number(self, tag: int, default: int = 0) -> int:
        """Return the first value of a tag of unsigned whole numbers; the default if there is none."""
        return (self.numbers(tag) or (default,))[0]

    def move(self, tag: int, shift: int) -> None:
        """Add a shift to the offsets in a tag, if it is there; they become four bytes each."""
        if offsets := self.numbers(tag):
            moved = struct.pack(f"{self.order}{len(offsets)}L", *(offset + shift for offset in offsets))
            self.entries[tag] = Entry(Type.LONG, moved)

    def only(self, tags: Iterable[int]) -> Ifd:
        """Return the directory with only these tags, and all groups."""
        return replace(self, entries={tag: self.entries[tag] for tag in tags if tag in self.entries})

    def without(self, tags: Iterable[int]) -> Ifd:
        """Return the directory without these tags, with all groups."""
        return self.only(self.entries.keys() - set(tags))

    def with_order(self, order: str) -> Ifd:
        """Return the directory in another byte order."""
        if order == self.order:
            return self
        entries = {tag: Entry(kind, _swapped(content, UNITS[kind])) for tag, (kind, content) in self.entries.items()}
        groups = {tag: group.with_order(order) for tag, group in self.groups.items()}
        return replace(self, order=order, entries=entries, groups=groups)

    def exif_block(self) -> bytes:
        """Return it as a block of EXIF, empty if it has no tags."""
        if not self.entries and not self.groups:
            return b""
        exif = self.groups.get(Tag.EXIF_IFD)
        note_offset = exif.note_offset if exif and Tag.MAKER_NOTE in exif.entries else None
        if exif is None or note_offset is None:
            return EXIF + tiff_header(self.order, 8) + self.encode(8)
        note = exif.entries[Tag.MAKER_NOTE].content
        before = self.encode(8)
        if 8 + len(before) <= note_offset:
            return EXIF + (tiff_header(self.order, 8) + before).ljust(note_offset, b"\0") + note
        later = even(note_offset + len(note))
        block = tiff_header(self.order, later).ljust(note_offset, b"\0") + note
        return EXIF + block.ljust(later, b"\0") + self.encode(later)

    def encode(self, offset: int) -> bytes:
        """Return its bytes, followed by the values that it points to, except for a maker's note with a fixed offset.

        Args:
            offset: Its own; even.
        """
        encoded = {}
        end, values = offset + 2 + 12 * len(self.entries.keys() | self.groups.keys()) + 4, bytearray()
        for tag, (kind, content) in self.entries.items():
            count = len(content) // VALUE_SIZES[kind]
            field = content.ljust(4, b"\0")
            if tag == Tag.MAKER_NOTE and self.note_offset is not None:
                field = struct.pack(self.order + "L", self.note_offset)
            elif len(content) > 4:
                if tag == Tag.MAKER_NOTE and self.note_origin is not None:
                    content = moved_note(content, self.note_origin, end + len(values)) or content
                field = struct.pack(self.order + "L", end + len(values))
                values += content + b"\0" * (len(content) % 2)
            encoded[tag] = struct.pack(self.order + "HHL", tag, kind, count) + field
        for tag, group in self.groups.items():
            encoded[tag] = struct.pack(self.order + "HHLL", tag, Type.LONG, 1, end + len(values))
            values += group.encode(end + len(values))
        entries = b"".join(encoded[tag] for tag in sorted(encoded))
        return struct.pack(self.order + "H", len(encoded)) + entries + b"\0" * 4 + bytes(values)


def tiff_header(order: str, offset: int) -> bytes:
    """Return the header of a TIFF whose first directory has an offset."""
    return (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "L", offset)


def even(offset: int) -> int:
    """Return the next offset that a directory or value may have."""
    return offset + offset % 2


def without_prefix(exif: bytes) -> bytes:
    """Return a block of EXIF without the prefix that it has in JPEG, which some programs write several times."""
    while exif.startswith(EXIF):
        exif = exif[len(EXIF) :]
    return exif


def read_ifd(data: bytes) -> Ifd | None:
    """Read the first directory of a TIFF or a block of EXIF, and its groups; damaged entries are left out.

    Returns:
        None if nothing can be read.

    >>> read_ifd(b"no EXIF") is None
    True
    """
    data = without_prefix(data)
    header = read_header(data)
    ifd = read_ifd_at(data, header.first_offset(data), header)[0] if header and len(data) >= 8 else None
    return ifd if ifd and (ifd.entries or ifd.groups) else None


def walk_ifds(data: bytes) -> Iterator[Ifd]:
    """Read all directories of a classic TIFF: the first, its successors, and those that they point to.

    Args:
        data: The whole file, with any version number after the byte order.
    """
    header = TiffHeader("<" if data.startswith(b"II") else ">")
    offsets, known = [header.first_offset(data)], {0}
    while offsets and len(known) <= _MAX_DIRECTORIES:
        offset = offsets.pop(0)
        if offset in known or offset + 2 > len(data):
            continue
        known.add(offset)
        ifd, link = read_ifd_at(data, offset, header)
        yield ifd
        offsets += ifd.numbers(Tag.SUB_IFDS)
        offsets.append(header.offset_at(data, link))


def read_ifd_at(data: Source, offset: int, header: TiffHeader, group: int = 0) -> tuple[Ifd, int]:
    """Read the directory at an offset and its groups.

    Groups are no deeper than in EXIF, so that circular offsets end.

    Args:
        group: The tag that points to it; 0 for none.

    Returns:
        The directory, and the position of the next one's offset.
    """
    ifd = Ifd(header.order, offset=offset)
    try:
        entries, link = read_entries(data, offset, header)
    except struct.error:
        return ifd, len(data)
    room = len(data)  # overlapping entries must not fill the memory
    for entry in entries:
        if entry.tag in (Tag.EXIF_IFD, Tag.GPS_IFD, Tag.INTEROPERABILITY_IFD):
            if entry.tag not in _GROUPS.get(group, ()) or entry.tag in ifd.named_groups:
                continue
            ifd.named_groups.add(entry.tag)
            if entry.pointer is not None:
                inner, _ = read_ifd_at(data, entry.pointer, header, entry.tag)
                if inner.entries:
                    ifd.groups[entry.tag] = inner
        elif 0 < entry.length <= room and len(content := entry.content(data)) == entry.length:
            room -= entry.length
            ifd.entries[entry.tag] = Entry(entry.kind, content)
            if group == Tag.EXIF_IFD and entry.tag == Tag.MAKER_NOTE and not entry.is_inline:
                ifd.note_origin = entry.offset
                ifd.note_offset = entry.offset if 8 <= entry.offset <= _FURTHEST_NOTE - entry.length else None
    return ifd, link


def _swapped(content: bytes, unit: int) -> bytes:
    """Reverse the bytes of each unit.

    >>> _swapped(b"abcd", 2)
    b'badc'
    """
    swapped = bytearray(len(content))
    for index in range(unit):
        swapped[index::unit] = content[unit - 1 - index :: unit]
    return bytes(swapped)
