"""Thumbnails within a picture's metadata: EXIF, JFIF extensions, Photoshop's resources and XMP."""

from __future__ import annotations

import base64
import binascii
import re
import struct
from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from pielight.errors import PictureError
from pielight.io.codecs.jpeg.segments import (
    APP0,
    APP1,
    APP13,
    EXIF,
    JFXX,
    MAX_SEGMENT,
    PHOTOSHOP,
    Segment,
    photoshop_block,
    photoshop_segments,
)
from pielight.io.image import Picture
from pielight.io.metadata.exif_thumbnail import Remake, with_thumbnail
from pielight.io.metadata.thumbnails import remade_jpeg, remade_pixels
from pielight.io.metadata.xmp_packet import with_packet

_NO_LIMIT = 1 << 30
_JFXX_JPEG, _JFXX_RGB = 0x10, 0x13
_RESOURCE = re.compile(rb"8BIM(..)(.)", re.DOTALL)  # its number, and the length of its name
_THUMBNAIL, _BLUE_FIRST = 1036, 1033
_RESOURCE_HEAD = struct.Struct(">6L2H")  # kind; width, height, bytes a row; bytes of pixels and of JPEG; bits, planes
_JPEG_KIND = 1
_XMP_IMAGE = re.compile(rb"""(xmpGImg:image\s*(?:>|=\s*["']))([^<"']+)""")
_XMP_BREAK = re.compile(rb"&#x[ad];|\s", re.IGNORECASE)


def with_new_thumbnails(picture: Picture, file_format: str, notes: list[str]) -> Picture:
    """Make every thumbnail in a picture's metadata anew, from its pixels; those that cannot be made are left out.

    Args:
        picture: As it will be written.
        file_format: Pillow's name of the format to write.
        notes: Gets what is left out, and why.
    """
    metadata = picture.metadata
    remake = _remake(picture)
    if file_format == "JPEG" and metadata.segments is not None:
        metadata = replace(metadata, segments=_in_segments(metadata.segments, remake, notes))
    else:
        most = MAX_SEGMENT if file_format == "JPEG" else _NO_LIMIT
        exif, note = with_thumbnail(metadata.exif, remake, most)
        notes += [note] if note else []
        metadata = replace(metadata, exif=exif, photoshop=_in_photoshop(metadata.photoshop, remake, notes))
    if metadata.xmp and (packet := _in_xmp(metadata.xmp, remake, notes)) != metadata.xmp:
        metadata = with_packet(metadata, packet)
    return replace(picture, metadata=metadata)


def exif_with_new_thumbnail(exif: bytes, picture: Picture) -> bytes:
    """Return a block of EXIF whose thumbnail, if it has one that can be made anew, shows a picture."""
    return with_thumbnail(exif, _remake(picture), _NO_LIMIT)[0]


def with_new_segments(segments: Iterable[Segment], picture: Picture, notes: list[str]) -> tuple[Segment, ...]:
    """Return the segments of a JPEG whose thumbnails show a picture; see :func:`with_new_thumbnails`."""
    return _in_segments(segments, _remake(picture), notes)


def _remake(picture: Picture) -> Remake:
    return Remake(partial(_jpeg, picture), partial(remade_pixels, picture))


def _jpeg(picture: Picture, old: bytes, room: int) -> bytes:
    return remade_jpeg(old, picture, room)


def _in_segments(segments: Iterable[Segment], remake: Remake, notes: list[str]) -> tuple[Segment, ...]:
    """Replace the thumbnails in the segments of a JPEG."""
    made: list[Segment] = []
    block = photoshop_block(segments)
    new_block = _in_photoshop(block, remake, notes)
    photoshop = photoshop_segments(new_block) if new_block != block else None
    for segment in segments:
        if segment.marker == APP1 and segment.content.startswith(EXIF):
            exif, note = with_thumbnail(segment.content, remake, MAX_SEGMENT)
            notes += [note] if note else []
            made.append(Segment(APP1, exif))
        elif segment.marker == APP0 and segment.content.startswith(JFXX):
            made += _in_extension(segment.content, remake, notes)
        elif photoshop is not None and segment.marker == APP13 and segment.content.startswith(PHOTOSHOP):
            made += photoshop  # all of them, in place of the first
            photoshop = ()
        else:
            made.append(segment)
    return tuple(made)


def _in_extension(content: bytes, remake: Remake, notes: list[str]) -> list[Segment]:
    """Replace the thumbnail of a JFIF extension."""
    start = len(JFXX) + 1
    head, rest = content[:start], content[start:]
    try:
        if head.endswith(bytes((_JFXX_JPEG,))):
            return [Segment(APP0, head + remake.jpeg(rest, MAX_SEGMENT - start))]
        if head.endswith(bytes((_JFXX_RGB,))) and len(rest) == 2 + 3 * rest[0] * rest[1] > 2:
            return [Segment(APP0, head + rest[:2] + remake.pixels(rest[2:], rest[0], rest[1], 3))]
        raise PictureError("of a kind that is not known")
    except (PictureError, IndexError) as error:
        notes.append(f"thumbnail in JFIF left out: {error}")
        return []


def _in_photoshop(block: bytes, remake: Remake, notes: list[str]) -> bytes:
    """Replace the thumbnail among Photoshop's resources."""
    made, place = b"", 0
    while head := _RESOURCE.match(block, place):
        start = head.end() + head[2][0] + (head[2][0] + 1) % 2
        length = int.from_bytes(block[start : start + 4], "big")
        content, behind = block[start + 4 : start + 4 + length], start + 4 + length + length % 2
        number = int.from_bytes(head[1], "big")
        resource = block[place:behind]
        if number in (_THUMBNAIL, _BLUE_FIRST):
            try:
                if number == _BLUE_FIRST or len(content) < max(length, _RESOURCE_HEAD.size) or content[3] != _JPEG_KIND:
                    raise PictureError("of a kind that is not known")
                new = remake.jpeg(content[_RESOURCE_HEAD.size :], _NO_LIMIT)
                fields = list(_RESOURCE_HEAD.unpack_from(content))
                fields[5] = len(new)
                content = _RESOURCE_HEAD.pack(*fields) + new
                resource = block[place:start] + len(content).to_bytes(4, "big") + content + bytes(len(content) % 2)
            except PictureError as error:
                notes.append(f"thumbnail among Photoshop's resources left out: {error}")
                resource = b""
        made += resource
        place = behind
    return made + block[place:]


def _in_xmp(packet: bytes, remake: Remake, notes: list[str]) -> bytes:
    """Replace the thumbnails in an XMP packet, which does not become longer."""

    def new(match: re.Match[bytes]) -> bytes:
        try:
            old = base64.b64decode(_XMP_BREAK.sub(b"", match[2]), validate=True)
            return match[1] + base64.b64encode(remake.jpeg(old, len(old)))
        except (PictureError, binascii.Error) as error:
            reason = error if isinstance(error, PictureError) else "damaged"
            notes.append(f"thumbnail in XMP left out: {reason}")
            return match[1]

    return _XMP_IMAGE.sub(new, packet)
