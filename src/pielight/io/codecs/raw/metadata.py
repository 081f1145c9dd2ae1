"""EXIF and XMP of camera RAW, with the maker's note at its offset."""

from __future__ import annotations

from pielight.io.codecs.isobmff import walk
from pielight.io.codecs.tiff.tags import essential_exif
from pielight.io.metadata.ifd import Entry, Ifd, read_ifd
from pielight.io.metadata.ifd_entries import TIFF_MAGIC
from pielight.io.metadata.tiff_tags import Tag, Type

_CANON_3 = b"ftypcrx "
_CANON_BOX = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
_XMP_BOX = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_FIRST, _EXIF, _NOTE, _GPS = b"CMT1", b"CMT2", b"CMT3", b"CMT4"
_NOTE_START = 8  # after the header of its own block, from which its offsets count as from that of EXIF


def tags_of_raw(data: bytes) -> tuple[bytes, bytes | None]:
    """Return the descriptive EXIF and the XMP of a CR3, or of a RAW file with the structure of a TIFF."""
    if data[4:12] == _CANON_3:
        return _of_canon_3(data)
    data = TIFF_MAGIC[data.startswith(b"MM")] + data[4:]  # some makers have other magic numbers
    tags = read_ifd(data)
    xmp = tags.entries.get(Tag.XMP) if tags else None
    return essential_exif(data)[0], xmp.content if xmp else None


def has_note(exif: bytes) -> bool:
    """Return whether there is a maker's note in a block of EXIF.

    >>> has_note(b"")
    False
    """
    tags = read_ifd(exif)
    return tags is not None and Tag.EXIF_IFD in tags.groups and Tag.MAKER_NOTE in tags.groups[Tag.EXIF_IFD].entries


def _of_canon_3(data: bytes) -> tuple[bytes, bytes | None]:
    """Merge the directories of a CR3, each of which is a TIFF in a box."""
    blocks: dict[bytes, bytes] = {}
    xmp = None
    for box in walk(data):
        if box.kind == b"uuid" and data[box.start : box.start + 16] == _XMP_BOX:
            xmp = data[box.start + 16 : box.end]
        for inner in walk(data, box.start, box.end) if box.kind == b"moov" else ():
            if inner.kind == b"uuid" and data[inner.start : inner.start + 16] == _CANON_BOX:
                blocks |= {part.kind: data[part.start : part.end] for part in walk(data, inner.start + 16, inner.end)}
    first = read_ifd(blocks.get(_FIRST, b""))
    if first is None:
        return b"", xmp
    groups = {}
    for kind, tag in ((_EXIF, Tag.EXIF_IFD), (_GPS, Tag.GPS_IFD)):
        directory = read_ifd(blocks.get(kind, b""))
        if directory is not None:
            groups[tag] = Ifd(directory.order, directory.entries).with_order(first.order)
    note = blocks.get(_NOTE, b"")[_NOTE_START:]
    if note:
        exif = groups.setdefault(Tag.EXIF_IFD, Ifd(first.order))
        exif.entries[Tag.MAKER_NOTE] = Entry(Type.UNDEFINED, note)
        exif.note_offset = _NOTE_START
    return essential_exif(Ifd(first.order, first.entries, groups).exif_block())[0], xmp
