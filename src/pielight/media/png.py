"""PNG files: their chunks, and how to put some into a file that is written."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

_KEPT = (b"cHRM", b"cICP", b"gAMA", b"sRGB", b"tEXt", b"zTXt", b"iTXt", b"tIME")
GREY = 0  # of the colour types
_HEADER_END = 33  # signature and IHDR
_METRE = 0.0254


def png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield type and content of each chunk of a PNG file, up to the first damaged one."""
    place = 8
    while place + 12 <= len(data):
        length = int.from_bytes(data[place : place + 4], "big")
        if place + 12 + length > len(data):
            return
        yield data[place + 4 : place + 8], data[place + 8 : place + 8 + length]
        place += 12 + length


def is_kept(kind: bytes) -> bool:
    """Say whether a chunk goes to the result: it describes the picture, or its maker says that it may be copied.

    >>> is_kept(b"tEXt"), is_kept(b"orNt"), is_kept(b"acTL"), is_kept(b"IDAT")
    (True, True, False, False)
    """
    private, safe_to_copy = kind[1:2].islower(), kind[3:4].islower()
    return kind in _KEPT or (private and safe_to_copy)


def with_chunks(data: bytes, chunks: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Put chunks behind the header of a PNG file.

    >>> list(png_chunks(with_chunks(b"x" * 33, [(b"tEXt", b"a"), (b"tIME", b"")])[25:]))
    [(b'tEXt', b'a'), (b'tIME', b'')]
    """
    made = b"".join(
        len(content).to_bytes(4, "big") + kind + content + zlib.crc32(kind + content).to_bytes(4, "big")
        for kind, content in chunks
    )
    return data[:_HEADER_END] + made + data[_HEADER_END:]


def profile_chunk(profile: bytes) -> tuple[bytes, bytes]:
    """Return the chunk that holds a colour profile."""
    return b"iCCP", b"ICC Profile\0\0" + zlib.compress(profile)


def resolution_chunk(dpi: tuple[float, float]) -> tuple[bytes, bytes]:
    """Return the chunk that holds a resolution.

    >>> resolution_chunk((254, 127))[1].hex()
    '000027100000138801'
    """
    across, down = (round(value / _METRE).to_bytes(4, "big") for value in dpi)
    return b"pHYs", across + down + b"\1"
