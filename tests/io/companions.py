"""JPEG files with a trailer, as phones and cameras write them."""

from __future__ import annotations

import struct

from PIL import Image

from pielight.io.codecs.jpeg.segments import APP1, APP2, Segment
from pielight.io.metadata.xmp import JPEG_HEAD
from tests.io import samples
from tests.io.thumbnailed import jpeg, scene

ISO = b"urn:iso:std:iso:ts:21496:-1\0"
GAIN_MAP = 0x000000
PREVIEW, FULL_HD, STEREO, PRIMARY = 0x010001, 0x010002, 0x020002, 0x030000
VIDEO = b"\0\0\0\x18ftypmp42\0\0\0\0isommp42" + bytes(range(256)) * 8
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
NAMESPACES = (
    'xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" xmlns:Container="http://ns.google.com/photos/1.0/container/" '
    'xmlns:Item="http://ns.google.com/photos/1.0/container/item/" '
    'xmlns:GCamera="http://ns.google.com/photos/1.0/camera/" '
    'xmlns:xmp="http://ns.adobe.com/xap/1.0/"'
)


def item(semantic: str, mime: str, length: int | None) -> str:
    size = "" if length is None else f' Item:Length="{length}"'
    inner = f'<Container:Item Item:Semantic="{semantic}" Item:Mime="{mime}"{size}/>'
    return f'<rdf:li rdf:parseType="Resource">{inner}</rdf:li>\n'


def packet(attributes: str, items: str = "") -> bytes:
    directory = f"<Container:Directory><rdf:Seq>\n{items}</rdf:Seq></Container:Directory>" if items else ""
    return (
        f'<?xpacket begin=""?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF}">'
        f'<rdf:Description rdf:about="" {NAMESPACES} xmp:Rating="5" {attributes}>{directory}</rdf:Description>'
        '</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def with_segments(data: bytes, *segments: Segment) -> bytes:
    return data[:20] + b"".join(segment.coded() for segment in segments) + data[20:]


def gain_map() -> bytes:
    """A gain map with the two descriptions that phones write."""
    own = packet('hdrgm:Version="1.0" hdrgm:GainMapMax="2.5" hdrgm:HDRCapacityMax="2.5"')
    data = samples.saved(scene().convert("L").resize((120, 80)), "JPEG")
    return with_segments(data, Segment(APP1, JPEG_HEAD + own), Segment(APP2, ISO + bytes(40)))


def apples_gain_map() -> bytes:
    own = (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF}"><rdf:Description rdf:about="" '
        'xmlns:HDRGainMap="http://ns.apple.com/HDRGainMap/1.0/" HDRGainMap:HDRGainMapVersion="65536"/>'
        "</rdf:RDF></x:xmpmeta>"
    ).encode()
    data = samples.saved(scene().convert("L").resize((120, 80)), "JPEG")
    return with_segments(data, Segment(APP1, JPEG_HEAD + own))


def index(entries: list[tuple[int, int, int, int]], order: str = ">") -> Segment:
    """An index of (attribute, size, offset, dependent picture)."""
    head = (b"MM\0*" if order == ">" else b"II*\0") + struct.pack(order + "L", 8)
    rows = struct.pack(order + "H", 3)
    rows += struct.pack(order + "HHL", 0xB000, 7, 4) + b"0100"
    rows += struct.pack(order + "HHLL", 0xB001, 4, 1, len(entries))
    rows += struct.pack(order + "HHLL", 0xB002, 7, 16 * len(entries), 8 + 2 + 36 + 4)
    coded = b"".join(struct.pack(order + "3L2H", *entry, 0) for entry in entries)
    return Segment(APP2, b"MPF\0" + head + rows + bytes(4) + coded)


def composed(
    parts: list[tuple[int | None, bytes]],
    xmp: bytes = b"",
    segments: tuple[Segment, ...] = (),
    order: str = ">",
    picture: Image.Image | None = None,
) -> bytes:
    """A JPEG with parts behind its picture; those with an attribute are in the index."""
    listed = [attribute for attribute, _ in parts if attribute is not None]
    blank = index([(0, 0, 0, 0)] * (1 + len(listed)), order)
    others = ((Segment(APP1, JPEG_HEAD + xmp),) if xmp else ()) + segments
    plain = samples.saved(scene() if picture is None else picture, "JPEG", quality=92)
    first = with_segments(plain, *others, *([blank] if listed else []))
    base = 20 + sum(len(segment.coded()) for segment in others) + 8
    entries, place = [(0x20000000 | PRIMARY, len(first), 0, 2)], len(first)
    for attribute, content in parts:
        if attribute is not None:
            entries.append((attribute, len(content), place - base, 0))
        place += len(content)
    whole = with_segments(plain, *others, *([index(entries, order)] if listed else []))
    return whole + b"".join(content for _, content in parts)


def ultra_hdr(*behind: bytes) -> bytes:
    """A photograph with Google's and ISO's gain map, and more behind it."""
    data = gain_map()
    items = item("Primary", "image/jpeg", None) + item("GainMap", "image/jpeg", len(data))
    items += "".join(item("MotionPhoto", "video/mp4", len(more)) for more in behind)
    xmp = packet('hdrgm:Version="1.0" GCamera:MotionPhoto="1" GCamera:MotionPhotoVersion="1"', items)
    parts: list[tuple[int | None, bytes]] = [(GAIN_MAP, data), *((None, more) for more in behind)]
    return composed(parts, xmp, (Segment(APP2, ISO + bytes(4)),))


def samsungs_trailer() -> bytes:
    """A trailer that counts its places from its own end, with a video."""
    name = b"MotionPhoto_Data"
    block = struct.pack("<HHL", 0, 0x0A30, len(name)) + name + VIDEO
    directory = b"SEFH" + struct.pack("<LL", 106, 1) + struct.pack("<HHLL", 0, 0x0A30, len(block), len(block))
    return block + directory + struct.pack("<L", len(directory)) + b"SEFT"


def preview(size: tuple[int, int] = (240, 160)) -> bytes:
    return jpeg(scene().resize(size), quality=85)
