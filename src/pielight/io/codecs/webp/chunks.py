"""WebP files: the chunks of their container (RIFF)."""

from __future__ import annotations

from collections.abc import Iterator

from pielight.io.file_view import Source

FRAME_HEADER = 16  # bytes of a frame before its chunks: position, size, duration and flags


def chunks(data: Source, start: int, stop: int) -> Iterator[tuple[bytes, slice]]:
    """Yield type and span of the content of each chunk in a part of a WebP file; the last may be cut."""
    while start + 8 <= stop:
        length = int.from_bytes(data[start + 4 : start + 8], "little")
        yield data[start : start + 4], slice(start + 8, min(stop, start + 8 + length))
        start += 8 + length + length % 2


def is_lossless(data: bytes) -> bool:
    """Return whether the first picture of a WebP file is coded without loss."""
    for kind, span in chunks(data, 12, len(data)):
        if kind == b"ANMF":
            kinds = [kind for kind, _ in chunks(data, span.start + FRAME_HEADER, span.stop)]
            if b"VP8L" in kinds or b"VP8 " in kinds:
                return b"VP8L" in kinds
        if kind in (b"VP8L", b"VP8 "):
            return kind == b"VP8L"
    return False
