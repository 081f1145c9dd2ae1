"""The chunks of PNG files."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from PIL import Image

from pielight.io.file_view import FileBytes, Source

_KEPT = (
    b"cHRM", b"cICP", b"cLLI", b"gAMA", b"mDCV", b"pHYs", b"sBIT", b"sRGB", b"tEXt", b"zTXt", b"iTXt", b"tIME",
)  # fmt: skip
_STALE = (b"bKGD", b"hIST", b"sPLT")
_GRAY, _PALETTE, _WHOLE_BYTES = 0, 3, (8, 16)  # color types, and depths
_DEPTH, _COLOR = 24, 25  # positions in a file
SIGNATURE = b"\x89PNG\r\n\x1a\n"
HEADER_END = 33  # signature and IHDR
_METRE = 0.0254


def chunk_spans(data: Source) -> Iterator[tuple[bytes, slice]]:
    """Yield type and span of the content of each chunk of a PNG file; the last may be cut."""
    position = len(SIGNATURE)
    while position + 12 <= len(data):
        length = int.from_bytes(data[position : position + 4], "big")
        yield data[position + 4 : position + 8], slice(position + 8, position + 8 + length)
        position += 12 + length


def png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield type and content of each chunk of a PNG file, up to the first damaged one."""
    for kind, span in chunk_spans(data):
        if span.stop + 4 > len(data):
            return
        yield kind, data[span]


def kept_chunks(data: bytes) -> tuple[tuple[bytes, bytes], ...]:
    """Return the chunks of a PNG file that stay valid in the result, except for profile and EXIF."""
    chunks = [chunk for chunk in png_chunks(data) if is_kept(chunk[0])]
    opaque = all(kind != b"tRNS" for kind, _ in png_chunks(data))
    if data[_COLOR] != _PALETTE and not (data[_DEPTH] in _WHOLE_BYTES and opaque):
        chunks = [chunk for chunk in chunks if chunk[0] != b"sBIT"]  # depth or channels will change
    return tuple(chunks)


def stale_chunks(data: bytes) -> list[str]:
    """Return the names of the chunks of a PNG file that describe the colors of the source, and are left out.

    >>> stale_chunks(with_chunks(b"x" * 33, [(b"bKGD", bytes(6))])[25:])
    ['bKGD']
    """
    return [kind.decode() for kind, _ in png_chunks(data) if kind in _STALE]


def is_high_bit_depth(image: Image.Image, data: FileBytes) -> bool:
    """Return whether Pillow would cut an opened PNG from 16 bits to 8, so that `high_bit_depth` must decode it."""
    return image.format == "PNG" and data[_DEPTH] == 16 and (data[_COLOR] != _GRAY or "transparency" in image.info)


def is_kept(kind: bytes) -> bool:
    """Return whether a chunk goes to the result: it describes the picture, or is private and marked safe to copy.

    >>> is_kept(b"tEXt"), is_kept(b"orNt"), is_kept(b"acTL"), is_kept(b"IDAT")
    (True, True, False, False)
    """
    private, safe_to_copy = kind[1:2].islower(), kind[3:4].islower()
    return kind in _KEPT or (private and safe_to_copy)


def chunk(kind: bytes, content: bytes) -> bytes:
    """Return a chunk as bytes of a file.

    >>> chunk(b"IEND", b"").hex()
    '0000000049454e44ae426082'
    """
    return len(content).to_bytes(4, "big") + kind + content + zlib.crc32(content, zlib.crc32(kind)).to_bytes(4, "big")


def with_chunks(data: bytes, chunks: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Insert chunks after the header of a PNG file.

    >>> list(png_chunks(with_chunks(b"x" * 33, [(b"tEXt", b"a"), (b"tIME", b"")])[25:]))
    [(b'tEXt', b'a'), (b'tIME', b'')]
    """
    encoded = b"".join(chunk(kind, content) for kind, content in chunks)
    return data[:HEADER_END] + encoded + data[HEADER_END:]


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
