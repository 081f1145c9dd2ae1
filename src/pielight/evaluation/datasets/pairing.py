"""Which picture of one folder belongs to which of another, by their names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from pielight.core.messages import counted, few, shown
from pielight.errors import DataError
from pielight.evaluation.datasets.file_cache import size
from pielight.io.formats import is_picture_name
from pielight.video.containers import is_clip_name

INPUTS = ("low", "dark", "input", "lq", "underexposed", "low_light", "hazy", "rainy")
REFERENCES = (
    "high", "normal", "gt", "reference", "target", "expertc", "expert_c", "expertc_gt", "hq", "groundtruth", "label",
)  # fmt: skip
_ROLES = re.compile(rf"({'|'.join(sorted((*INPUTS, *REFERENCES), key=len, reverse=True))})", re.IGNORECASE)


def pictures(folder: Path) -> list[Path]:
    """Return the pictures directly in a folder in natural order: 2 before 10; DataError if it cannot be read."""
    return [path for path in _entries(folder) if is_picture_name(path) and not path.name.startswith(".")]


def clips(folder: Path) -> list[Path]:
    """Return the clips directly in a folder in natural order; DataError if it cannot be read."""
    return [path for path in _entries(folder) if is_clip_name(path) and path.is_file() and path.name[0] != "."]


def nonempty(folder: Path) -> list[Path]:
    """Return the pictures directly in a folder; DataError if there are none."""
    files = pictures(folder)
    if not files:
        raise DataError(f"{shown(folder)}: no pictures in this folder")
    return files


def existing_folder(path: Path) -> None:
    """Raise DataError if a folder does not exist."""
    if not path.is_dir():
        raise DataError(f"{shown(path)}: no such folder")


def check_unique(folder: Path, files: Sequence[Path]) -> None:
    """Raise DataError if two files have the same stem, which names samples; it lists the first few."""
    first: dict[str, Path] = {}
    twice = [file.name for file in files if first.setdefault(file.stem, file) != file]
    if twice:
        raise DataError(f"{shown(folder)}: pictures that have the same name but for the extension: {few(twice)}")


def pair(inputs: Sequence[Path], references: Sequence[Path]) -> list[tuple[Path, Path]]:
    """Match pictures with their references: by stem, by stem without words as low or gt, or by its last number.

    The key that matches most counts, the first among equals. DataError lists pictures without a partner, or of one
    name.

    >>> [(a.name, b.name) for a, b in pair([Path("low00690.png")], [Path("normal00690.png")])]
    [('low00690.png', 'normal00690.png')]
    """
    best: tuple[dict[str, Path], dict[str, Path]] | None = None
    for key in (lambda path: path.stem.lower(), _bare_stem, _number):
        left, right = _keyed(inputs, key), _keyed(references, key)
        if left is None or right is None:
            continue
        if best is None or len(left.keys() & right.keys()) > len(best[0].keys() & best[1].keys()):
            best = left, right
    if best is None:
        raise DataError(f"{shown(inputs[0].parent)}: two pictures have the same name but for its extension; remove one")
    left, right = best
    unmatched = [path for key, path in left.items() if key not in right]
    unmatched += [path for key, path in right.items() if key not in left]
    if unmatched:
        folders = f"{shown(inputs[0].parent)} and {shown(references[0].parent)}"
        listed = few([Path(path.parent.name, path.name) for path in unmatched])
        raise DataError(f"{folders}: {counted(len(unmatched))} without a partner: {listed}")
    return [(path, right[key]) for key, path in left.items()]


def check_sizes(pairs: Iterable[tuple[Path, Path]]) -> None:
    """Raise DataError if partners differ in size by their headers; it lists the first few."""
    unequal = []
    for first, second in pairs:
        sizes = size(first), size(second)
        if None not in sizes and sizes[0] != sizes[1]:
            (w1, h1), (w2, h2) = sizes  # type: ignore[misc]
            unequal.append(f"{shown(first)} is {w1} x {h1}, {shown(second.name)} {w2} x {h2}")
    if unequal:
        raise DataError(
            f"partners must be of one size; {len(unequal)} {'is' if len(unequal) == 1 else 'are'} not: {few(unequal)}"
        )


def named(folder: Path, names: Iterable[str]) -> Path | None:
    """Return the folder inside a folder that has one of some names, in any case, the first name first."""
    folders = subfolders(folder)
    return next((folders[name] for name in names if name in folders), None)


def subfolders(folder: Path) -> Mapping[str, Path]:
    """Return the folders in a folder by their names in lower case; DataError if it cannot be read."""
    return {path.name.lower(): path for path in _entries(folder) if path.is_dir()}


def natural(name: str) -> list[tuple[int, int | str]]:
    """Return a key that sorts names in natural order: 2 before 10.

    >>> sorted(["10.png", "2.png", "a.png"], key=natural)
    ['2.png', '10.png', 'a.png']
    """
    parts = re.split(r"(\d+)", name.lower())
    return [(0, int(part)) if part.isdecimal() else (1, part) for part in parts if part]


def _entries(folder: Path) -> list[Path]:
    """Return what a folder holds, in natural order."""
    try:
        return sorted(folder.iterdir(), key=lambda path: natural(path.name))
    except OSError as error:
        raise DataError(f"{shown(folder)}: no folder that can be read ({error.strerror})") from error


def _keyed(paths: Sequence[Path], key: Callable[[Path], str | None]) -> dict[str, Path] | None:
    """Return paths by a key, or None if one has no key or two have the same."""
    by_key: dict[str, Path] = {}
    for path in paths:
        name = key(path)
        if name is None or name in by_key:
            return None
        by_key[name] = path
    return by_key


def _bare_stem(path: Path) -> str:
    return re.sub(r"[\s_.-]+", "", _ROLES.sub("", path.stem.lower()))


def _number(path: Path) -> str | None:
    numbers = re.findall(r"\d+", path.stem)
    return str(int(numbers[-1])) if numbers else None
