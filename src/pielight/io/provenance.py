"""Provenance: the XMP record in a result of the version, model and options that made it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from pielight.io.metadata.metadata import Metadata, with_packet
from pielight.io.metadata.xmp import RDF, read_packet, with_description
from pielight.io.provenance_checksum import EMPTY

NAMESPACE = "urn:pielight:xmp:1.0:"
WITHOUT_RECORD = ("BMP",)  # formats without XMP
_VERSION, _SOURCE, _SEAL = "Version", "Source", "Seal"
_FINGERPRINT_BYTES = 1 << 14  # at each end of a file: enough to distinguish photos, and fast to read
_OPENING = f'<rdf:Description xmlns:rdf="{RDF}" rdf:about='
_VALUE = r"""(?:"[^"<]*"|'[^'<]*')"""
_OWN = re.compile(rf'{re.escape(_OPENING)}"[^"<]*" xmlns:pielight="{NAMESPACE}"(?: pielight:\w+={_VALUE})*/>'.encode())
_ATTRIBUTE = re.compile(rb"""(?<!\s)\s+pielight:(\w+)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')""")
_ELEMENT = re.compile(rb"<pielight:(\w+)>([^<]*)</pielight:\1>\s*")
# Those of XML; the functions of the standard library import an HTTP client, or all entities of HTML.
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;"}
_ABOUT = re.compile(rb"""(?<![\w.-])[\w.-]+:about\s*=\s*(?:"([^"<]*)"|'([^'<]*)')""")


@dataclass(frozen=True)
class Record:
    """How a result was made."""

    version: str  # of pielight
    # names, in camel case, and values of all that determines the pixels: the task, the model and its
    # checksum, strength and others, sorted
    options: tuple[tuple[str, str], ...]
    source: str = ""  # fingerprint of the source file, or empty; see fingerprint
    # whether the record is as pielight wrote it: no other program has rewritten the file's XMP
    is_verbatim: bool = True

    @classmethod
    def of(cls, version: str, **options: object) -> Record:
        """Return a record; options that are None are left out.

        >>> Record.of("1.0", Strength=0.5, Quality=None).options
        (('Strength', '0.5'),)
        """
        return cls(version, tuple(sorted((name, _text(value)) for name, value in options.items() if value is not None)))

    @property
    def task(self) -> str:
        """The task, as ``brighten``; empty if it is not recorded."""
        return dict(self.options).get("Task", "")

    def has_same_options(self, other: Record) -> bool:
        """Return whether two results of one picture have the same options; the version does not matter."""
        return self.options == other.options

    def differences(self, wanted: Record) -> str:
        """Describe the options in which a result differs from what is wanted.

        >>> Record.of("1", Strength=0.5, Task="brighten").differences(Record.of("1", Strength=1, Task="brighten"))
        'strength 0.5, now 1'
        >>> Record.of("1", Quality=60).differences(Record.of("1", ModelSHA256="0123456789abcdef"))
        'no model checksum, now 01234567; quality 60, now none'
        """
        mine, others = dict(self.options), dict(wanted.options)
        names = [name for name in sorted(mine.keys() | others.keys()) if mine.get(name) != others.get(name)]
        return "; ".join(_difference(name, mine.get(name), others.get(name)) for name in names)

    def description(self, about: str = "") -> bytes:
        """Return it as an XMP element."""
        named = ((_VERSION, self.version), (_SOURCE, self.source), *self.options, (_SEAL, EMPTY))
        values = "".join(f' pielight:{name}="{_escaped(value)}"' for name, value in named if value)
        return f'{_OPENING}"{_escaped(about)}" xmlns:pielight="{NAMESPACE}"{values}/>'.encode()


def _difference(name: str, old: str | None, new: str | None) -> str:
    """Describe an option that differs; a checksum by its first digits."""
    digits = 8 if name.endswith("SHA256") else None
    words = re.sub(r"(?<!^)([A-Z])", r" \1", name.replace("SHA256", "Checksum")).lower()
    before = f"no {words}" if old is None else f"{words} {old[:digits]}"
    return f"{before}, now {'none' if new is None else new[:digits]}"


def fingerprint(data: bytes) -> str:
    """Return a hash, in hexadecimal, of the length, the first and the last 16 kB of a file.

    >>> fingerprint(b"photo") == fingerprint(b"photo"), fingerprint(b"photo") == fingerprint(b"other")
    (True, False)
    """
    return _hashed(len(data), data[:_FINGERPRINT_BYTES], data[-_FINGERPRINT_BYTES:])


def read_fingerprint(path: Path) -> str:
    """Return the fingerprint of a file without reading all of it; empty if it cannot be read."""
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


def with_record(metadata: Metadata, record: Record) -> Metadata:
    """Add a record to a picture's XMP; the rest of the packet stays byte for byte.

    An older record is replaced. A packet without a graph, or without room in a JPEG, stays unchanged.
    """
    packet = metadata.xmp or b""
    about = _ABOUT.search(packet)
    name = next((group for group in about.groups() if group is not None), b"") if about else b""
    new = with_description(without_record(packet), record.description(_unescaped(name.decode("utf-8", "replace"))))
    return metadata if new == packet else with_packet(metadata, new)


def without_record(packet: bytes) -> bytes:
    """Remove the record from a packet, even if another program has rewritten it."""
    if NAMESPACE.encode() not in packet:
        return packet
    return _ELEMENT.sub(b"", _ATTRIBUTE.sub(b"", _OWN.sub(b"", packet)))


def parse_record(packet: bytes | None) -> Record | None:
    """Return the record in an XMP packet, or None."""
    if not packet or NAMESPACE.encode() not in packet:
        return None
    values = dict(_pairs(packet))
    version, source, _ = (values.pop(name, "") for name in (_VERSION, _SOURCE, _SEAL))
    return Record(version, tuple(sorted(values.items())), source, _OWN.search(packet) is not None)


def read_record(path: Path) -> Record | None:
    """Return the record in a picture's file without decoding it; None without one, or if it cannot be read."""
    try:
        return parse_record(read_packet(path)) if path.is_file() else None
    except OSError:  # reading the picture will report why
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
