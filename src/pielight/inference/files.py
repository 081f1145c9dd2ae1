"""Files of pictures in, files of their results out."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, NamedTuple

from pielight.core.atomic_file import is_same_file, open_atomic, read_file, shown, write_atomic
from pielight.core.file_attributes import attributes_of
from pielight.core.output_names import Existing
from pielight.errors import PictureError
from pielight.inference.images import Change, FramesChange, changed_picture
from pielight.io.codecs.raw.develop import is_raw_file
from pielight.io.decode import decode
from pielight.io.encode import fitted, save
from pielight.io.formats import RAW, format_of, result_suffix, written_format
from pielight.io.frames import Frames, decode_frames
from pielight.io.image import Picture
from pielight.io.metadata.embedded_thumbnails import with_new_thumbnails
from pielight.io.provenance import WITHOUT_RECORD, Record, find_record, fingerprint, recorded
from pielight.io.provenance_checksum import seal
from pielight.io.visible_change import look_different, sample

SUFFIX = "_pie"
_RESULT = re.compile(rf"(.+){SUFFIX}(-\d+)?", re.DOTALL)


@dataclass(frozen=True)
class FileOptions:
    """How a result's file is written.

    Attributes:
        file_format: Pillow's name of the format; None is the source's, or that of the target's extension if it has
            another.
        quality: 1..100 for lossy formats; None keeps the source's own.
        existing: What becomes of a file that has the name when the result is written.
        number: From which on the result is numbered if ``existing`` is ``rename``.
        preserve_times: Whether the result takes the source's times of access and of change.
    """

    file_format: str | None = None
    quality: int | None = None
    existing: Existing = "overwrite"
    number: int = 1
    preserve_times: bool = False


class Written(NamedTuple):
    """The file that a result was written to, what the user should know of how, and whether it has a record."""

    path: Path
    note: str
    is_recorded: bool = False


def result_beside(path: Path) -> Path:
    """Name the result of a picture: beside it, with ``_pie`` after its stem; that of camera RAW ends in .tif.

    >>> [result_beside(Path("trip") / name).name for name in ("night.jpg", "night.dng")]
    ['night_pie.jpg', 'night_pie.tif']
    """
    if not path.name:
        raise PictureError(f"{shown(path)}: no picture is named")
    return path.with_name(f"{path.stem}{SUFFIX}{suffix_of_result(path)}")


def origin(path: Path) -> str | None:
    """Return the stem of the picture that a result was made of, or None if the name is not that of a result.

    >>> origin(Path("a_pie.jpg")), origin(Path("a_pie-2.jpg")), origin(Path("a.jpg"))
    ('a', 'a', None)
    """
    match = _RESULT.fullmatch(path.stem)
    return match[1] if match else None


def suffix_of_result(path: Path, file_format: str | None = None) -> str:
    """Return the extension of a picture's result; a picture whose own says nothing is looked into.

    Args:
        path: The picture.
        file_format: Pillow's name of the format to write; None is the one it comes in, TIFF for camera RAW.
    """
    if file_format is None and not format_of(path, "") and is_raw_file(path):
        file_format = written_format(RAW)
    return result_suffix(path, file_format)


def changed_file(
    source: Path,
    target: Path,
    change: FramesChange,
    strength: float,
    options: FileOptions | None = None,
    record: Record | None = None,
) -> Written:
    """Change the pixels of a picture's file into another file, which appears whole or not at all.

    Files and what is raised are those of :meth:`pielight.Enhancer.write`.

    Args:
        source: Picture to read.
        target: File to write.
        change: Of the pixels.
        strength: 0 if the change leaves them as they are; then the file itself is the result, if its format stays.
        options: How the file is written.
        record: What made the result, for its XMP; a file that is copied as it is gets none.
    """
    options = options or FileOptions()
    if is_same_file(source, target) and options.existing == "overwrite":
        raise PictureError(f"{shown(target)}: the result would overwrite the picture; choose another output")
    attributes = attributes_of(source, options.preserve_times)  # before reading changes the time of access
    data = read_file(source)
    picture = decode(data, shown(source))
    file_format, quality = options.file_format, options.quality
    if file_format is None:
        # With the same extension, what is inside counts, whatever the name says.
        same = target.suffix.lower() == source.suffix.lower() and picture.format != RAW
        file_format = written_format(picture.format) if same else format_of(target, written_format(picture.format))
    if _untouched(picture, strength, file_format, quality):
        return Written(write_atomic(target, data, options.existing, attributes, options.number), "")
    picture = _recorded(picture, record, data)
    frames = decode_frames(data, picture, file_format, shown(source))
    if frames:
        with open_atomic(target, options.existing, attributes, options.number) as file:
            note = _write_frames(frames, file, picture, change, strength, quality)
            is_recorded = seal(file)
        return Written(file.path, _noted(note, record, is_recorded, file_format), is_recorded)
    del data  # as large as the picture, for what does not shrink
    picture = fitted(_changed(picture, change), file_format, shown(target))
    with open_atomic(target, options.existing, attributes, options.number) as file:
        save(picture, file, file_format, quality, shown(target))
        is_recorded = seal(file)
    return Written(file.path, _noted(picture.note, record, is_recorded, file_format), is_recorded)


def changed_bytes(
    data: bytes,
    change: FramesChange,
    strength: float,
    file_format: str | None = None,
    quality: int | None = None,
    name: str = "picture",
    record: Record | None = None,
) -> tuple[bytes, str]:
    """Change the pixels of a picture's file that is in memory, as :meth:`pielight.Enhancer.encoded` does."""
    picture = decode(data, name)
    file_format = file_format or written_format(picture.format)
    if _untouched(picture, strength, file_format, quality):
        return data, ""
    picture = _recorded(picture, record, data)
    frames = decode_frames(data, picture, file_format, name)
    result = io.BytesIO()
    if frames:
        note = _write_frames(frames, result, picture, change, strength, quality)
    else:
        picture = fitted(_changed(picture, change), file_format, name)
        save(picture, result, file_format, quality, name)
        note = picture.note
    note = _noted(note, record, seal(result), file_format)
    return result.getvalue(), note


