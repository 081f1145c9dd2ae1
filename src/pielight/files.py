"""Files of pictures in, files of their results out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pielight.errors import PictureError
from pielight.images import Change, changed_picture
from pielight.media.files import is_same_file, read_whole, shown, whole_file, write_whole
from pielight.media.formats import RAW, format_of, result_suffix, written_format
from pielight.media.picture import Picture, decode, encode, fitted, save
from pielight.media.record import Record, recorded

SUFFIX = "_pie"


def result_beside(path: Path) -> Path:
    """Name the result of a picture: beside it, with ``_pie`` after its stem; that of camera RAW ends in .tif.

    >>> [result_beside(Path("trip") / name).name for name in ("night.jpg", "night.dng")]
    ['night_pie.jpg', 'night_pie.tif']
    """
    if not path.name:
        raise PictureError(f"{shown(path)}: no picture is named")
    return path.with_name(f"{path.stem}{SUFFIX}{result_suffix(path)}")


def changed_file(
    source: Path,
    target: Path,
    change: Change,
    strength: float,
    file_format: str | None = None,
    quality: int | None = None,
    record: Record | None = None,
) -> str:
    """Change the pixels of a picture's file into another file, which appears whole or not at all.

    Files, format and quality, what is returned and what is raised are those of :meth:`pielight.Enhancer.file`.

    Args:
        source: Picture to read.
        target: File to write.
        change: Of the pixels.
        strength: 0 if the change leaves them as they are; then the file itself is the result, if its format stays.
        file_format: Pillow's name, or None.
        quality: 1..100, or None.
        record: What made the result, for its XMP; a file that is copied as it is gets none.
    """
    if is_same_file(source, target):
        raise PictureError(f"{shown(target)}: the result would overwrite the picture; choose another output")
    data = read_whole(source)
    picture = decode(data, shown(source))
    if file_format is None:
        # With the same extension, what is inside counts, whatever the name says.
        same = target.suffix.lower() == source.suffix.lower() and picture.format != RAW
        file_format = written_format(picture.format) if same else format_of(target, written_format(picture.format))
    if _untouched(picture, strength, file_format, quality):
        write_whole(target, data)
        return ""
    del data  # as large as the picture, for what does not shrink
    picture = fitted(_made(picture, change, record), file_format, shown(target))
    with whole_file(target) as file:
        save(picture, file, file_format, quality, shown(target))
    return picture.note


def changed_bytes(
    data: bytes,
    change: Change,
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
    picture = fitted(_made(picture, change, record), file_format, name)
    return encode(picture, file_format, quality, name), picture.note


def _made(picture: Picture, change: Change, record: Record | None) -> Picture:
    picture = changed_picture(picture, change)
    return picture if record is None else replace(picture, metadata=recorded(picture.metadata, record))


def _untouched(picture: Picture, strength: float, file_format: str, quality: int | None) -> bool:
    """Say whether the file itself is the result: encoding it again would change a JPEG."""
    return strength == 0 and quality is None and file_format == picture.format
