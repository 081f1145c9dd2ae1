"""Update a JPEG's trailer, and the metadata about it, for a picture that was changed or gets another format."""

from __future__ import annotations

from dataclasses import replace

from pielight.errors import PictureError
from pielight.io.codecs.jpeg.segments import joined, parse
from pielight.io.codecs.jpeg.trailer import ISO_GAIN_MAP, Part, without_parts
from pielight.io.image import Picture
from pielight.io.metadata.embedded_thumbnails import with_new_segments
from pielight.io.metadata.google_xmp import without_container, without_gain_map
from pielight.io.metadata.metadata import Metadata, with_packet
from pielight.io.metadata.thumbnails import remade_jpeg

_NO_LIMIT = 1 << 30


def with_updated_trailer(picture: Picture, file_format: str, notes: list[str]) -> Picture:
    """Make the trailer of a JPEG fit its changed picture.

    Previews are regenerated. A gain map is dropped, since it belongs to the picture before the change: together with
    brightened shadows it would show a picture that nobody has seen.
    """
    metadata = picture.metadata
    if not picture.changed or metadata.segments is None or file_format != "JPEG":
        return picture
    metadata = _with_new_previews(_without_gain_map(metadata, notes), picture, notes)
    return replace(picture, metadata=metadata)


def without_trailer(metadata: Metadata, left_out: list[str]) -> Metadata:
    """Drop the trailer, and the XMP about it.

    Args:
        left_out: Is extended by what that was, except for previews and views of the scene.
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
    segments, parts = without_parts(lambda part: part.kind == "gain map", metadata.segments or (), metadata.appended)
    if len(parts) < len(metadata.appended):
        notes.append("HDR gain map left out: it belongs to the original picture")
    segments = tuple(segment for segment in segments if not segment.content.startswith(ISO_GAIN_MAP))
    metadata = replace(metadata, segments=segments, appended=parts)
    if metadata.xmp and (packet := without_gain_map(metadata.xmp)) != metadata.xmp:
        metadata = with_packet(metadata, packet)
    return metadata


def _with_new_previews(metadata: Metadata, picture: Picture, notes: list[str]) -> Metadata:
    regenerated: list[Part] = []
    failed: set[int] = set()
    for part in metadata.appended:
        if part.kind == "preview":
            # The length of a preview that EXIF points to is stored somewhere in a MakerNote.
            length = len(part.content) if part.pointers else 0
            try:
                new = remade_jpeg(part.content, picture, length or _NO_LIMIT)
                new = _with_own_thumbnail(new, picture, length, notes)
                part = replace(part, content=new.ljust(length, b"\0"))
            except PictureError as error:
                notes.append(f"preview {'left as it was' if length else 'left out'}: {error}")
                failed |= set() if length else {part.number}
        regenerated.append(part)
    segments, parts = without_parts(lambda part: part.number in failed, metadata.segments or (), tuple(regenerated))
    return replace(metadata, segments=segments, appended=parts)


def _with_own_thumbnail(preview: bytes, picture: Picture, length: int, notes: list[str]) -> bytes:
    """Regenerate the thumbnail in a preview's own EXIF, if there is room for it."""
    segments = parse(preview).segments
    segment_notes: list[str] = []
    updated = joined(with_new_segments(segments, picture, segment_notes))
    new = preview[:2] + updated + preview[2 + len(joined(segments)) :]
    if length and len(new) > length:
        return preview
    notes += segment_notes
    return new
