"""Keep true what a JPEG says of the things behind its picture, when that is another one or gets another format."""

from __future__ import annotations

from dataclasses import replace

from pielight.errors import PictureError
from pielight.io.codecs.jpeg.segments import joined, parse
from pielight.io.codecs.jpeg.trailer import ISO_GAIN_MAP, Part, without
from pielight.io.image import Picture
from pielight.io.metadata.embedded_thumbnails import with_new_segments
from pielight.io.metadata.google_xmp import without_container, without_gain_map
from pielight.io.metadata.metadata import Metadata
from pielight.io.metadata.thumbnails import remade_jpeg
from pielight.io.metadata.xmp_packet import with_packet

_NO_LIMIT = 1 << 30


def with_true_parts(picture: Picture, file_format: str, notes: list[str]) -> Picture:
    """Make what stands behind the picture of a JPEG fit it, and leave out what cannot.

    Previews are made anew. A gain map was that of the picture before the change: brightened shadows and the old map
    together are no picture that anybody saw.

    Args:
        picture: As it will be written.
        file_format: Pillow's name of the format to write.
        notes: Gets what is left out, and why.
    """
    metadata = picture.metadata
    if not picture.changed or metadata.segments is None or file_format != "JPEG":
        return picture
    metadata = _with_new_previews(_without_gain_map(metadata, notes), picture, notes)
    return replace(picture, metadata=metadata)


def without_parts(metadata: Metadata, left_out: list[str]) -> Metadata:
    """Leave out everything behind the picture, and what XMP says of it.

    Args:
        metadata: Of a JPEG.
        left_out: Gets what that was, but for previews, and views of the scene.
    """
    parts = metadata.appended
    further = sum(part.kind == "picture" for part in parts)
    left_out += ["HDR gain map"] if any(part.kind == "gain map" for part in parts) else []
    left_out += ["video"] if any(part.has_video() for part in parts) else []
    left_out += [f"{further} further pictures" if further > 1 else "a further picture"] if further else []
    left_out += ["trailer"] if any(_is_trailer(part) for part in parts) else []
    if metadata.xmp and (packet := without_container(metadata.xmp)) != metadata.xmp:
        metadata = with_packet(metadata, packet)
    return replace(metadata, appended=())


def _is_trailer(part: Part) -> bool:
    return part.kind == "rest" and bool(part.content.strip(b"\0")) and not part.has_video()


def _without_gain_map(metadata: Metadata, notes: list[str]) -> Metadata:
    segments, parts = without(lambda part: part.kind == "gain map", metadata.segments or (), metadata.appended)
    if len(parts) < len(metadata.appended):
        notes.append("HDR gain map left out: it is that of the picture before")
    segments = tuple(segment for segment in segments if not segment.content.startswith(ISO_GAIN_MAP))
    metadata = replace(metadata, segments=segments, appended=parts)
    if metadata.xmp and (packet := without_gain_map(metadata.xmp)) != metadata.xmp:
        metadata = with_packet(metadata, packet)
    return metadata


def _with_new_previews(metadata: Metadata, picture: Picture, notes: list[str]) -> Metadata:
    made: list[Part] = []
    failed: set[int] = set()
    for part in metadata.appended:
        if part.kind == "preview":
            # What EXIF leads to has its length somewhere in a MakerNote.
            length = len(part.content) if part.pointers else 0
            try:
                new = remade_jpeg(part.content, picture, length or _NO_LIMIT)
                new = _with_own_thumbnail(new, picture, length, notes)
                part = replace(part, content=new.ljust(length, b"\0"))
            except PictureError as error:
                notes.append(f"preview {'left as it was' if length else 'left out'}: {error}")
                failed |= set() if length else {part.number}
        made.append(part)
    segments, parts = without(lambda part: part.number in failed, metadata.segments or (), tuple(made))
    return replace(metadata, segments=segments, appended=parts)


def _with_own_thumbnail(preview: bytes, picture: Picture, length: int, notes: list[str]) -> bytes:
    """Make the thumbnail anew that a preview has in its own EXIF, if there is room for it."""
    segments = parse(preview).segments
    told: list[str] = []
    made = with_new_segments(segments, picture, told)
    new = preview[:2] + joined(made) + preview[2 + len(joined(segments)) :]
    if length and len(new) > length:
        return preview
    notes += told
    return new
