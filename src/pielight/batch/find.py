"""The pictures of files and folders."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal, NamedTuple

from pielight.batch.records import record_in
from pielight.core.messages import shown
from pielight.errors import PielightError
from pielight.io.formats import is_picture_name, is_unread_name
from pielight.io.result_names import origin
from pielight.video.containers import is_clip_name


class FoundPicture(NamedTuple):
    """A picture, with its path relative to the folder that was named, or its name."""

    path: Path
    relative_path: Path


@dataclass
class Findings:
    """What files and folders hold."""

    pictures: list[FoundPicture] = field(default_factory=list)  # those to be taken
    # folders inside of others that cannot be read, and why, in a line each
    unreadable: dict[Path, str] = field(default_factory=dict)
    # pictures of unsupported formats in folders, counted by extension
    left_out: Counter[str] = field(default_factory=Counter)
    results: int = 0  # results of the same task (by their records) that were left out

    def left_out_text(self) -> str:
        """Return what was left out, as text; empty if nothing was.

        >>> Findings(left_out=Counter({".psd": 1, ".jxl": 2})).left_out_text()
        '3 files of unsupported formats left out: .jxl 2, .psd 1'
        """
        phrases = []
        if self.left_out:
            formats = sorted(self.left_out.items(), key=lambda each: (-each[1], each[0]))
            count = self.left_out.total()
            files = "1 file of an unsupported format" if count == 1 else f"{count} files of unsupported formats"
            listed = ", ".join(f"{shown(extension)} {number}" for extension, number in formats)
            phrases.append(f"{files} left out: {listed}")
        if self.results:
            results = f"{self.results} result{'' if self.results == 1 else 's'} of pielight"
            phrases.append(f"{results} left out; name a file to enhance it again")
        return "; ".join(phrases)


@dataclass(frozen=True)
class Search:
    """Which pictures are taken."""

    recursive: bool = False  # also those in folders inside folders
    # patterns (*, ?, [abc]; case does not matter) of which one must match, if there are any: the name or the
    # relative path of the picture, or of a folder above it
    include: Sequence[str] = ()
    exclude: Sequence[str] = ()  # patterns of which none may match
    # results of this task, by their records, are left out of folders; empty takes them, too
    task: str = ""
    clips: Literal["without", "with", "only"] = "without"  # beside pictures

    def takes_name(self, path: Path) -> bool:
        """Return whether a file's extension is one of those that are taken.

        >>> Search(clips="with").takes_name(Path("a.MP4")), Search(clips="only").takes_name(Path("a.jpg"))
        (True, False)
        """
        return (self.clips != "only" and is_picture_name(path)) or (self.clips != "without" and is_clip_name(path))

    @property
    def sought(self) -> str:
        """What is looked for, in a word or two."""
        return {"without": "pictures", "with": "pictures or clips", "only": "clips"}[self.clips]

    def takes(self, relative_path: Path) -> bool:
        """Return whether the patterns let a picture pass.

        >>> Search(include=["*.jpg"], exclude=["raw"]).takes(Path("2024/A.JPG"))
        True
        >>> Search(exclude=["raw"]).takes(Path("2024/raw/a.jpg"))
        False
        """
        parts = [step for step in (relative_path, *relative_path.parents) if step.name]
        texts = {text.lower() for step in parts for text in (step.name, step.as_posix())}

        def matches(patterns: Sequence[str]) -> bool:
            return any(fnmatchcase(text, pattern.lower()) for pattern in patterns for text in texts)

        return (not self.include or matches(self.include)) and not matches(self.exclude)


def find(
    inputs: Sequence[Path], search: Search | None = None, output: Path | None = None, strict: bool = True
) -> Findings:
    """Find the pictures of files and folders, each once.

    Args:
        inputs: Files as they are named; of a folder, the pictures in it by extension, sorted; a link goes by its
            own name, after which its result is called. Left out are hidden files of folders, and results:
            ``a_pie.jpg`` where an ``a`` of any format is beside it, and what has a record of ``search.task``.
        search: Which pictures of folders are taken; None takes them all, of a command that has no such options.
        output: Folder of results; inside a folder of pictures it is not read again.
        strict: Whether it is an error (PielightError) that a folder holds no pictures.
    """
    hint = "" if search is None or search.recursive else "; -r looks into the folders inside"
    search = search or Search()
    named = {real(path) for path in inputs}  # fails where the working folder has been deleted, which looks empty
    unique: dict[Path, FoundPicture] = {}
    findings = Findings()
    for path in dict.fromkeys(inputs):
        here = list(_walk(path, search, output, findings)) if is_folder(path) else [FoundPicture(path, Path(path.name))]
        if strict and not here and not findings.unreadable:
            others = f"; {text}" if (text := findings.left_out_text()) else ""
            raise PielightError(f"{shown(path)}: no {search.sought} in this folder{hint}{others}")
        for one in here:
            unique.setdefault(real(one.path), one)
    stems = {(one.path.parent, one.path.stem) for one in unique.values()}
    photos = [one for one in unique.values() if (one.path.parent, origin(one.path)) not in stems]
    taken = [one for one in photos if search.takes(one.relative_path)]
    for one in taken:
        if search.task and real(one.path) not in named and is_result(one.path, search.task):
            findings.results += 1
        else:
            findings.pictures.append(one)
    if strict and not photos and findings.unreadable:
        raise PielightError(next(iter(findings.unreadable.values())))
    if strict and taken and not findings.pictures:
        raise PielightError(f"{shown(inputs[0])}: {findings.left_out_text()}")
    if strict and photos and not taken:
        raise PielightError(f"{shown(inputs[0])}: --include and --exclude leave no picture")
    return findings


def is_result(path: Path, task: str) -> bool:
    """Return whether a file is a result of a task, by its record."""
    record = record_in(path)
    return record is not None and record.task == task


def real(path: Path) -> Path:
    """Return the path of the file itself, whatever links lead to it."""
    return Path(os.path.realpath(path))


def is_folder(path: Path) -> bool:
    """Return whether a folder has this name; no name is too long to ask.

    >>> is_folder(Path("x" * 1000))
    False
    """
    try:
        return path.is_dir()
    except OSError:
        return False


def _walk(folder: Path, search: Search, output: Path | None, findings: Findings) -> Iterator[FoundPicture]:
    def note(error: OSError) -> None:
        path = Path(error.filename)
        findings.unreadable[path] = f"{shown(path)}: folder cannot be read ({error.strerror})"

    results = None if output is None else real(output)
    for parent, folders, files in os.walk(folder, onerror=note):
        inside = [name for name in sorted(folders) if search.recursive and not name.startswith(".")]
        folders[:] = [name for name in inside if real(Path(parent, name)) != results]
        for name in sorted(files):
            path = Path(parent, name)
            if name.startswith("."):
                continue
            if search.takes_name(path):
                yield FoundPicture(path, path.relative_to(folder))
            elif search.clips != "only" and is_unread_name(path) and search.takes(path.relative_to(folder)):
                findings.left_out[path.suffix.lower()] += 1
