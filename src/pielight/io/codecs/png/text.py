"""Text chunks of a PNG, and the profiles that ImageMagick and exiftool store in them as hexadecimal text."""

from __future__ import annotations

import binascii
import struct
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple

from pielight.io.codecs.jpeg.segments import EXIF
from pielight.io.metadata.xmp import JPEG_HEAD

Chunk = tuple[bytes, bytes]
COMMENT = "Comment"
IPTC, _PHOTOSHOP, _XMP, _EXIF, _APP1 = "iptc", "8bim", "xmp", "exif", "APP1"  # names of profiles
_PROFILE = "Raw profile type "
CARRIED_PROFILES = tuple(_PROFILE + kind for kind in (IPTC, _PHOTOSHOP, _XMP, _EXIF, _APP1))
_RESOURCE, _IPTC_RESOURCE = b"8BIM", 1028
_KINDS = (b"tEXt", b"zTXt", b"iTXt")
_MAX_BYTES, _MAX_EXPANSION = 1 << 24, 1032  # of deflate
_LINE = 72  # hexadecimal digits


class Text(NamedTuple):
    """A text chunk; its content is in UTF-8 if the chunk is iTXt, else in Latin-1."""

    keyword: str
    content: bytes


def texts(chunks: Iterable[Chunk]) -> list[Text]:
    """Return the texts of a PNG; damaged ones, and those beyond 16 MB of unpacked text, have no content.

    >>> texts([(b"tEXt", b"Title\\0Night"), (b"gAMA", b"")])
    [Text(keyword='Title', content=b'Night')]
    """
    result, room = [], _MAX_BYTES
    for kind, content in chunks:
        if kind in _KINDS:
            keyword, _, rest = content.partition(b"\0")
            compressed = kind == b"zTXt" or (kind == b"iTXt" and rest[:1] == b"\1")
            if kind == b"zTXt":
                rest = rest[1:]
            elif kind == b"iTXt":
                rest = rest[2:].partition(b"\0")[2].partition(b"\0")[2]
            if compressed:
                rest, used = _unpacked(rest, room)
                room -= used
            result.append(Text(keyword.decode("latin-1"), rest))
    return result


def exif(entries: Iterable[Text]) -> bytes:
    """Return the EXIF that is stored as a profile among texts; empty if there is none.

    >>> exif(texts([(b"tEXt", b"Raw profile type exif\\0\\nexif\\n       8\\n4578696600004d4d\\n")]))
    b'Exif\\x00\\x00MM'
    """
    return next((content for content in _profiles(entries, _EXIF, _APP1) if content.startswith(EXIF)), b"")


def xmp(entries: Iterable[Text]) -> bytes | None:
    """Return the XMP that is stored as a profile among texts, or None."""
    for content in _profiles(entries, _XMP, _APP1):
        if not content.startswith(EXIF):
            return content.removeprefix(JPEG_HEAD)
    return None


def photoshop(entries: Iterable[Text]) -> bytes:
    """Return Photoshop's resources, which hold IPTC, that are stored as profiles among texts; may be empty."""
    content = next(_profiles(entries, _PHOTOSHOP, IPTC), b"")
    if not content or content.startswith(_RESOURCE):
        return content
    head = _RESOURCE + struct.pack(">HHL", _IPTC_RESOURCE, 0, len(content))
    return head + content + bytes(len(content) % 2)


def _profiles(entries: Iterable[Text], *kinds: str) -> Iterator[bytes]:
    for text in entries:
        if text.keyword in [_PROFILE + kind for kind in kinds]:
            parts = text.content.split(b"\n", 3)  # nothing, the kind, the length and the digits
            with suppress(IndexError, binascii.Error):
                yield binascii.unhexlify(b"".join(parts[3].split()))


def profile_chunk(kind: str, content: bytes) -> Chunk:
    """Return the chunk that holds a profile."""
    digits = content.hex()
    lines = "".join(digits[start : start + _LINE] + "\n" for start in range(0, len(digits), _LINE))
    text = f"\n{kind}\n{len(content):8d}\n{lines}"
    return b"zTXt", (_PROFILE + kind).encode() + b"\0\0" + zlib.compress(text.encode())


def comment_chunk(comment: bytes) -> Chunk:
    """Return the chunk that holds a comment, which may be in any encoding.

    >>> comment_chunk(b"hello"), comment_chunk("Zoë".encode())
    ((b'tEXt', b'Comment\\x00hello'), (b'iTXt', b'Comment\\x00\\x00\\x00\\x00\\x00Zo\\xc3\\xab'))
    """
    plain = comment.rstrip(b"\0").replace(b"\0", b" ")
    try:
        in_utf8 = not plain.isascii() and bool(plain.decode())
    except UnicodeDecodeError:
        in_utf8 = False
    head = COMMENT.encode() + (b"\0" * 5 if in_utf8 else b"\0")
    return b"iTXt" if in_utf8 else b"tEXt", head + plain


def _unpacked(packed: bytes, room: int) -> tuple[bytes, int]:
    """Return unpacked data and its length; no data if it is damaged or longer than ``room``."""
    unpacker = zlib.decompressobj()
    try:
        content = unpacker.decompress(packed, room) if room else b""
    except zlib.error:
        return b"", min(room, _MAX_EXPANSION * len(packed))
    return b"" if unpacker.unconsumed_tail or not unpacker.eof else content, len(content)