def _changed(picture: Picture, change: Change) -> Picture:
    before = sample(picture.pixels)
    made = changed_picture(picture, change)
    return replace(made, changed=look_different(before, sample(made.pixels)))


def _write_frames(
    frames: Frames, file: BinaryIO, first: Picture, change: FramesChange, strength: float, quality: int | None
) -> str:
    """Write all frames, changed alike, and return what the user should know."""
    alike = change.alike(frame.displayed for frame in frames if frame.displayed is not None)
    if strength != 0 and first.metadata.exif and first.format != "JPEG":  # views in JPEGs have thumbnails of their own
        notes = [first.note] if first.note else []
        shown = with_new_thumbnails(replace(first, pixels=alike(first.pixels)), first.format, notes)
        first = replace(first, metadata=shown.metadata, note="; ".join(notes))
    processed = (replace(frame, pixels=alike(frame.pixels)) for frame in frames)
    return frames.write(file, processed, first, quality)


def _recorded(picture: Picture, record: Record | None, data: bytes) -> Picture:
    """Put the record of what makes a result into its metadata; note where the picture is a result itself."""
    if record is None:
        return picture
    older = find_record(picture.metadata.xmp)
    notes = [picture.note] if picture.note else []
    if older and older.task == record.task:
        notes.append("a result of pielight already, now enhanced once more")
    metadata = recorded(picture.metadata, replace(record, source=fingerprint(data)))
    return replace(picture, metadata=metadata, note="; ".join(notes))


def _noted(note: str, record: Record | None, is_recorded: bool, file_format: str) -> str:
    """Add to a note where a record should be and is not."""
    if record is None or is_recorded or file_format in WITHOUT_RECORD:
        return note
    return "; ".join(filter(None, (note, "no record of what made it: the XMP has no place for one")))


def _untouched(picture: Picture, strength: float, file_format: str, quality: int | None) -> bool:
    """Say whether the file itself is the result: encoding it again would change a JPEG."""
    return strength == 0 and quality is None and file_format == picture.format
