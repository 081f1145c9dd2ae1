"""The record in a result of what made it: version, model and options, in XMP."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from pielight.io.metadata.metadata import Metadata
from pielight.io.metadata.xmp import RDF, read_packet, with_description
from pielight.io.metadata.xmp_packet import with_packet
from pielight.io.provenance_checksum import EMPTY

NAMESPACE = "urn:pielight:xmp:1.0:"
WITHOUT_RECORD = ("BMP",)  # formats that hold no XMP
_VERSION, _SOURCE, _SEAL = "Version", "Source", "Seal"
_FINGERPRINT_BYTES = 1 << 14  # at each end of a file: enough to tell photos apart, and read in no time
_OPENING = f'<rdf:Description xmlns:rdf="{RDF}" rdf:about='
_VALUE = r"""(?:"[^"<]*"|'[^'<]*')"""
_OWN = re.compile(rf'{re.escape(_OPENING)}"[^"<]*" xmlns:pielight="{NAMESPACE}"(?: pielight:\w+={_VALUE})*/>'.encode())
_ATTRIBUTE = re.compile(rb"""(?<!\s)\s+pielight:(\w+)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')""")
_ELEMENT = re.compile(rb"<pielight:(\w+)>([^<]*)</pielight:\1>\s*")
# Of XML's own; the standard library's functions for them load a client for HTTP, or every entity of HTML.
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;"}
_ABOUT = re.compile(rb"""(?<![\w.-])[\w.-]+:about\s*=\s*(?:"([^"<]*)"|'([^'<]*)')""")


@dataclass(frozen=True)
class Record:
    """What made a result.

    Attributes:
        version: Of pielight.
        options: Names, in camel case, and values of what decides how the result looks: the task, the model and its
            checksum, strength and the like, sorted.
        source: Fingerprint of the picture's file, or nothing; see :func:`fingerprint`.
        is_ours: Whether the record stands as pielight wrote it, so that no other program has rewritten the file's XMP.
    """

    version: str
    options: tuple[tuple[str, str], ...]
    source: str = ""
    is_ours: bool = True

    @classmethod
    def of(cls, version: str, **options: object) -> Record:
        """Make a record; options that are None are left out.

        >>> Record.of("1.0", Strength=0.5, Quality=None).options
        (('Strength', '0.5'),)
        """
        return cls(version, tuple(sorted((name, _text(value)) for name, value in options.items() if value is not None)))

    @property
    def task(self) -> str:
        """What the picture was mended of; empty if that is not told."""
        return dict(self.options).get("Task", "")

    def asks_the_same(self, other: Record) -> bool:
        """Say whether two results of one picture look the same, whatever the version."""
        return self.options == other.options

    def differences(self, wanted: Record) -> str:
        """Say in which options a result is not what is wanted.

        >>> Record.of("1", Strength=0.5, Task="brighten").differences(Record.of("1", Strength=1, Task="brighten"))
        'strength 0.5, now 1'
        """
        mine, others = dict(self.options), dict(wanted.options)
        names = [name for name in sorted(mine.keys() | others.keys()) if mine.get(name) != others.get(name)]
        return "; ".join(
            f"{name.lower()} {mine.get(name, 'not set')}, now {others.get(name, 'not set')}" for name in names
        )

    def description(self, about: str = "") -> bytes:
        """Return it as an element of XMP."""
        named = ((_VERSION, self.version), (_SOURCE, self.source), *self.options, (_SEAL, EMPTY))
        values = "".join(f' pielight:{name}="{_escaped(value)}"' for name, value in named if value)
        return f'{_OPENING}"{_escaped(about)}" xmlns:pielight="{NAMESPACE}"{values}/>'.encode()


def fingerprint(data: bytes) -> str:
    """Return a fingerprint of a file: of its length, its first and its last 16 kB, in hexadecimal.

    >>> fingerprint(b"photo") == fingerprint(b"photo"), fingerprint(b"photo") == fingerprint(b"other")
    (True, False)
    """
    return _hashed(len(data), data[:_FINGERPRINT_BYTES], data[-_FINGERPRINT_BYTES:])


def read_fingerprint(path: Path) -> str:
    """Return the fingerprint of a file, which is not read as a whole; nothing if it cannot be read."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(0)
            head = file.read(_FINGERPRINT_BYTES)
            file.seek(max(0, size - _FINGERPRINT_BYTES))
            return _hashed(size, head, file.read(_FINGERPRINT_BYTES))
    except OSError:
        return ""


def _hashed(size: int, head: bytes, tail: bytes) -> str:
    return blake2b(b"%d " % size + head + tail, digest_size=8).hexdigest()


def recorded(metadata: Metadata, record: Record) -> Metadata:
    """Put a record into a picture's XMP; the rest of the packet stays byte for byte.

    An older record gives way. A packet in which there is no place, or no room in a JPEG, stays as it is.
    """
    packet = metadata.xmp or b""
    about = _ABOUT.search(packet)
    name = next((group for group in about.groups() if group is not None), b"") if about else b""
    made = with_description(without_record(packet), record.description(_unescaped(name.decode("utf-8", "replace"))))
    if made == packet:
        return metadata
    return with_packet(metadata, made)


def without_record(packet: bytes) -> bytes:
    """Take a record out of a packet, also one that another program has laid out anew."""
    if NAMESPACE.encode() not in packet:
        return packet
    return _ELEMENT.sub(b"", _ATTRIBUTE.sub(b"", _OWN.sub(b"", packet)))


def find_record(packet: bytes | None) -> Record | None:
    """Return the record in an XMP packet, or None."""
    if not packet or NAMESPACE.encode() not in packet:
        return None
    found = dict(_pairs(packet))
    version, source, _ = (found.pop(name, "") for name in (_VERSION, _SOURCE, _SEAL))
    return Record(version, tuple(sorted(found.items())), source, _OWN.search(packet) is not None)


def read_record(path: Path) -> Record | None:
    """Return the record in a picture's file, which is not decoded; None without one, or if it cannot be read."""
    try:
        return find_record(read_packet(path)) if path.is_file() else None
    except OSError:  # whoever needs the file will say what is wrong with it
        return None


def _pairs(packet: bytes) -> Iterable[tuple[str, str]]:
    for pattern in (_ATTRIBUTE, _ELEMENT):
        for match in pattern.finditer(packet):
            value = next(group for group in match.groups()[1:] if group is not None)
            yield match[1].decode(), _unescaped(value.decode("utf-8", "replace"))


def _text(value: object) -> str:
    return f"{value:.9g}" if isinstance(value, float) else str(value)


def _escaped(text: str) -> str:
    return "".join(_ENTITIES.get(letter, letter) for letter in text)


def _unescaped(text: str) -> str:
    for letter, entity in reversed(_ENTITIES.items()):  # "&" last
        text = text.replace(entity, letter)
    return text
