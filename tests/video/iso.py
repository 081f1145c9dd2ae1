"""Boxes of MP4 and MOV (ISO/IEC 14496-12) that the tests write themselves: tracks that FFmpeg cannot make."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

_HEADER = 8
_UNITY = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)


def box(kind: bytes, *parts: bytes) -> bytes:
    """A box with its size."""
    data = b"".join(parts)
    return struct.pack(">I", _HEADER + len(data)) + kind + data


def full_box(kind: bytes, *parts: bytes, flags: int = 0) -> bytes:
    """A box with version 0 and flags."""
    return box(kind, struct.pack(">I", flags), *parts)


def boxes(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start and end of each box in data."""
    place = 0
    while place + _HEADER <= len(data):
        size, kind = struct.unpack_from(">I4s", data, place)
        if size == 1:
            size = struct.unpack_from(">Q", data, place + _HEADER)[0]
        yield kind, place, place + size
        place += size


def add_tracks(path: Path, tracks: Sequence[tuple[bytes, Sequence[bytes]]], scale: int, duration: int) -> None:
    """Add tracks of timed metadata to a file whose index is at its end.

    Args:
        path: The file.
        tracks: Of each, the box that describes its samples, and the samples.
        scale: Units of time in a second.
        duration: Of each sample.
    """
    data = path.read_bytes()
    found = list(boxes(data))
    start, end = next((first, last) for kind, first, last in found if kind == b"moov")
    assert end == len(data), "the index must be at the end"
    head, index = data[:start], data[start + _HEADER :]
    number = sum(kind == b"trak" for kind, _, _ in boxes(index))
    added = b""
    for description, samples in tracks:
        number += 1
        place = len(head) + _HEADER
        head += box(b"mdat", *samples)
        table = box(
            b"stbl",
            full_box(b"stsd", struct.pack(">I", 1), description),
            full_box(b"stts", struct.pack(">3I", 1, len(samples), duration)),
            full_box(b"stsc", struct.pack(">4I", 1, 1, len(samples), 1)),
            full_box(b"stsz", struct.pack(">2I", 0, len(samples)), *(struct.pack(">I", len(one)) for one in samples)),
            full_box(b"stco", struct.pack(">2I", 1, place)),
        )
        data_reference = box(b"dinf", full_box(b"dref", struct.pack(">I", 1), full_box(b"url ", flags=1)))
        media = box(
            b"mdia",
            full_box(b"mdhd", struct.pack(">4IHH", 0, 0, scale, duration * len(samples), 0x55C4, 0)),
            full_box(b"hdlr", b"\0\0\0\0meta", bytes(12), b"Core Media Metadata\0"),
            box(b"minf", full_box(b"nmhd"), data_reference, table),
        )
        track = full_box(
            b"tkhd", struct.pack(">5I", 0, 0, number, 0, 1000 * duration * len(samples) // scale), bytes(16), _UNITY,
            bytes(8), flags=15,
        )  # fmt: skip
        added += box(b"trak", track, media)
    path.write_bytes(head + box(b"moov", index, added))


def key_of_metadata(name: bytes) -> bytes:
    """The description of Apple's timed metadata with one key."""
    entry = box(b"\0\0\0\1", box(b"keyd", b"mdta" + name), box(b"dtyp", struct.pack(">2I", 0, 66)))
    return box(b"mebx", bytes(6), struct.pack(">H", 1), box(b"keys", entry))


def gopro_metadata() -> bytes:
    """The description of a GoPro's timed metadata."""
    return box(b"gpmd", bytes(6), struct.pack(">HI", 1, 0))
