"""Whether a RAW file holds all of its sensor's values: where they are missing, LibRaw develops leftover memory."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from pielight.errors import PictureError
from pielight.io.metadata.ifd import Ifd, walk_ifds
from pielight.io.metadata.tiff_tags import (
    BITS_PER_SAMPLE,
    COMPRESSION,
    DNG_VERSION,
    IMAGE_LENGTH,
    IMAGE_WIDTH,
    PHOTOMETRIC,
    SAMPLES_PER_PIXEL,
    STRIPS,
    TILES,
)

_UNCOMPRESSED, _OF_SENSORS = 1, (32803, 34892)  # codings, and kinds of pictures: mosaics and linear
_BLOCKS = (8, 34892, 50002, 52546)  # deflate, lossy JPEG, JPEG XL: many values may share a bit
_JPEG, _JPEG_START = (6, 7, 34892), b"\xff\xd8"
_LEAST_BITS, _LEAST_BITS_OF_BLOCKS, _PACKED_BITS = 1, 1 / 64, 12
_NOWHERE = 0xFFFFFFFF
_BOXES = (b"ftyp", b"moov", b"uuid", b"mdat", b"free", b"skip", b"meta")
_FUJIFILM, _CANON_2, _CANON_3, _PANASONIC = b"FUJIFILMCCD-RAW", b"CR", b"ftypcrx ", b"IIU\0"
_PACKED = (b"\0MRM", b"ARRI")
_PANASONIC_DEPTH, _PANASONIC_CODING, _PANASONIC_PLACE = 10, 45, 280
_PANASONIC_GROUPS = {4: (14, 14), 5: (9, 10), 6: (11, 14), 7: (9, 10)}  # values in 16 bytes: of 14 bits, of 12
_PANASONIC_FIRST, _PANASONIC_LAST = 4, 7  # what older cameras do not name, and the last of a fixed rate


class _Account(NamedTuple):
    """Bytes that are there, and that are needed."""

    there: int
    needed: int


def check_sensor(data: bytes, width: int, height: int) -> None:
    """Refuse a RAW file that was cut, or is too small for what it says it holds.

    Where the values lie is known of files that are laid out like TIFF, of Fujifilm's RAF and of Canon's CR3. Of
    all others it is known what any coding needs at least.

    Args:
        data: The whole file.
        width: Values of the sensor in a row, as LibRaw read it.
        height: Rows of them.

    Raises:
        PictureError: Its text has no file name yet.

    >>> check_sensor(bytes(192), 3516, 2328)
    Traceback (most recent call last):
        ...
    pielight.errors.PictureError: cut RAW file: 192 of 1,023,156 bytes
    """
    for there, needed in _accounts(data, width * height):
        if there < needed:
            raise PictureError(f"cut RAW file: {there:,} of {needed:,} bytes")


def _accounts(data: bytes, values: int) -> Iterator[_Account]:
    least: float = _LEAST_BITS
    if data.startswith((b"II", b"MM")):
        directories = list(walk_ifds(data))
        if any(_first(directory, COMPRESSION) in _BLOCKS for directory in directories):
            least = _LEAST_BITS_OF_BLOCKS
        yield from _of_tiff(data, directories)
        if data.startswith(_PANASONIC):
            yield from _of_panasonic(data, directories, values)
    elif data.startswith(_FUJIFILM):
        yield _Account(len(data), sum(struct.unpack(">2L", data[100:108].ljust(8, b"\0"))))
    elif data[4:12] == _CANON_3:
        least = _LEAST_BITS_OF_BLOCKS
        yield _Account(len(data), _end_of_boxes(data))
    elif data.startswith(_PACKED):
        least = _PACKED_BITS
    yield _Account(len(data), int(values * least / 8))


def _of_tiff(data: bytes, directories: list[Ifd]) -> Iterator[_Account]:
    """Account for the largest pictures of a TIFF, which are the sensor's."""
    spans = [_spans(directory) for directory in directories]
    sizes = [sum(length for _, length in each) for each in spans]
    negative = any(DNG_VERSION in directory.entries for directory in directories)
    for directory, each, size in zip(directories, spans, sizes, strict=True):
        of_sensor = negative and _first(directory, PHOTOMETRIC) in _OF_SENSORS
        largest = size > 0 and size >= max(sizes) / 2
        if largest:
            yield _Account(len(data), max(place + length for place, length in each))
        if of_sensor:  # other makers say of their coding what is not so
            yield _Account(size, _least_of_negative(directory))
        if (of_sensor or (largest and data[8:10] == _CANON_2)) and _first(directory, COMPRESSION) in _JPEG:
            for place, _ in each:
                if not data.startswith(_JPEG_START, place):
                    raise PictureError(f"damaged RAW file: no sensor's values at byte {place:,}")


def _spans(directory: Ifd) -> list[tuple[int, int]]:
    """Return places and lengths of strips or tiles."""
    for places, lengths in (STRIPS, TILES):
        found = zip(directory.numbers(places), directory.numbers(lengths), strict=False)
        if spans := [(place, length) for place, length in found if place != _NOWHERE]:
            return spans
    return []


def _least_of_negative(directory: Ifd) -> int:
    """Return how many bytes a picture of a DNG takes at least."""
    values = _first(directory, IMAGE_WIDTH) * _first(directory, IMAGE_LENGTH) * _first(directory, SAMPLES_PER_PIXEL, 1)
    coding = _first(directory, COMPRESSION, _UNCOMPRESSED)
    if coding == _UNCOMPRESSED:
        return values * _first(directory, BITS_PER_SAMPLE, 1) // 8
    return int(values * (_LEAST_BITS_OF_BLOCKS if coding in _BLOCKS else _LEAST_BITS) / 8)


def _of_panasonic(data: bytes, directories: list[Ifd], values: int) -> Iterator[_Account]:
    """Account for values that are packed in groups of 16 bytes up to the file's end."""
    tags = directories[0] if directories else Ifd("<")
    coding, place = _first(tags, _PANASONIC_CODING, _PANASONIC_FIRST), _first(tags, _PANASONIC_PLACE)
    if place and coding <= _PANASONIC_LAST:
        group = _PANASONIC_GROUPS.get(coding, _PANASONIC_GROUPS[_PANASONIC_FIRST])
        of_12_bits = _first(tags, _PANASONIC_DEPTH) == _PACKED_BITS
        yield _Account(len(data), place + values // group[of_12_bits] * 16)


def _end_of_boxes(data: bytes) -> int:
    """Return where the last of the boxes ends of which a CR3 is made."""
    place = 0
    while place + 16 <= len(data) and data[place + 4 : place + 8] in _BOXES:
        length, _, long = struct.unpack_from(">LLQ", data, place)
        place += long if length == 1 else length
        if length == 0:  # up to the end
            break
    return place


def _first(directory: Ifd, tag: int, default: int = 0) -> int:
    return (directory.numbers(tag) or (default,))[0]
