"""A clip's file enhanced into another file, which appears whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from pielight.core.atomic_file import AtomicFile, is_same_file, open_atomic, write_atomic
from pielight.core.file_attributes import attributes_of
from pielight.core.messages import shown
from pielight.enhancer import Enhancer
from pielight.errors import ExistsError, PictureError
from pielight.inference.exposure_track import FPS
from pielight.inference.pipeline_files import SaveOptions, Written
from pielight.io.provenance import Record, read_fingerprint
from pielight.io.provenance_checksum import write_checksum
from pielight.io.size_limits import memory_for
from pielight.options import EnhanceOptions
from pielight.video.clip_enhancer import ClipEnhancer, check_hdr
from pielight.video.containers import MUXERS, muxer_of
from pielight.video.cut import Cut
from pielight.video.decode import ClipReader
from pielight.video.encoders import choose_encoder
from pielight.video.open_clip import open_clip
from pielight.video.options import VideoOptions
from pielight.video.previews import Previews
from pielight.video.probe import probe
from pielight.video.progress import ClipProgress
from pielight.video.provenance import clip_record_in
from pielight.video.remux import copyable
from pielight.video.transcode import Pipeline
from pielight.video.writer import ClipWriter

_MATRICES = ("mp4", "mov", "3gp", "3g2", "matroska", "webm")  # containers that can say how a clip is turned


def enhance_clip_file(
    source: Path,
    target: Path,
    enhancer: Enhancer,
    options: EnhanceOptions,
    video: VideoOptions,
    saving: SaveOptions,
    record: Record,
    on_progress: Callable[[ClipProgress], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
) -> Written:
    """Enhance a clip into a file that appears whole or not at all; see :func:`pielight.enhance_video`.

    Raises:
        ExistsError: The target exists, and is to be kept.
        ClipStopped: ``stop`` returned True; there is no new file.
        PictureError: The source cannot be read, the target is the source, or it cannot be written.
    """
    if is_same_file(source, target) and saving.existing == "overwrite":
        raise PictureError(f"{shown(target)}: the result would overwrite the clip; choose another output")
    attributes = attributes_of(source, saving.preserve_times)
    output = open_atomic(target, saving.existing, attributes, saving.number)
    if options.strength == 0 and video.is_neutral and muxer_of(target) == muxer_of(_named(source, target)):
        probe(source)
        with output as file, source.open("rb") as original:
            shutil.copyfileobj(original, file)
        return Written(file.path, "", False)
    sealed = replace(record, source=read_fingerprint(source))
    with memory_for(shown(source)), output as file:
        previews, notes = _transcode(source, target, file, enhancer, options, video, sealed, on_progress, stop)
        is_recorded = write_checksum(file)
    for data, suffix in ((previews.gif(), ".gif"), (previews.poster(), ".jpg")):
        if data is not None:
            notes += _preview(_preview_path(source, file.path, suffix), data, saving)
    return Written(file.path, "; ".join(notes), is_recorded)


def _transcode(
    source: Path,
    target: Path,
    file: AtomicFile,
    enhancer: Enhancer,
    options: EnhanceOptions,
    video: VideoOptions,
    record: Record,
    on_progress: Callable[[ClipProgress], None],
    stop: Callable[[], bool],
) -> tuple[Previews, list[str]]:
    """Write the result into a file, and return its previews, and notes."""
    info, muxer = probe(source, video.start), muxer_of(target)
    check_hdr(info, enhancer, options, shown(source))
    encoder, cut = choose_encoder(info, video, muxer, str(target)), Cut.of(info, video)
    notes = list(encoder.notes)
    if info.matrix is not None and muxer not in _MATRICES:
        notes.append(f"turned by {info.rotation} degrees, which {muxer} cannot say")
    threads = enhancer.threads or 0
    with open_clip(source) as container:
        older = clip_record_in(container.metadata)
        if older is not None and older.task == record.task:
            notes.append("a result of pielight already, now enhanced once more")
        copied, left_out = copyable(container, info.stream, muxer)
        width = 2 * info.width if video.side_by_side else info.width
        writer = ClipWriter(
            file, target, muxer, container, copied, info, encoder, (width, info.height), cut, record, threads
        )
        reader = ClipReader(container, source, info, copied, cut, threads)
        previews = Previews(video.gif, video.poster, info.rotation)
        pipeline = Pipeline(
            reader,
            ClipEnhancer(enhancer, options, video.every, encoder.pix_fmt, float(info.rate or FPS), video.side_by_side),
            writer, previews, encoder.pix_fmt, video.side_by_side, _total(info.frames, info.rate, video),
        )  # fmt: skip
        try:
            count = pipeline.run(file, on_progress, stop)
            if not count:
                raise PictureError(f"{shown(source)}: no frame can be decoded")
            notes += [*left_out, *writer.close(), *reader.faults.notes(info)]
        except BaseException:
            writer.abort()
            raise
    return previews, notes


def _total(frames: int | None, rate: object, video: VideoOptions) -> int | None:
    if frames is None or video.end is None or not rate:
        return frames
    seconds = video.end - (video.start or 0)
    return min(frames, max(1, round(seconds * float(rate))))  # type: ignore[arg-type]


def _named(source: Path, target: Path) -> Path:
    """Return the source, by whose name its container is told, or the target where the name tells nothing."""
    return source if source.suffix else target


def _preview_path(source: Path, written: Path, suffix: str) -> Path:
    """Return the name of a preview: that of the result, with its extension where other clips have the same name."""
    others = (source.with_suffix(one) for one in MUXERS)
    is_shared = any(one.exists() and not is_same_file(one, source) and one != written for one in others)
    return written.with_name(written.name + suffix) if is_shared else written.with_suffix(suffix)


def _preview(path: Path, data: bytes, saving: SaveOptions) -> list[str]:
    """Write a preview beside the result; return a note where that is not possible."""
    existing = "overwrite" if saving.existing == "overwrite" else "skip"
    try:
        write_atomic(path, data, existing)  # type: ignore[arg-type]
    except ExistsError:
        return [f"{shown(path)} exists and is kept"]
    return []
