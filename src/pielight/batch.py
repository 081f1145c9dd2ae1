"""Many pictures: which files, under which names, one outcome each."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pielight.enhancer import SUFFIX, Enhancer, result_beside
from pielight.errors import PictureError, PielightError
from pielight.media.files import shown
from pielight.media.formats import is_picture_name


@dataclass(frozen=True)
class Job:
    """A picture to read and the file to write."""

    input: Path
    output: Path


@dataclass(frozen=True)
class Outcome:
    """What became of one picture.

    Attributes:
        input: The picture.
        output: The file written, or that would have been.
        status: ``done``, ``skipped`` (the output exists) or ``failed``.
        reason: Why it was skipped or failed, or what to know of a result; may be empty.
        seconds: Time taken.
    """

    input: Path
    output: Path
    status: Literal["done", "skipped", "failed"]
    reason: str = ""
    seconds: float = 0.0


def plan(inputs: Sequence[Path], output: Path | None = None, recursive: bool = False) -> list[Job]:
    """Find the pictures of files and folders, and name their results.

    Args:
        inputs: Files as they are named; of a folder, the pictures in it by extension, sorted. Hidden files
            and results (``a_pie.jpg`` beside ``a.jpg``) are left out of folders.
        output: None puts results beside the pictures with ``_pie`` after the name. Otherwise a folder, in
            which names and the tree of each input folder are kept, or the file to write for one picture.
        recursive: Also take the folders inside folders.

    Raises:
        PielightError: Two results would have one name, one would overwrite a picture, or a folder holds none.
    """
    single = len(inputs) == 1 and not inputs[0].is_dir()
    if output is not None and single and is_picture_name(output) and not output.is_dir():
        jobs = [Job(inputs[0], output)]
    else:
        if output is not None and (is_picture_name(output) or output.exists()) and not output.is_dir():
            raise PielightError(f"{shown(output)}: several photos need a folder to be written to")
        found = [pair for path in dict.fromkeys(inputs) for pair in _found(path, recursive, output)]
        jobs = [Job(path, _result(path, place, output)) for path, place in found]
        unique: dict[Path, Job] = {}
        for job in jobs:
            unique.setdefault(_real(job.input), job)
        jobs = list(unique.values())
    if output is None:
        results = {_real(job.output) for job in jobs}
        jobs = [job for job in jobs if _real(job.input) not in results]  # results that a shell's *.jpg has named too
    _check_names(jobs)
    return jobs


def run(
    jobs: Iterable[Job],
    enhancer: Enhancer,
    strength: float = 1.0,
    overwrite: bool = False,
    quality: int | None = None,
) -> Iterator[Outcome]:
    """Brighten pictures one after the other; one that fails does not stop the rest.

    Args:
        jobs: From :func:`plan`.
        enhancer: The model.
        strength: 0 to 1.5.
        overwrite: Make results again that exist.
        quality: 1..100 for JPEG and WebP; None keeps each source's own.

    Raises:
        ModelError: The model is damaged, so that no picture could be enhanced.
    """
    for job in jobs:
        if not overwrite and job.input.exists() and os.path.lexists(job.output):
            yield Outcome(job.input, job.output, "skipped", "the result exists")
            continue
        start = time.perf_counter()
        try:
            reason = enhancer.file(job.input, job.output, strength, quality=quality)
        except (PictureError, MemoryError) as error:
            reason = str(error) or f"{shown(job.input)}: not enough memory"
            yield Outcome(job.input, job.output, "failed", reason, time.perf_counter() - start)
        else:
            yield Outcome(job.input, job.output, "done", reason, time.perf_counter() - start)


def _found(path: Path, recursive: bool, output: Path | None) -> list[tuple[Path, Path]]:
    """List pictures with their places in the output folder."""
    if not path.is_dir():
        return [(path, Path(path.name))]
    pictures = [file for file in _walk(path, recursive, output) if not _is_result(file)]
    if not pictures:
        deeper = "" if recursive else "; -r looks into the folders inside"
        raise PielightError(f"{shown(path)}: no pictures in this folder{deeper}")
    return [(file, file.relative_to(path)) for file in pictures]


def _walk(folder: Path, recursive: bool, output: Path | None) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        raise PielightError(f"{shown(error.filename)}: folder cannot be read ({error.strerror})") from error

    for place, folders, files in os.walk(folder, onerror=refuse):
        inside = [name for name in sorted(folders) if not name.startswith(".")]
        # A folder of results inside the folder of pictures is not read again.
        folders[:] = [name for name in inside if output is None or _real(Path(place, name)) != _real(output)]
        for name in sorted(files):
            if not name.startswith(".") and is_picture_name(Path(name)):
                yield Path(place, name)
        if not recursive:
            return


def _is_result(path: Path) -> bool:
    stem = path.stem.removesuffix(SUFFIX)
    return stem != path.stem and path.with_name(stem + path.suffix).exists()


def _result(path: Path, place: Path, output: Path | None) -> Path:
    if output is None:
        return result_beside(path)
    target = output / place
    return result_beside(target) if _real(target) == _real(path) else target


def _check_names(jobs: Sequence[Job]) -> None:
    inputs = {_real(job.input): job.input for job in jobs}
    taken: dict[Path, Path] = {}
    for job in jobs:
        target = _real(job.output)
        if target in inputs:
            raise PielightError(f"{shown(job.output)}: the result would overwrite a picture; choose another output")
        if target in taken:
            both = f"{shown(taken[target])} and {shown(job.input)}"
            raise PielightError(f"{both} would both become {shown(job.output)}; give them different outputs")
        taken[target] = job.input


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))
