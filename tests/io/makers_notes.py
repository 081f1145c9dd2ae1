"""JPEG files as cameras of many makers write them: each with a note that has values outside its rows."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from pielight.io.codecs.jpeg.segments import Segment
from pielight.io.metadata.ifd import Entry, Ifd
from tests.io import samples

NOTE_PLACE = 400  # in the block, after gaps that no writer would reproduce
_TEXT, _SHORT = 2, 3
Rows = list[tuple[int, str]]


@dataclass(frozen=True)
class Maker:
    """How a maker lays its notes out.

    Attributes:
        make: Name in EXIF.
        order: Of the block's bytes.
        head: Bytes before the directory of the note.
        texts: Tags and values of the directory.
        own: Where, in the note, its places are counted from; None from the start of the block.
        note_order: Of the note's bytes, if not the block's.
    """

    make: str
    order: str
    head: bytes
    texts: Rows
    own: int | None = None
    note_order: str = ""


MAKERS = {
    "canon": Maker("Canon", "<", b"", [(6, "Canon EOS 99D, with a long name"), (7, "Firmware 9.9.9"), (9, "An Owner")]),
    "nikon_1": Maker("NIKON", ">", b"Nikon\0\1\0", [(3, "FINE quality"), (4, "B&W, color mode")], note_order="<"),
    "nikon_2": Maker("NIKON CORPORATION", ">", b"", [(4, "FINE quality"), (5, "SUNNY 5200 K"), (7, "AF-C  mode")]),
    "nikon_3": Maker(
        "NIKON CORPORATION", "<", b"Nikon\0\2\x10\0\0MM\0*\0\0\0\x08",
        [(4, "FINE quality"), (5, "SUNNY 5200 K"), (7, "AF-C  mode")], 10, ">",
    ),
    "sony": Maker("SONY", "<", b"SONY DSC \0\0\0", [(0xB020, "Vivid and long"), (0xBFF1, "a text at BFF1")]),
    "panasonic": Maker("Panasonic", "<", b"Panasonic\0\0\0", [(0x51, "LUMIX G 20/1.7"), (0x52, "XS12345678")]),
    "olympus": Maker("OLYMPUS OPTICAL CO.,LTD", "<", b"OLYMP\0\1\0", [(0x207, "SX-99 as a type"), (0x404, "serial 5")]),
    "olympus_2": Maker("OLYMPUS CORPORATION", "<", b"OLYMPUS\0II\3\0", [(0x207, "D9 a type"), (0x404, "serial 6")], 0),
    "pentax": Maker("PENTAX Corporation", ">", b"AOC\0MM", [(0x229, "SERIAL 12345"), (0x3F1, "a text of 3F1")]),
    "fujifilm": Maker("FUJIFILM", "<", b"FUJIFILM\x0c\0\0\0", [(0x10, "FF01 12345678"), (0x1000, "NORMAL quality")], 0),
    "casio": Maker("CASIO COMPUTER CO.,LTD.", ">", b"QVC\0\0\0", [(0x2001, "0512150301  date"), (0x2034, "text 203")]),
    "sigma": Maker("SIGMA", "<", b"SIGMA\0\0\0\1\0", [(2, "00001234567"), (3, "SINGLE drive"), (8, "Sunlight")]),
    "minolta": Maker("Minolta Co., Ltd.", ">", b"", [(0, "MLT0"), (0x3F1, "text of Minolta"), (0x3F2, "another one")]),
    "apple": Maker("Apple", ">", b"Apple iOS\0\0\1MM", [(0x11, "8A5B-11EE-CONTENT"), (0x15, "UNIQUE-ID-000-1")], 0),
}  # fmt: skip


def block(maker: Maker, orientation: int = 1) -> bytes:
    """EXIF with the maker's note at ``NOTE_PLACE``."""
    exif = Ifd(
        maker.order,
        {33434: Entry(5, struct.pack(maker.order + "2L", 1, 60)), 37500: Entry(7, note(maker))},
        note_offset=NOTE_PLACE,
    )
    named = {
        271: Entry(_TEXT, maker.make.encode() + b"\0"),
        272: Entry(_TEXT, b"Model 1\0"),
        274: Entry(_SHORT, struct.pack(maker.order + "H", orientation)),
    }
    return Ifd(maker.order, named, {34665: exif}).exif_block()


def note(maker: Maker, place: int = NOTE_PLACE) -> bytes:
    """The maker's note, as it is right at ``place`` only, unless it counts from its own start."""
    order = maker.note_order or maker.order
    start = place + len(maker.head) if maker.own is None else len(maker.head) - maker.own
    later = start + 2 + 12 * len(maker.texts) + 4
    rows, behind = b"", b""
    for tag, text in maker.texts:
        content = text.encode() + b"\0"
        value = struct.pack(order + "L", later + len(behind)) if len(content) > 4 else content.ljust(4, b"\0")
        behind += content if len(content) > 4 else b""
        rows += struct.pack(order + "HHL", tag, _TEXT, len(content)) + value
    return maker.head + struct.pack(order + "H", len(maker.texts)) + rows + bytes(4) + behind


def jpeg(maker: Maker, orientation: int = 1) -> bytes:
    plain = samples.sample("rgb.jpg")
    return plain[:2] + Segment(0xE1, block(maker, orientation)).coded() + plain[2:]


def texts_of(data: bytes, maker: Maker) -> tuple[str, list[str]]:
    """The make, and what a reader of the maker's notes reads in a block of EXIF, or a TIFF, that was made by others."""
    order = {b"II": "<", b"MM": ">"}[data[:2]]

    def rows(place: int, order: str) -> dict[int, tuple[int, bytes]]:
        (count,) = struct.unpack_from(order + "H", data, place)
        found = [struct.unpack_from(order + "HHL4s", data, place + 2 + 12 * row) for row in range(count)]
        return {tag: (number, value) for tag, _, number, value in found}

    def long(value: bytes, order: str) -> int:
        return int(struct.unpack(order + "L", value)[0])

    first = rows(long(data[4:8], order), order)
    length, value = first[271]
    make = data[long(value, order) :][: length - 1].decode()
    exif = rows(long(first[34665][1], order), order)
    length, value = exif[37500]
    start = long(value, order)
    assert data[start : start + len(maker.head)] == maker.head
    note_order, found = maker.note_order or maker.order, []
    for length, value in rows(start + len(maker.head), note_order).values():
        base = 0 if maker.own is None else start + maker.own
        place = base + long(value, note_order)
        found.append((data[place : place + length] if length > 4 else value[:length]).removesuffix(b"\0").decode())
    return make, found
