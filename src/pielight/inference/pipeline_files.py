"""The pipeline of picture files: decode, process, encode; :func:`enhance_encoded` holds all of it.

The files that a photo passes from the command line to the disk:

1. ``cli/enhance.py``: the command and its options.
2. ``cli/enhance_request.py``: its request, for files, a stream or watched folders.
3. ``batch/run.py``: several photos at a time.
4. ``enhancer.py``: one model.
5. ``inference/pipeline_files.py``: this file.
6. ``io/decode.py``: bytes to pixels.
7. ``inference/processor.py``: prediction, then its application; for the default model in
8. ``inference/lattice.py``.
9. ``io/encode.py``: pixels to bytes.
"""

from __future__ import annotations

import io
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO, Generic, NamedTuple, TypeVar

from pielight.core.atomic_file import is_same_file, open_atomic, read_file
from pielight.core.file_attributes import attributes_of
from pielight.core.messages import shown
from pielight.core.output_names import Existing
from pielight.errors import OptionError, PictureError
from pielight.inference.processor import Processor
from pielight.io.decode import decode
from pielight.io.encode import fitted, save
from pielight.io.formats import RAW, WRITABLE, format_named, format_of, written_format
from pielight.io.frames import decode_frames
from pielight.io.image import Picture
from pielight.io.metadata.embedded_thumbnails import with_new_thumbnails
from pielight.io.provenance import WITHOUT_RECORD, Record, fingerprint, parse_record, with_record
from pielight.io.provenance_checksum import write_checksum
from pielight.io.size_limits import memory_for
from pielight.options import EnhanceOptions

F = TypeVar("F", bound=BinaryIO)


@dataclass(frozen=True)
class SaveOptions:
    """How a result's file is written.

    Attributes:
        file_format: The format, as ``"png"``; afterwards Pillow's name of it. None is the source's, or that of the
            target's extension if it has another.
        quality: 1..100 for lossy formats; None keeps the source's own.
        existing: What happens if a file of that name exists when the result is written.
        number: From which on the result is numbered if ``existing`` is ``rename``.
        preserve_times: Whether the result takes the source's times of access and of change.
    """

    file_format: str | None = None
    quality: int | None = None
    existing: Existing = "overwrite"
    number: int = 1
    preserve_times: bool = False

    def __post_init__(self) -> None:
        if self.file_format is not None:
            if not (known := format_named(self.file_format)):
                raise OptionError(f"file_format {self.file_format!r}: must be one of {', '.join(WRITABLE)}")
            object.__setattr__(self, "file_format", known)
        if self.quality is not None and not 1 <= self.quality <= 100:
            raise OptionError(f"quality {self.quality!r}: must lie between 1 and 100")


class Written(NamedTuple):
    """The file that a result was written to, notes for the user, and whether it has a record."""

    path: Path
    note: str
    is_recorded: bool = False


class Paths(NamedTuple):
    """The path of a picture's file, or its name in errors, and that of the result; None is a file in memory."""

    source: Path
    target: Path | None = None


@dataclass(frozen=True)
class EnhanceJob:
    """How a picture is enhanced, how the result is written, and the record of its settings, for its XMP, or None."""

    options: EnhanceOptions
    saving: SaveOptions = field(default_factory=SaveOptions)
    record: Record | None = None


@dataclass(frozen=True)
class Encoded(Generic[F]):
    """The open file that holds a result, notes for the user, and whether it has a record."""

    file: F
    note: str
    is_recorded: bool = False


def enhance_file(source: Path, target: Path, processor: Processor, job: EnhanceJob) -> Written:
    """Enhance a picture's file into another file, which appears whole or not at all.

    Raises:
        ExistsError: The target exists, and is to be kept.
        PictureError: The source cannot be read, the target is the source, or it cannot be written.
    """
    saving = job.saving
    if is_same_file(source, target) and saving.existing == "overwrite":
        raise PictureError(f"{shown(target)}: the result would overwrite the picture; choose another output")
    attributes = attributes_of(source, saving.preserve_times)  # before reading changes the time of access
    output = open_atomic(target, saving.existing, attributes, saving.number)
    with memory_for(shown(source)):
        done = enhance_encoded(read_file(source), Paths(source, target), output, processor, job)
    return Written(done.file.path, done.note, done.is_recorded)


