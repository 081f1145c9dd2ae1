"""Check that a RAW file holds all sensor data: where they are missing, LibRaw develops uninitialized memory."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from pielight.errors import PictureError
from pielight.io.metadata.ifd import Ifd, walk_ifds
from pielight.io.metadata.tiff_tags import STRIPS, TILES, Tag

_UNCOMPRESSED, _SENSOR_DATA = 1, (32803, 34892)  # compression; photometric interpretations: mosaic and linear
_BLOCKS = (8, 34892, 50002, 52546)  # compressions (deflate, lossy JPEG, JPEG XL) below a bit a value
_JPEG, _JPEG_START = (6, 7, 34892), b"\xff\xd8"
_LEAST_BITS, _LEAST_BITS_OF_BLOCKS, _PACKED_BITS = 1, 1 / 64, 12
_NOWHERE = 0xFFFFFFFF
_BOXES = (b"ftyp", b"moov", b"uuid", b"mdat", b"free", b"skip", b"meta")
_FUJIFILM, _CANON_2, _CANON_3, _PANASONIC = b"FUJIFILMCCD-RAW", b"CR", b"ftypcrx ", b"IIU\0"
_PACKED = (b"\0MRM", b"ARRI")
_PANASONIC_DEPTH, _PANASONIC_CODING, _PANASONIC_PLACE = 10, 45, 280
_PANASONIC_GROUPS = {4: (14, 14), 5: (9, 10), 6: (11, 14), 7: (9, 10)}  # values in 16 bytes: of 14 bits, of 12
_PANASONIC_FIRST, _PANASONIC_LAST = 4, 7  # implied in older cameras, and the last of a fixed rate


class _Extent(NamedTuple):
    """Bytes that are present, and that are needed."""

    present: int
    needed: int


def check_sensor(data: bytes, width: int, height: int) -> None:
    """Refuse a RAW file that was cut, or is too small for its declared contents.

    The extent of the sensor data is known for files with the structure of TIFF, Fujifilm's RAF and Canon's CR3. For
    all others, the minimum of any coding is required.

    Args:
        width: Sensor width in pixels, as LibRaw read it.
        height: Sensor height in pixels.

    >>> check_sensor(bytes(192), 3516, 2328)
    Traceback (most recent call last):
        ...
    pielight.errors.PictureError: cut RAW file: 192 of 1,023,156 bytes
    """
    for present, needed in _extents(data, width * height):
        if present < needed:
            raise PictureError(f"cut RAW file: {present:,} of {needed:,} bytes")


def _extents(data: bytes, values: int) -> Iterator[_Extent]:
    least: float = _LEAST_BITS
    if data.startswith((b"II", b"MM")):
        directories = list(walk_ifds(data))
        if any(directory.number(Tag.COMPRESSION) in _BLOCKS for directory in directories):
            least = _LEAST_BITS_OF_BLOCKS
        yield from _tiff_extents(data, directories)
        if data.startswith(_PANASONIC):
            yield from _panasonic_extents(data, directories, values)
    elif data.startswith(_FUJIFILM):
        yield _Extent(len(data), sum(struct.unpack(">2L", data[100:108].ljust(8, b"\0"))))
    elif data[4:12] == _CANON_3:
        least = _LEAST_BITS_OF_BLOCKS
        yield _Extent(len(data), _end_of_boxes(data))
    elif data.startswith(_PACKED):
        least = _PACKED_BITS
    yield _Extent(len(data), int(values * least / 8))


def _tiff_extents(data: bytes, directories: list[Ifd]) -> Iterator[_Extent]:
    """Yield the extents of the largest pictures of a TIFF, which hold the sensor data."""
    spans = [_spans(directory) for directory in directories]
    sizes = [sum(length for _, length in each) for each in spans]
    is_dng = any(Tag.DNG_VERSION in directory.entries for directory in directories)
    for directory, each, size in zip(directories, spans, sizes, strict=True):
        of_sensor = is_dng and directory.number(Tag.PHOTOMETRIC) in _SENSOR_DATA
        largest = size > 0 and size >= max(sizes) / 2
        if largest:
            yield _Extent(len(data), max(offset + length for offset, length in each))
        if of_sensor:  # other makers name a wrong compression
            yield _Extent(size, _least_dng_bytes(directory))
        if (of_sensor or (largest and data[8:10] == _CANON_2)) and directory.number(Tag.COMPRESSION) in _JPEG:
            for offset, _ in each:
                if not data.startswith(_JPEG_START, offset):
                    raise PictureError(f"damaged RAW file: no sensor's values at byte {offset:,}")


def _spans(directory: Ifd) -> list[tuple[int, int]]:
    """Return offsets and lengths of strips or tiles."""
    for offsets, lengths in (STRIPS, TILES):
        pairs = zip(directory.numbers(offsets), directory.numbers(lengths), strict=False)
        if spans := [(offset, length) for offset, length in pairs if offset != _NOWHERE]:
            return spans
    return []


def _least_dng_bytes(directory: Ifd) -> int:
    """Return the minimum of bytes of a picture in a DNG."""
    values = (
        directory.number(Tag.IMAGE_WIDTH)
        * directory.number(Tag.IMAGE_LENGTH)
        * directory.number(Tag.SAMPLES_PER_PIXEL, 1)
    )
    coding = directory.number(Tag.COMPRESSION, _UNCOMPRESSED)
    if coding == _UNCOMPRESSED:
        return values * directory.number(Tag.BITS_PER_SAMPLE, 1) // 8
    return int(values * (_LEAST_BITS_OF_BLOCKS if coding in _BLOCKS else _LEAST_BITS) / 8)


def _panasonic_extents(data: bytes, directories: list[Ifd], values: int) -> Iterator[_Extent]:
    """Yield the extent of values that are packed in groups of 16 bytes up to the file's end."""
    tags = directories[0] if directories else Ifd("<")
    coding, offset = tags.number(_PANASONIC_CODING, _PANASONIC_FIRST), tags.number(_PANASONIC_PLACE)
    if offset and coding <= _PANASONIC_LAST:
        group = _PANASONIC_GROUPS.get(coding, _PANASONIC_GROUPS[_PANASONIC_FIRST])
        of_12_bits = tags.number(_PANASONIC_DEPTH) == _PACKED_BITS
        yield _Extent(len(data), offset + values // group[of_12_bits] * 16)


def _end_of_boxes(data: bytes) -> int:
    """Return the end of the last box of a CR3."""
    offset = 0
    while offset + 16 <= len(data) and data[offset + 4 : offset + 8] in _BOXES:
        length, _, long = struct.unpack_from(">LLQ", data, offset)
        offset += long if length == 1 else length
        if length == 0:  # the box reaches to the end of the file
            break
    return offset
