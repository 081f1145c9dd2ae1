"""Thumbnails in the metadata of a picture: in EXIF, JFIF extensions, Photoshop's resources and XMP."""

from __future__ import annotations

import base64
import binascii
import re
import struct
from collections.abc import Iterable
from dataclasses import replace

from pielight.errors import PictureError
from pielight.io.codecs.jpeg import segments as jpeg
from pielight.io.image import Picture
from pielight.io.metadata.exif_thumbnail import with_thumbnail
from pielight.io.metadata.metadata import with_packet
from pielight.io.metadata.thumbnails import remade_jpeg, remade_pixels

_NO_LIMIT = 1 << 30
_JFXX_JPEG, _JFXX_RGB = 0x10, 0x13
_RESOURCE = re.compile(rb"8BIM(..)(.)", re.DOTALL)  # its ID, and the length of its name
_THUMBNAIL, _BGR_THUMBNAIL = 1036, 1033  # IDs
_RESOURCE_HEAD = struct.Struct(">6L2H")  # format; width, height, bytes a row; bytes of pixels and of JPEG; bits, planes
_JPEG_FORMAT = 1
_UNKNOWN = "of an unknown kind"
_XMP_IMAGE = re.compile(rb"""(xmpGImg:image\s*(?:>|=\s*["']))([^<"']+)""")
_XMP_BREAK = re.compile(rb"&#x[ad];|\s", re.IGNORECASE)


def with_new_thumbnails(picture: Picture, file_format: str, notes: list[str]) -> Picture:
    """Render every thumbnail in a picture's metadata again, from its pixels; those that cannot be are left out."""
    metadata = picture.metadata
    if file_format == "JPEG" and metadata.segments is not None:
        metadata = replace(metadata, segments=with_new_segments(metadata.segments, picture, notes))
    else:
        exif = _in_exif(metadata.exif, picture, jpeg.MAX_SEGMENT if file_format == "JPEG" else _NO_LIMIT, notes)
        metadata = replace(metadata, exif=exif, photoshop=_in_photoshop(metadata.photoshop, picture, notes))
    if metadata.xmp and (packet := _in_xmp(metadata.xmp, picture, notes)) != metadata.xmp:
        metadata = with_packet(metadata, packet)
    return replace(picture, metadata=metadata)


def exif_with_new_thumbnail(exif: bytes, picture: Picture) -> bytes:
    """Return a block of EXIF whose thumbnail, if it has one that can be rendered again, shows a picture."""
    return _in_exif(exif, picture, _NO_LIMIT, [])


def with_new_segments(segments: Iterable[jpeg.Segment], picture: Picture, notes: list[str]) -> tuple[jpeg.Segment, ...]:
    """Return the segments of a JPEG whose thumbnails show a picture; see :func:`with_new_thumbnails`."""
    result: list[jpeg.Segment] = []
    block = jpeg.photoshop_block(segments)
    new_block = _in_photoshop(block, picture, notes)
    photoshop = jpeg.photoshop_segments(new_block) if new_block != block else None
    for segment in segments:
        if segment.marker == jpeg.APP1 and segment.content.startswith(jpeg.EXIF):
            result.append(jpeg.Segment(jpeg.APP1, _in_exif(segment.content, picture, jpeg.MAX_SEGMENT, notes)))
        elif segment.marker == jpeg.APP0 and segment.content.startswith(jpeg.JFXX):
            result += _in_extension(segment.content, picture, notes)
        elif photoshop is not None and segment.marker == jpeg.APP13 and segment.content.startswith(jpeg.PHOTOSHOP):
            result += photoshop  # all of them, in place of the first
            photoshop = ()
        else:
            result.append(segment)
    return tuple(result)


def _in_exif(exif: bytes, picture: Picture, most: int, notes: list[str]) -> bytes:
    exif, note = with_thumbnail(exif, picture, most)
    notes += [note] if note else []
    return exif


def _in_extension(content: bytes, picture: Picture, notes: list[str]) -> list[jpeg.Segment]:
    """Replace the thumbnail of a JFIF extension."""
    start = len(jpeg.JFXX) + 1
    head, rest = content[:start], content[start:]
    try:
        if head.endswith(bytes((_JFXX_JPEG,))):
            return [jpeg.Segment(jpeg.APP0, head + remade_jpeg(rest, picture, jpeg.MAX_SEGMENT - start))]
        if head.endswith(bytes((_JFXX_RGB,))) and len(rest) == 2 + 3 * rest[0] * rest[1] > 2:
            return [jpeg.Segment(jpeg.APP0, head + rest[:2] + remade_pixels(picture, rest[2:], rest[0], rest[1], 3))]
        raise PictureError(_UNKNOWN)
    except (PictureError, IndexError) as error:
        notes.append(f"thumbnail in JFIF left out: {error}")
        return []


def _in_photoshop(block: bytes, picture: Picture, notes: list[str]) -> bytes:
    """Replace the thumbnail among Photoshop's resources."""
    result, position = b"", 0
    while head := _RESOURCE.match(block, position):
        start = head.end() + head[2][0] + (head[2][0] + 1) % 2
        length = int.from_bytes(block[start : start + 4], "big")
        content, end = block[start + 4 : start + 4 + length], start + 4 + length + length % 2
        resource, identifier = block[position:end], int.from_bytes(head[1], "big")
        if identifier in (_THUMBNAIL, _BGR_THUMBNAIL):
            try:
                complete = len(content) >= max(length, _RESOURCE_HEAD.size)
                if identifier == _BGR_THUMBNAIL or not complete or content[3] != _JPEG_FORMAT:
                    raise PictureError(_UNKNOWN)
                made = remade_jpeg(content[_RESOURCE_HEAD.size :], picture, _NO_LIMIT)
                fields = list(_RESOURCE_HEAD.unpack_from(content))
                fields[5] = len(made)
                content = _RESOURCE_HEAD.pack(*fields) + made
                resource = block[position:start] + len(content).to_bytes(4, "big") + content + bytes(len(content) % 2)
            except PictureError as error:
                notes.append(f"thumbnail among Photoshop's resources left out: {error}")
                resource = b""
        result += resource
        position = end
    return result + block[position:]


def _in_xmp(packet: bytes, picture: Picture, notes: list[str]) -> bytes:
    """Replace the thumbnails in an XMP packet, which does not become longer."""

    def replaced(match: re.Match[bytes]) -> bytes:
        try:
            old = base64.b64decode(_XMP_BREAK.sub(b"", match[2]), validate=True)
            return match[1] + base64.b64encode(remade_jpeg(old, picture, len(old)))
        except (PictureError, binascii.Error) as error:
            reason = error if isinstance(error, PictureError) else "damaged"
            notes.append(f"thumbnail in XMP left out: {reason}")
            return match[1]

    return _XMP_IMAGE.sub(replaced, packet)
