"""PNG files: their chunks, and how to put some into a file that is written."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, BinaryIO

from pielight.io.codecs.jpeg.segments import EXIF, Source
from pielight.io.codecs.png import text as png_text
from pielight.io.metadata.xmp import PNG_KEYWORD

if TYPE_CHECKING:
    from pielight.io.metadata.metadata import Metadata

_KEPT = (
    b"cHRM", b"cICP", b"cLLI", b"gAMA", b"mDCV", b"pHYs", b"sBIT", b"sRGB", b"tEXt", b"zTXt", b"iTXt", b"tIME",
)  # fmt: skip
_OF_OLD_COLORS = (b"bKGD", b"hIST", b"sPLT")
_PALETTE, _WHOLE_BYTES = 3, (8, 16)  # a color type, and depths
_DEPTH, _COLOR = 24, 25  # places in a file
SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEADER_END = 33  # signature and IHDR
_METRE = 0.0254


def chunk_places(data: Source) -> Iterator[tuple[bytes, slice]]:
    """Yield type and place of the content of each chunk of a PNG file; the last may be cut."""
    place = len(SIGNATURE)
    while place + 12 <= len(data):
        length = int.from_bytes(data[place : place + 4], "big")
        yield data[place + 4 : place + 8], slice(place + 8, place + 8 + length)
        place += 12 + length


def png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield type and content of each chunk of a PNG file, up to the first damaged one."""
    for kind, place in chunk_places(data):
        if place.stop + 4 > len(data):
            return
        yield kind, data[place]


def kept_chunks(data: bytes) -> tuple[tuple[bytes, bytes], ...]:
    """Return the chunks of a PNG file that still hold for the result, except for profile and EXIF."""
    chunks = [chunk for chunk in png_chunks(data) if is_kept(chunk[0])]
    opaque = all(kind != b"tRNS" for kind, _ in png_chunks(data))
    if data[_COLOR] != _PALETTE and not (data[_DEPTH] in _WHOLE_BYTES and opaque):
        chunks = [chunk for chunk in chunks if chunk[0] != b"sBIT"]  # depth or channels will be others
    return tuple(chunks)


def chunks_of_old_colors(data: bytes) -> list[str]:
    """Name the chunks of a PNG file that tell of the colors before they were changed, and are left out.

    >>> chunks_of_old_colors(with_chunks(b"x" * 33, [(b"bKGD", bytes(6))])[25:])
    ['bKGD']
    """
    return [kind.decode() for kind, _ in png_chunks(data) if kind in _OF_OLD_COLORS]


def is_kept(kind: bytes) -> bool:
    """Say whether a chunk goes to the result: it describes the picture, or its maker says that it may be copied.

    >>> is_kept(b"tEXt"), is_kept(b"orNt"), is_kept(b"acTL"), is_kept(b"IDAT")
    (True, True, False, False)
    """
    private, safe_to_copy = kind[1:2].islower(), kind[3:4].islower()
    return kind in _KEPT or (private and safe_to_copy)


def chunk(kind: bytes, content: bytes) -> bytes:
    """Return a chunk as it stands in a file.

    >>> chunk(b"IEND", b"").hex()
    '0000000049454e44ae426082'
    """
    return len(content).to_bytes(4, "big") + kind + content + zlib.crc32(content, zlib.crc32(kind)).to_bytes(4, "big")


def with_chunks(data: bytes, chunks: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Put chunks behind the header of a PNG file.

    >>> list(png_chunks(with_chunks(b"x" * 33, [(b"tEXt", b"a"), (b"tIME", b"")])[25:]))
    [(b'tEXt', b'a'), (b'tIME', b'')]
    """
    made = b"".join(chunk(kind, content) for kind, content in chunks)
    return data[:_HEADER_END] + made + data[_HEADER_END:]


def described_by(metadata: Metadata) -> list[tuple[bytes, bytes]]:
    """Return the chunks that hold a picture's metadata."""
    chunks = list(metadata.chunks)
    if metadata.icc_profile:  # a file has a profile or says that it is sRGB
        chunks = [profile_chunk(metadata.icc_profile), *(chunk for chunk in chunks if chunk[0] != b"sRGB")]
    if metadata.dpi and all(kind != b"pHYs" for kind, _ in chunks):
        chunks.append(resolution_chunk(metadata.dpi))
    if not metadata.chunks:  # those of a PNG hold all of it already
        chunks += [(b"iTXt", PNG_KEYWORD + b"\0" * 5 + metadata.xmp)] if metadata.xmp else []
        chunks += [png_text.profile_chunk(png_text.IPTC, metadata.photoshop)] if metadata.photoshop else []
        chunks += [png_text.comment_chunk(metadata.comment)] if metadata.comment else []
    if metadata.exif and metadata.exif != png_text.exif(png_text.texts(metadata.chunks)):
        chunks.append((b"eXIf", metadata.exif.removeprefix(EXIF)))
    return chunks


class WithChunks:
    """A file into which Pillow writes a PNG, and chunks come behind its header, many of which Pillow leaves out."""

    def __init__(self, file: BinaryIO, chunks: Iterable[tuple[bytes, bytes]]) -> None:
        self._file, self._chunks, self._head = file, chunks, b""
        self.flush = file.flush

    def write(self, data: bytes) -> int:
        """Write a part of the PNG; its first bytes wait until the header is whole."""
        if len(self._head) >= _HEADER_END:
            return self._file.write(data)
        self._head += data
        if len(self._head) >= _HEADER_END:
            self._file.write(with_chunks(self._head, self._chunks))
        return len(data)


def profile_chunk(profile: bytes) -> tuple[bytes, bytes]:
    """Return the chunk that holds a color profile."""
    return b"iCCP", b"ICC Profile\0\0" + zlib.compress(profile)


def resolution_chunk(dpi: tuple[float, float]) -> tuple[bytes, bytes]:
    """Return the chunk that holds a resolution.

    >>> resolution_chunk((254, 127))[1].hex()
    '000027100000138801'
    """
    across, down = (round(value / _METRE).to_bytes(4, "big") for value in dpi)
    return b"pHYs", across + down + b"\1"
