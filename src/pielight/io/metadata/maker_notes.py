"""Relocation of maker's notes, whose offsets count from the start of the EXIF block around them."""

from __future__ import annotations

import struct

from pielight.io.metadata.ifd_entries import TIFF_MAGIC, TiffHeader, read_entries
from pielight.io.metadata.tiff_tags import VALUE_SIZES, Type

_RELATIVE_TO_NOTE = (b"Apple iOS\0", b"FUJIFILM", b"Nikon\0\2", b"OLYMPUS\0", b"OM SYSTEM\0", b"PENTAX \0")
_HEADS = (  # signatures of makers, and where the directory of the note starts; Canon and others have none
    (b"SONY ", 12), (b"Panasonic\0", 12), (b"OLYMP\0", 8), (b"AOC\0", 6), (b"QVC\0", 6), (b"SIGMA\0", 10),
    (b"FOVEON\0", 10), (b"Nikon\0\1", 8), (b"LEICA\0", 8), (b"", 0),
)  # fmt: skip
_MOST_ENTRIES, _ENTRY, _INLINE = 1000, 12, 4


def moved_note(note: bytes, origin: int, offset: int) -> bytes | None:
    """Return a maker's note for another offset.

    Args:
        note: Its bytes at ``origin``.
        origin: Its offset in the block of EXIF, or the TIFF, that it comes from.

    Returns:
        None if its layout is unknown, or values are outside the note.

    >>> note = bytes.fromhex("0100 0600 0200 05000000 12010000 00000000 414243444500")
    >>> moved_note(note, 256, 266)[10:14].hex()
    '1c010000'
    """
    if len(note) <= _INLINE or origin == offset or note.startswith(_RELATIVE_TO_NOTE):
        return note
    start = next(start for head, start in _HEADS if note.startswith(head))
    for order in "<>":
        values = _values_outside(note, start, order)
        if values is None or any(not origin <= old <= origin + len(note) - length for _, old, length in values):
            continue
        moved = bytearray(note)
        for position, old, _ in values:
            struct.pack_into(order + "L", moved, position, old + offset - origin)
        # Canon's footer: a header of TIFF with the offset of the note.
        if note[-8:-4] in TIFF_MAGIC and note[-4:] == struct.pack(order + "L", origin):
            struct.pack_into(order + "L", moved, len(note) - 4, offset)
        return bytes(moved)
    return None


def _values_outside(note: bytes, start: int, order: str) -> list[tuple[int, int, int]] | None:
    """Return the position of the offset, the offset and the length of each value that is outside its entry."""
    try:
        entries, link = read_entries(note, start, TiffHeader(order), _MOST_ENTRIES)
    except struct.error:
        return None
    count = (link - start - 2) // _ENTRY
    if not 0 < count <= _MOST_ENTRIES or link > len(note):
        return None
    values = []
    for entry in entries:
        if entry.kind not in VALUE_SIZES or entry.kind == Type.IFD:  # a directory contains further offsets
            return None
        if not entry.is_inline:
            values.append((entry.field_position, entry.offset, entry.length))
    return values
