"""What XMP says of the things behind a JPEG: Google's container, motion photos, and Adobe's HDR gain map."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

GAIN_MAP_NAMESPACE = b"http://ns.adobe.com/hdr-gain-map/1.0/"
GAIN_MAP, _PRIMARY = "GainMap", "Primary"  # semantics
_CONTAINER = b"http://ns.google.com/photos/1.0/container/"
_ITEM = b"http://ns.google.com/photos/1.0/container/item/"
_CAMERA = b"http://ns.google.com/photos/1.0/camera/"
_MOTION = re.compile(rb"(?:MotionPhoto|MicroVideo)\w*")
_ANY = re.compile(rb"\w+")
_BLANKS = rb"(?<!\s)\s+"  # from their first on, or each of many would be tried
_VALUE = rb"""\s*=\s*(?:"([^"<]*)"|'([^'<]*)')"""


@dataclass(frozen=True)
class Item:
    """One of the things in a file, in their order, of which the picture is the first.

    Attributes:
        semantic: What it is, as ``GainMap`` or ``MotionPhoto``.
        length: Bytes of it; 0 for the picture itself.
        padding: Bytes behind it.
        span: Where the packet tells of it.
    """

    semantic: str
    length: int
    padding: int
    span: slice


def items(packet: bytes) -> list[Item]:
    """Return the items of a packet's container, none if it has no container.

    >>> packet = b'<a xmlns:I="http://ns.google.com/photos/1.0/container/item/">' \\
    ...     b'<I:Directory><rdf:li><I:Item I:Semantic="GainMap" I:Length="9"/></rdf:li></I:Directory></a>'
    >>> packet = packet.replace(b"<a ", b'<a xmlns:C="http://ns.google.com/photos/1.0/container/" ')
    >>> [(item.semantic, item.length) for item in items(packet.replace(b"I:Directory", b"C:Directory"))]
    [('GainMap', 9)]
    """
    found = []
    for prefix in _prefixes(packet, _ITEM)[:1]:
        for span in _list_items(packet):
            semantic = _value(packet[span], prefix, b"Semantic").decode("ascii", "replace")
            length = 0 if semantic == _PRIMARY else _number(_value(packet[span], prefix, b"Length"))
            found.append(Item(semantic, length, _number(_value(packet[span], prefix, b"Padding")), span))
    return found


def without_items(packet: bytes, semantic: str) -> bytes:
    """Take out the container's items of a kind."""
    for item in reversed(items(packet)):
        if item.semantic == semantic:
            packet = packet[: item.span.start] + packet[item.span.stop :]
    return packet


def without_gain_map(packet: bytes) -> bytes:
    """Take out what says that there is a gain map."""
    return _without(without_items(packet, GAIN_MAP), GAIN_MAP_NAMESPACE, _ANY)


def without_container(packet: bytes) -> bytes:
    """Take out what says that there is anything behind the picture."""
    packet = _without(without_gain_map(packet), _CAMERA, _MOTION)
    return _without(_without(packet, _CONTAINER, _ANY), _ITEM, _ANY)


def _prefixes(packet: bytes, namespace: bytes) -> list[bytes]:
    """Return the prefixes that a packet declares for a namespace."""
    found = re.finditer(rb"xmlns:([\w.-]+)\s*=\s*[\"']" + re.escape(namespace) + rb"[\"']", packet)
    return sorted({match[1] for match in found})


def _list_items(packet: bytes) -> Iterator[slice]:
    """Yield where the list items of the container's directory stand."""
    for prefix in _prefixes(packet, _CONTAINER)[:1]:
        start = packet.find(b"<" + prefix + b":Directory")
        end = packet.find(b"</" + prefix + b":Directory", start)
        while 0 <= start < end:
            opening = re.compile(rb"<([\w.-]+:li)\b[^<>]*?(/?)>").search(packet, start, end)
            if opening is None:
                break
            start = opening.end()
            if not opening[2]:
                closing = b"</" + opening[1] + b">"
                place = packet.find(closing, start, end)
                if place < 0:
                    break
                start = place + len(closing)
            yield slice(opening.start(), start)


def _places(text: bytes, prefix: bytes, name: bytes) -> Iterator[slice]:
    """Yield where the values of a property stand, as attributes and as elements."""
    full = re.escape(prefix + b":" + name)
    for match in re.finditer(rb"(?<![\w:.-])" + full + _VALUE, text):
        yield slice(*match.span(1 if match[1] is not None else 2))
    for match in re.finditer(rb"<" + full + rb">([^<]*)<", text):
        yield slice(*match.span(1))


def _value(text: bytes, prefix: bytes, name: bytes) -> bytes:
    return next((text[place].strip() for place in _places(text, prefix, name)), b"")


def _number(text: bytes) -> int:
    return int(text) if text.isdigit() and len(text) < 12 else 0


def _without(packet: bytes, namespace: bytes, names: re.Pattern[bytes]) -> bytes:
    """Take out the properties of a namespace that have some names, whether attributes or elements.

    Its declaration goes with the last of them.
    """
    for prefix in _prefixes(packet, namespace):
        before, start = packet, re.escape(prefix) + rb":"
        head = start + rb"(?:" + names.pattern + rb")"
        packet = _without_elements(re.sub(_BLANKS + head + _VALUE, b"", packet), head)
        if packet != before and not re.search(rb"[<\s/]" + start, packet):
            declared = _BLANKS + rb"xmlns:" + re.escape(prefix) + rb"\s*=\s*[\"']" + re.escape(namespace) + rb"[\"']"
            packet = re.sub(declared, b"", packet)
    return packet


def _without_elements(packet: bytes, name: bytes) -> bytes:
    opening = re.compile(rb"<(" + name + rb")(?:\s[^<>]*?)?(/?)>")
    made, place = [], 0
    while match := opening.search(packet, place):
        closing = b"</" + match[1] + b">"
        end = match.end() if match[2] else packet.find(closing, match.end()) + len(closing)
        if end < match.end():  # never closed
            break
        made.append(packet[place : match.start()])
        place = end
    return b"".join(made) + packet[place:]