def enhance_bytes(data: bytes, name: str, processor: Processor, job: EnhanceJob) -> tuple[bytes, str]:
    """Enhance the bytes of a picture's file; return those of the result, and notes for the user.

    Raises:
        PictureError: The bytes are no picture, or it cannot be encoded.
    """
    with memory_for(name):
        done = enhance_encoded(data, Paths(Path(name)), nullcontext(io.BytesIO()), processor, job)
        return done.file.getvalue(), done.note


def enhance_encoded(
    data: bytes, paths: Paths, output: AbstractContextManager[F], processor: Processor, job: EnhanceJob
) -> Encoded[F]:
    """Decode a picture's file, process its pixels, and encode them into a file that is opened when they are ready.

    The frames of an animation or of a document are decoded, processed and encoded one at a time. At strength 0 the
    file itself is the result, if its format and quality stay: encoding it again would change a JPEG.
    """
    options, quality, name = job.options, job.saving.quality, shown(paths.source)
    picture = decode(data, name)
    file_format = job.saving.file_format or _format_of_result(picture, paths)
    if options.strength == 0 and quality is None and file_format == picture.format:
        with output as file:
            file.write(data)
        return Encoded(file, "")
    picture = _with_record(picture, job.record, data)
    frames = decode_frames(data, picture, file_format, name)
    del data  # can be as large as the pixels
    if frames is None:
        target = shown(paths.target or paths.source)
        picture = fitted(processor.process_picture(picture, options), file_format, target)
        with output as file:
            save(picture, file, file_format, quality, target, processor.runtime.threads)
            note, is_recorded = picture.note, write_checksum(file)
    else:
        processor = processor.for_frames((one.displayed for one in frames if one.displayed is not None), options)
        picture = _with_new_thumbnails(picture, processor, options)
        processed = (replace(frame, pixels=processor.process(frame.pixels, options)) for frame in frames)
        with output as file:
            note = frames.write(file, processed, picture, quality)
            is_recorded = write_checksum(file)
    if job.record is not None and not is_recorded and file_format not in WITHOUT_RECORD:
        note = "; ".join(filter(None, (note, "no record of what made it: the XMP has no place for one")))
    return Encoded(file, note, is_recorded)


def _format_of_result(picture: Picture, paths: Paths) -> str:
    """Return the format to write; with the same extension, the format of the content counts, not that of the name."""
    own = written_format(picture.format)
    if paths.target is None:
        return own
    is_same = paths.target.suffix.lower() == paths.source.suffix.lower() and picture.format != RAW
    return own if is_same else format_of(paths.target, own)


def _with_record(picture: Picture, record: Record | None, data: bytes) -> Picture:
    """Put the record of what makes a result into its metadata; note where the picture is a result itself."""
    if record is None:
        return picture
    older = parse_record(picture.metadata.xmp)
    notes = [picture.note] if picture.note else []
    if older and older.task == record.task:
        notes.append("a result of pielight already, now enhanced once more")
    metadata = with_record(picture.metadata, replace(record, source=fingerprint(data)))
    return replace(picture, metadata=metadata, note="; ".join(notes))


def _with_new_thumbnails(first: Picture, processor: Processor, options: EnhanceOptions) -> Picture:
    """Replace the thumbnails in the metadata of several frames by that of the first one."""
    if options.strength == 0 or not first.metadata.exif or first.format == "JPEG":  # whose views have their own
        return first
    notes = [first.note] if first.note else []
    processed = replace(first, pixels=processor.process(first.pixels, options))
    made = with_new_thumbnails(processed, first.format, notes)
    return replace(first, metadata=made.metadata, note="; ".join(notes))
