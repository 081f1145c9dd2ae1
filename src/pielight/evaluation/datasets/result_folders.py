"""Results that somebody else made, in a folder: which of them belongs to which picture."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from pielight.core.atomic_file import few, shown
from pielight.errors import DataError
from pielight.evaluation.datasets.datasets import DataSet, Sample
from pielight.evaluation.datasets.pairing import check_sizes, pictures, subfolders
from pielight.io.required_extra import require_readers

_RESULT_ENDS = ("_pie", "_enhanced", "_out", "_result")


def result_in(folder: Path, data: str, sample: Sample) -> Path | None:
    """Return the file that somebody made of a picture, if there is one.

    A folder inside with the name of the data set is looked into instead. The name is the picture's stem, alone or
    before ``_pie``, ``_enhanced``, ``_out`` or ``_result``; for SICE's ``12/3`` also ``12_3``.

    Args:
        folder: Of the results.
        data: Name of the data set.
        sample: The picture.

    Raises:
        DataError: Several files could be it.
    """
    found = results_in(folder, data.lower())
    names = [sample.name.lower(), sample.name.lower().replace("/", "_")]
    paths = next((found[name] for name in names if name in found), [])
    if len(paths) > 1:
        raise DataError(
            f"{shown(folder)}: several pictures for {sample.name} of {data}: {few([path.name for path in paths])}"
        )
    return paths[0] if paths else None


def check_results(folder: Path, data: DataSet) -> None:
    """Check that a folder has results of all pictures of a data set, in their sizes.

    Raises:
        DataError: Some are missing or of other sizes; lists the first few.
        PictureError: The extra that reads one is not installed.
    """
    if any(sample.conditions is not None for sample in data.samples):
        raise DataError(
            f"{shown(folder)}: pictures that somebody made go with data as they are, not darkened or shrunk"
        )
    found = {sample: result_in(folder, data.name, sample) for sample in data.samples}
    gone = [sample.name for sample, path in found.items() if path is None]
    if gone:
        raise DataError(f"{shown(folder)}: no pictures for {len(gone)} of {data.name}: {few(gone)}")
    check_sizes((sample.input, path) for sample, path in found.items() if path is not None)
    require_readers(path for path in found.values() if path is not None)


@lru_cache(maxsize=64)
def results_in(folder: Path, data: str) -> Mapping[str, list[Path]]:
    """Name the results in a folder by what they were made of, in lower case; exact names come first.

    Args:
        folder: Its pictures count, and those in the folders inside.
        data: Name of a data set; the folder inside that is called so counts instead.
    """
    top = subfolders(folder).get(data, folder)
    exact: dict[str, list[Path]] = {}
    ended: dict[str, list[Path]] = {}
    for prefix, place in [("", top), *((f"{name}/", path) for name, path in subfolders(top).items())]:
        for path in pictures(place):
            stem = path.stem.lower()
            exact.setdefault(prefix + stem, []).append(path)
            for end in _RESULT_ENDS:
                if stem.endswith(end):
                    ended.setdefault(prefix + stem.removesuffix(end), []).append(path)
    return ended | exact
