"""Makers' notes that must move, whose places of values are counted from the start of the block around them."""

from __future__ import annotations

import struct

from pielight.io.metadata.tiff_types import VALUE_SIZES

_COUNTED_FROM_THE_NOTE = (b"Apple iOS\0", b"FUJIFILM", b"Nikon\0\2", b"OLYMPUS\0", b"OM SYSTEM\0", b"PENTAX \0")
_HEADS = (  # what stands before the directory of a note, and where that starts; Canon and others have nothing there
    (b"SONY ", 12), (b"Panasonic\0", 12), (b"OLYMP\0", 8), (b"AOC\0", 6), (b"QVC\0", 6), (b"SIGMA\0", 10),
    (b"FOVEON\0", 10), (b"Nikon\0\1", 8), (b"LEICA\0", 8), (b"", 0),
)  # fmt: skip
_MOST_TAGS, _ROW, _INLINE, _DIRECTORY = 1000, 12, 4, 13
_FOOTERS = (b"II*\0", b"MM\0*")  # of Canon, before the note's own place


def moved_note(note: bytes, origin: int, place: int) -> bytes | None:
    """Return a maker's note as it is to be at another place.

    Args:
        note: As it was at ``origin``.
        origin: Counted from the start of the block of EXIF, or of the TIFF, in which it was.
        place: Where it is to be.

    Returns:
        None if it is not known how the maker counts, or values stood outside the note.

    >>> note = bytes.fromhex("0100 0600 0200 05000000 12010000 00000000 414243444500")
    >>> moved_note(note, 256, 266)[10:14].hex()
    '1c010000'
    """
    if len(note) <= _INLINE or origin == place or note.startswith(_COUNTED_FROM_THE_NOTE):
        return note
    start = next(start for head, start in _HEADS if note.startswith(head))
    for order in "<>":
        rows = _places(note, start, order)
        if rows is None or any(not origin <= there <= origin + len(note) - length for _, there, length in rows):
            continue
        made = bytearray(note)
        for row, there, _ in rows:
            struct.pack_into(order + "L", made, row, there + place - origin)
        if note[-8:-4] in _FOOTERS and note[-4:] == struct.pack(order + "L", origin):
            struct.pack_into(order + "L", made, len(note) - 4, place)
        return bytes(made)
    return None


def _places(note: bytes, start: int, order: str) -> list[tuple[int, int, int]] | None:
    """Return, of the values that stand outside the rows, where that is written, the place and the length."""
    if len(note) < start + 2:
        return None
    (count,) = struct.unpack_from(order + "H", note, start)
    if not 0 < count <= _MOST_TAGS or start + 2 + _ROW * count > len(note):
        return None
    found = []
    for row in range(start + 2, start + 2 + _ROW * count, _ROW):
        _, kind, number, value = struct.unpack_from(order + "HHLL", note, row)
        if kind not in VALUE_SIZES or kind == _DIRECTORY:  # which has places of its own
            return None
        length = number * VALUE_SIZES[kind]
        if length > _INLINE:
            found.append((row + 8, value, length))
    return found
