"""Which picture becomes which file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pielight.batch.find import Findings, FoundPicture, Search, find, is_folder, real
from pielight.core.messages import shown
from pielight.core.output_names import Existing, numbered
from pielight.errors import PielightError
from pielight.io.formats import WRITABLE, format_of, is_picture_name
from pielight.io.result_names import result_beside, suffix_of_result
from pielight.video.containers import is_clip_name


def a_kind_of(path: Path) -> str:
    """Return what a file is by its extension, with an article.

    >>> a_kind_of(Path("a.mp4")), a_kind_of(Path("a.jpg"))
    ('a clip', 'a picture')
    """
    return "a clip" if is_clip_name(path) else "a picture"


@dataclass(frozen=True)
class Job:
    """A picture to read and the file to write."""

    input: Path  # the picture
    target: Path  # the file, unless results are numbered
    number: int = 1  # of the result; see pielight.core.output_names.numbered

    @property
    def output(self) -> Path:
        """The file that would be written now."""
        return next(numbered(self.target, self.number))


@dataclass(frozen=True)
class Naming:
    """How results are named."""

    # None puts results beside the pictures with _pie after the name. Otherwise the folder in which names and
    # the tree of each input folder are kept, or the file to write for one picture; a text that ends with / is
    # always a folder
    output: str | Path | None = None
    # policy for results that exist; rename numbers the new ones, as in a_pie-2.jpg
    existing: Existing = "skip"
    file_format: str | None = None  # Pillow's name of the format to write; None keeps each picture's own

    def file_for_one(self, source: Path = Path()) -> Path | None:
        """Return the file that the output is if there is but one picture or clip; None if it is a folder.

        Args:
            source: The picture or clip.

        Raises:
            PielightError: It could be either, is neither, or its extension contradicts the format.
        """
        if self.output is None or os.fspath(self.output).endswith(("/", os.sep)) or is_folder(Path(self.output)):
            return None
        path = Path(self.output)
        if is_clip_name(source) and is_clip_name(path):
            return path
        if path.suffix and is_clip_name(source) != is_clip_name(path) and (is_clip_name(path) or is_picture_name(path)):
            kinds = ("a clip", "a picture") if is_clip_name(source) else ("a picture", "a clip")
            raise PielightError(f"{shown(path)}: {shown(source)} is {kinds[0]}, and this is the name of {kinds[1]}")
        if format_of(path, "") in dict(WRITABLE.values()):
            if self.file_format not in (None, format_of(path, "")):
                raise PielightError(f"{shown(path)}: not a {self.file_format} name; change it, or leave out --format")
            return path
        if path.suffix:
            raise PielightError(
                f"{shown(path)}: no format to write has this extension; a folder is {shown(path)}{os.sep}"
            )
        if os.path.lexists(path):
            raise PielightError(f"{shown(path)}: neither a folder nor a name such as a.jpg; - is standard output")
        return None

    def folder(self) -> Path | None:
        """Return the folder that the output is if there are several pictures.

        Raises:
            PielightError: It is a file.
        """
        if self.output is None:
            return None
        path = Path(self.output)
        if (is_picture_name(path) or is_clip_name(path) or os.path.lexists(path)) and not is_folder(path):
            raise PielightError(f"{shown(path)}: several photos need a folder to be written to")
        return path


class Names:
    """Gives results their names: none twice, and none that a picture has."""

    def __init__(self, naming: Naming) -> None:
        self._naming = naming
        self._inputs: set[Path] = set()
        self._taken: dict[Path, Path] = {}

    def reserve(self, inputs: Iterable[Path]) -> None:
        """Keep the names of pictures from becoming those of results."""
        self._inputs.update(real(path) for path in inputs)

    def job(self, path: Path, target: Path) -> Job:
        """Pair a picture with the file it becomes.

        Raises:
            PielightError: The file is a picture, or the result of another one.
        """
        job = Job(path, target, self._free(target) if self._naming.existing == "rename" else 1)
        target = job.output
        path_on_disk = real(target)
        if path_on_disk in self._inputs:
            raise PielightError(
                f"{shown(target)}: the result would overwrite {a_kind_of(target)}; choose another output"
            )
        if self._taken.get(path_on_disk, path) != path:
            both = f"{shown(self._taken[path_on_disk])} and {shown(path)}"
            hint = "leave one out with --exclude, or use --existing rename"
            raise PielightError(f"{both} would both become {shown(target)}; {hint}")
        self._taken[path_on_disk] = path
        return job

    def result(self, picture: FoundPicture, folder: Path | None) -> Job:
        """Pair a picture with its result beside it or in a folder.

        Raises:
            PielightError: See :meth:`job`.
        """
        file_format = None if is_clip_name(picture.path) else self._naming.file_format
        suffix = suffix_of_result(picture.path, file_format)
        target = picture.path if folder is None else folder / picture.relative_path
        if not target.name:
            raise PielightError(f"{shown(picture.path)}: no picture is named")
        renamed = target.with_name(target.stem + suffix)
        if folder is None or real(renamed) == real(picture.path):
            renamed = result_beside(renamed)
        return self.job(picture.path, renamed)

    def _free(self, target: Path) -> int:
        """Return the number of the first name that is free; who is first to write gets it."""

        def is_taken(name: Path) -> bool:
            return os.path.lexists(name) or real(name) in self._taken or real(name) in self._inputs

        return next(number for number, name in enumerate(numbered(target), 1) if not is_taken(name))


@dataclass(frozen=True)
class Plan:
    """What is to be done."""

    jobs: list[Job]  # pictures and their results
    findings: Findings  # where they come from, and what else was found


def plan(inputs: Sequence[Path], naming: Naming | None = None, search: Search | None = None) -> Plan:
    """Find the pictures of files and folders, and name their results.

    Raises:
        PielightError: Two results would have one name, one would overwrite a picture, or a folder holds none.
    """
    naming = naming or Naming()
    names = Names(naming)
    single = len(inputs) == 1 and not is_folder(inputs[0])
    file = naming.file_for_one(inputs[0]) if single else None
    if file is not None:
        names.reserve(inputs)
        return Plan([names.job(inputs[0], file)], Findings())
    folder = naming.folder()
    findings = find(inputs, search, folder)
    names.reserve(one.path for one in findings.pictures)
    return Plan([names.result(one, folder) for one in findings.pictures], findings)
