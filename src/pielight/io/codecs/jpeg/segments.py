"""The structure of a JPEG file: its segments, its frame header and its end, read in one pass with limits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import gcd
from typing import NamedTuple

from pielight.errors import PictureError
from pielight.io.file_view import FileBytes

MAX_SEGMENT = 65_533
APP0, APP1, APP2, APP12, APP13, APP14, APP15, COMMENT = 0xE0, 0xE1, 0xE2, 0xEC, 0xED, 0xEE, 0xEF, 0xFE
RESTART, END_OF_IMAGE, START_OF_SCAN = 0xD0, 0xD9, 0xDA
EXIF = b"Exif\x00\x00"
PHOTOSHOP = b"Photoshop 3.0\x00"
JFIF, JFXX = b"JFIF\x00", b"JFXX\x00"
JFIF_DENSITY = slice(7, 12)  # unit, across, down
# Limits: other readers spend time on each of these; photos have some tens, and no fill bytes.
MAX_SEGMENTS, MAX_FILL_BYTES, MAX_SCANS, MAX_EXIF_SEGMENTS = 10_000, 1_000_000, 50, 16
FRAMES = (0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF)
_STANDALONE = (*range(0xD0, END_OF_IMAGE + 1), 0xC8, *range(0xF0, COMMENT))  # Pillow reads no length after these
_FIRST_LONG = 0xC0  # below it there are no markers
_CODING = {  # beginnings of segments that belong to the source's coding and are written again
    APP0: (JFIF,),
    APP14: (b"Adobe",),
}
MARKER_IN_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_FILL = re.compile(rb"\xff*")


class Segment(NamedTuple):
    """Marker and content of a segment."""

    marker: int
    content: bytes

    def coded(self) -> bytes:
        """Return the segment as bytes of a file.

        >>> Segment(COMMENT, b"A").coded().hex()
        'fffe000341'
        """
        return bytes((0xFF, self.marker)) + (len(self.content) + 2).to_bytes(2, "big") + self.content


@dataclass(frozen=True)
class JpegLayout:
    """The parts of a JPEG file."""

    segments: tuple[Segment, ...]  # before the first scan, up to the first damaged one
    scans: int  # number of scans of the first picture
    end: int  # where the first picture ends; what follows was appended

    def contents(self, marker: int, head: bytes) -> Iterator[bytes]:
        """Yield the contents, which begin with ``head``, of segments with a marker."""
        return (content for kind, content in self.segments if kind == marker and content.startswith(head))

    def descriptive(self) -> tuple[Segment, ...]:
        """Return the application and comment segments that describe the picture."""
        return tuple(
            segment
            for segment in self.segments
            if (APP0 <= segment.marker <= APP15 or segment.marker == COMMENT)
            and not segment.content.startswith(_CODING.get(segment.marker, ()))
        )

    def frame(self) -> bytes:
        """Return the frame header: depth, height, width and channels; empty if there is none."""
        headers = (content for marker, content in self.segments if marker in FRAMES and len(content) >= 6)
        return next((content for content in headers if len(content) == 6 + 3 * content[5]), b"")

    def size(self) -> tuple[int, int]:
        """Return width and height."""
        frame = self.frame()
        return int.from_bytes(frame[3:5], "big"), int.from_bytes(frame[1:3], "big")

    def sampling(self) -> tuple[tuple[int, int], ...]:
        """Return how many samples each channel has across and down, in the smallest whole numbers.

        ``((2, 1), (1, 1), (1, 1))`` is 4:2:2. Empty without a frame header.
        """
        factors = [(factor >> 4, factor & 15) for factor in self.frame()[7::3]]
        if not factors:
            return ()
        across, down = (gcd(*sizes) or 1 for sizes in zip(*factors, strict=True))
        return tuple((wide // across, high // down) for wide, high in factors)


def is_jpeg(data: FileBytes) -> bool:
    """Return whether a file begins as a JPEG does."""
    return data[:2] == b"\xff\xd8"


def parse(data: FileBytes) -> JpegLayout:
    """Find the segments, scans and end of a JPEG file.

    Raises:
        PictureError: It has more segments, scans or fill bytes than any photo.

    >>> parse(bytes.fromhex("ffd8 fffe 0003 41 ffda 0002 00 ffd9 4142"))
    JpegLayout(segments=(Segment(marker=254, content=b'A'),), scans=1, end=14)
    """
    segments, position = header(data)
    scans, end = _scans(data, position, MAX_SEGMENTS - len(segments))
    return JpegLayout(tuple(segments), scans, end)


def header(data: FileBytes, is_foreign: bool = True) -> tuple[list[Segment], int]:
    """Return the segments up to the first scan, and where that begins; see :func:`parse`.

    Args:
        data: A JPEG file.
        is_foreign: Whether the number of segments is limited; one's own file may have as many as it was given.

    Raises:
        PictureError: It has more segments or fill bytes than any photo.
    """
    segments: list[Segment] = []
    position, fill, count, exif, sound = 2, 0, 0, 0, True  # what Pillow would look at on the way is counted
    while (start := data.find(b"\xff", position)) >= 0:
        marker_position = _end_of_fill(data, start)
        fill += marker_position - position - 1
        _check_fill(fill)
        marker = data[marker_position] if marker_position < len(data) else 0
        if marker == START_OF_SCAN:
            return segments, marker_position - 1
        position = marker_position + 1
        if not marker or marker in _STANDALONE:
            fill += 2
            sound = sound and marker != END_OF_IMAGE
            continue
        length = int.from_bytes(data[position : position + 2], "big")
        if marker < _FIRST_LONG or position + length > len(data):
            break
        count += 1
        content = data[position + 2 : position + length]
        exif += content.startswith(EXIF)
        sound = sound and length >= 2
        if is_foreign and (count > MAX_SEGMENTS or exif > MAX_EXIF_SEGMENTS):
            raise _too_many_segments(count > MAX_SEGMENTS)
        if sound:
            segments.append(Segment(marker, content))
        position += max(2, length)
    else:
        _check_fill(fill + len(data) - position)
    return segments, len(data)


def _check_fill(count: int) -> None:
    if count > MAX_FILL_BYTES:
        raise PictureError(f"{count:,} fill bytes between the segments of a JPEG; the limit is {MAX_FILL_BYTES:,}")


def _end_of_fill(data: FileBytes, start: int) -> int:
    match = _FILL.match(data, start)
    return match.end() if match else start


def _scans(data: FileBytes, position: int, segments_left: int) -> tuple[int, int]:
    """Count the scans from the first one on, and find the end of the picture."""
    scans, end = 0, len(data)
    while match := MARKER_IN_SCAN.search(data, position):
        position, marker = match.end(), data[match.end() - 1]
        if marker == END_OF_IMAGE:
            end = position
            break
        scans += marker == START_OF_SCAN
        segments_left -= 1
        if segments_left < 0:
            raise _too_many_segments(True)
        if marker >= _FIRST_LONG and marker not in _STANDALONE:
            position += int.from_bytes(data[position : position + 2], "big")
    if scans > MAX_SCANS:
        raise PictureError(f"{scans:,} scans in a JPEG; the limit is {MAX_SCANS}")
    return scans, end


def _too_many_segments(of_all: bool) -> PictureError:
    limit, kind = (MAX_SEGMENTS, "segments") if of_all else (MAX_EXIF_SEGMENTS, "EXIF segments")
    return PictureError(f"more than {limit:,} {kind} in a JPEG")


def joined(segments: Iterable[Segment]) -> bytes:
    """Return segments as bytes of a file."""
    return b"".join(segment.coded() for segment in segments)


def photoshop_block(segments: Iterable[Segment]) -> bytes:
    """Return Photoshop's resources, which hold IPTC, as a TIFF would hold them; may be empty."""
    contents = (content for marker, content in segments if marker == APP13 and content.startswith(PHOTOSHOP))
    return b"".join(content.removeprefix(PHOTOSHOP) for content in contents)


def photoshop_segments(block: bytes) -> tuple[Segment, ...]:
    """Return the segments that hold Photoshop's resources."""
    step = MAX_SEGMENT - len(PHOTOSHOP)
    return tuple(Segment(APP13, PHOTOSHOP + block[start : start + step]) for start in range(0, len(block), step))
