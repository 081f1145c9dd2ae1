"""The items of AVIF and HEIC files: pictures, parts of pictures and what belongs to them (ISO/IEC 23008-12)."""

from __future__ import annotations

from dataclasses import dataclass, field

from pielight.io.codecs.isobmff import Box, walk
from pielight.io.file_view import FileBytes

FULL = 4  # bytes of version and flags at the head of some boxes
_IN_FILE, _IN_BOX = 0, 1  # construction methods: offsets count from the file, or from the idat box
_FOUR_LETTERS = 2  # the first version in which an item's type is four letters


@dataclass
class Item:
    """A picture, a tile of one, or data that belong to it."""

    kind: bytes = b""  # hvc1, av01, grid, Exif and the like
    spans: list[tuple[int, int]] = field(default_factory=list)  # offsets and lengths of its bytes
    # types and contents of the boxes that describe it
    properties: list[tuple[bytes, bytes]] = field(default_factory=list)
    # numbers of the items that it points to, by the type of reference
    references: dict[bytes, list[int]] = field(default_factory=dict)

    def property_of(self, kind: bytes, start: bytes = b"") -> bytes | None:
        """Return the content, after ``start``, of the first property of a type that begins so, or None."""
        contents = (content for name, content in self.properties if name == kind and content.startswith(start))
        return next((content[len(start) :] for content in contents), None)


@dataclass
class Items:
    """The items of a file."""

    primary: int = 0  # number of the one that is shown; 0 if there is none
    by_number: dict[int, Item] = field(default_factory=dict)  # all of them

    def shown(self) -> Item:
        """Return the item that is shown."""
        return self.by_number.get(self.primary, Item())

    def parts(self) -> list[Item]:
        """Return the items that hold the coded pixels of what is shown: the tiles of a grid, or itself."""
        numbers = self.shown().references.get(b"dimg") or [self.primary]
        return [self.by_number[number] for number in numbers if number in self.by_number]

    def referring(self, kind: bytes) -> list[Item]:
        """Return the items that refer to the one shown: thumbnails (``thmb``), auxiliary planes (``auxl``) etc."""
        return [item for item in self.by_number.values() if self.primary in item.references.get(kind, ())]


def read_items(data: FileBytes) -> Items:
    """Read the items of a file; damaged ones are left out."""
    items = Items()
    meta = next((box for box in walk(data) if box.kind == b"meta"), None)
    if meta is None:
        return items
    inside = {box.kind: box for box in walk(data, meta.start + FULL, meta.end)}
    if (box := inside.get(b"pitm")) is not None:
        reader = _Reader(data, box)
        items.primary = reader.number(4 if reader.version else 2)
    for kind, read in ((b"iinf", _kinds), (b"iref", _references), (b"iprp", _properties)):
        if kind in inside:
            read(data, inside[kind], items)
    if b"iloc" in inside:
        _spans(data, inside[b"iloc"], inside.get(b"idat"), items)
    return items


def exif_item(data: FileBytes) -> bytes:
    """Return the EXIF block of an AVIF or HEIC file, byte for byte, which Pillow would rewrite; may be empty.

    >>> exif_item(b"no boxes")
    b''
    """
    item = next((item for item in read_items(data).by_number.values() if item.kind == b"Exif"), Item())
    content = b""
    for offset, length in item.spans:
        content += data[offset : offset + length]
        if len(content) > len(data):  # overlapping parts must not fill the memory
            break
    start = FULL + int.from_bytes(content[:FULL], "big")  # the offset of the TIFF header
    return content[start:]


class _Reader:
    """Reads numbers from a box with a version; after its end they are 0."""

    def __init__(self, data: FileBytes, box: Box, full: bool = True) -> None:
        self._data, self.position, self.end = data, box.start, box.end
        head = self.number(FULL) if full else 0
        self.version, self.flags = head >> 24, head & 0xFFFFFF

    def number(self, length: int) -> int:
        self.position += length
        return int.from_bytes(self._data[self.position - length : min(self.position, self.end)], "big")

    def more(self) -> bool:
        return self.position < self.end


def _item(items: Items, number: int) -> Item:
    return items.by_number.setdefault(number, Item())


def _kinds(data: FileBytes, box: Box, items: Items) -> None:
    outer = _Reader(data, box)
    outer.number(4 if outer.version else 2)
    for entry in walk(data, outer.position, box.end):
        reader = _Reader(data, entry)
        if entry.kind == b"infe" and reader.version >= _FOUR_LETTERS:
            number = reader.number(4 if reader.version > _FOUR_LETTERS else 2)
            reader.number(2)
            kind = data[reader.position : min(reader.position + 4, entry.end)]
            _item(items, number).kind = kind if len(kind) == 4 else b""


def _references(data: FileBytes, box: Box, items: Items) -> None:
    outer = _Reader(data, box)
    width = 4 if outer.version else 2
    for entry in walk(data, outer.position, box.end):
        reader = _Reader(data, entry, full=False)
        targets = _item(items, reader.number(width)).references.setdefault(entry.kind, [])
        reader.number(2)
        while reader.more():
            targets.append(reader.number(width))


def _properties(data: FileBytes, box: Box, items: Items) -> None:
    inner = list(walk(data, box.start, box.end))
    holders = [each for each in inner if each.kind == b"ipco"]
    properties = [(kind, data[start:end]) for each in holders for kind, start, end in walk(data, each.start, each.end)]
    for each in inner:
        if each.kind != b"ipma":
            continue
        reader = _Reader(data, each)
        reader.number(4)
        while reader.more():
            item = _item(items, reader.number(4 if reader.version else 2))
            for _ in range(reader.number(1)):
                index = reader.number(2) & 0x7FFF if reader.flags & 1 else reader.number(1) & 0x7F
                if 0 < index <= len(properties):
                    item.properties.append(properties[index - 1])


def _spans(data: FileBytes, box: Box, in_box: Box | None, items: Items) -> None:
    reader = _Reader(data, box)
    sizes = reader.number(2)
    offset, length, base, index = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    reader.number(4 if reader.version > 1 else 2)
    while reader.more():
        item = _item(items, reader.number(4 if reader.version > 1 else 2))
        way = reader.number(2) & 15 if reader.version else _IN_FILE
        reader.number(2)
        start = reader.number(base) + (in_box.start if way == _IN_BOX and in_box else 0)
        count = reader.number(2)
        for _ in range(count if offset + length else min(count, 1)):
            if not reader.more() and offset + length:
                break
            reader.number(index if reader.version else 0)
            span = start + reader.number(offset), reader.number(length)
            if way in (_IN_FILE, _IN_BOX):
                item.spans.append(span)
