"""XMP that describes data appended to a JPEG: Google's container, motion photos, and Adobe's HDR gain map."""

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
_BLANKS = rb"(?<!\s)\s+"  # from the first of a run on: linear time
_VALUE = rb"""\s*=\s*(?:"([^"<]*)"|'([^'<]*)')"""


@dataclass(frozen=True)
class Item:
    """An item of the container, in the order of the file; the picture is the first."""

    semantic: str  # what it is, as GainMap or MotionPhoto
    length: int  # bytes of it; 0 for the picture itself
    padding: int  # bytes after it
    span: slice  # its list item in the packet


def items(packet: bytes) -> list[Item]:
    """Return the items of a packet's container, none if it has no container.

    >>> packet = b'<a xmlns:I="http://ns.google.com/photos/1.0/container/item/">' \\
    ...     b'<I:Directory><rdf:li><I:Item I:Semantic="GainMap" I:Length="9"/></rdf:li></I:Directory></a>'
    >>> packet = packet.replace(b"<a ", b'<a xmlns:C="http://ns.google.com/photos/1.0/container/" ')
    >>> [(item.semantic, item.length) for item in items(packet.replace(b"I:Directory", b"C:Directory"))]
    [('GainMap', 9)]
    """
    result = []
    for prefix in _prefixes(packet, _ITEM)[:1]:
        for span in _list_items(packet):
            semantic = _value(packet[span], prefix, b"Semantic").decode("ascii", "replace")
            length = 0 if semantic == _PRIMARY else _number(_value(packet[span], prefix, b"Length"))
            result.append(Item(semantic, length, _number(_value(packet[span], prefix, b"Padding")), span))
    return result


def without_items(packet: bytes, semantic: str) -> bytes:
    """Remove the container's items of a semantic."""
    for item in reversed(items(packet)):
        if item.semantic == semantic:
            packet = packet[: item.span.start] + packet[item.span.stop :]
    return packet


def without_gain_map(packet: bytes) -> bytes:
    """Remove what declares a gain map."""
    return _without(without_items(packet, GAIN_MAP), GAIN_MAP_NAMESPACE, _ANY)


def without_container(packet: bytes) -> bytes:
    """Remove what declares any data after the picture."""
    packet = _without(without_gain_map(packet), _CAMERA, _MOTION)
    return _without(_without(packet, _CONTAINER, _ANY), _ITEM, _ANY)


def _prefixes(packet: bytes, namespace: bytes) -> list[bytes]:
    """Return the prefixes that a packet declares for a namespace."""
    matches = re.finditer(rb"xmlns:([\w.-]+)\s*=\s*[\"']" + re.escape(namespace) + rb"[\"']", packet)
    return sorted({match[1] for match in matches})


def _list_items(packet: bytes) -> Iterator[slice]:
    """Yield the spans of the list items of the container's directory."""
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
                closed = packet.find(closing, start, end)
                if closed < 0:
                    break
                start = closed + len(closing)
            yield slice(opening.start(), start)


def _value_spans(text: bytes, prefix: bytes, name: bytes) -> Iterator[slice]:
    """Yield the spans of the values of a property, as attributes and as elements."""
    full = re.escape(prefix + b":" + name)
    for match in re.finditer(rb"(?<![\w:.-])" + full + _VALUE, text):
        yield slice(*match.span(1 if match[1] is not None else 2))
    for match in re.finditer(rb"<" + full + rb">([^<]*)<", text):
        yield slice(*match.span(1))


def _value(text: bytes, prefix: bytes, name: bytes) -> bytes:
    return next((text[span].strip() for span in _value_spans(text, prefix, name)), b"")


def _number(text: bytes) -> int:
    return int(text) if text.isdigit() and len(text) < 12 else 0


def _without(packet: bytes, namespace: bytes, names: re.Pattern[bytes]) -> bytes:
    """Remove the properties of a namespace whose names match, both attributes and elements.

    The declaration of the namespace goes with the last of them.
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
    kept, position = [], 0
    while match := opening.search(packet, position):
        closing = b"</" + match[1] + b">"
        end = match.end() if match[2] else packet.find(closing, match.end()) + len(closing)
        if end < match.end():  # never closed
            break
        kept.append(packet[position : match.start()])
        position = end
    return b"".join(kept) + packet[position:]
