"""Results of other programs in a folder, matched to pictures by their names: the method ``dir``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from pielight.core.messages import few, shown
from pielight.errors import DataError
from pielight.evaluation.datasets.dataset import Dataset, Sample
from pielight.evaluation.datasets.film import check_alike
from pielight.evaluation.datasets.pairing import check_sizes, clips, pictures, subfolders
from pielight.evaluation.methods.spec import Enhance, MethodKind, Spec
from pielight.io.required_extra import require_readers
from pielight.video.containers import is_clip_name

_RESULT_ENDS = ("_pie", "_enhanced", "_out", "_result")


def result_file(folder: Path, dataset: str, sample: Sample) -> Path | None:
    """Return the result of a picture, or None if there is none; DataError if several files match.

    A subfolder with the name of the dataset takes precedence. Results have the name of the picture, alone or followed
    by ``_pie``, ``_enhanced``, ``_out`` or ``_result``; for SICE's ``12/3`` also ``12_3``. Those of a clip's frames may
    be a clip of its name.
    """
    by_name = results_in(folder, dataset.lower())
    names = [sample.name.lower(), sample.name.lower().replace("/", "_")]
    names += [sample.scene.lower()] if is_clip_name(sample.input) else []
    paths = next((by_name[name] for name in names if name in by_name), [])
    if len(paths) > 1:
        listed = few([path.name for path in paths])
        raise DataError(f"{shown(folder)}: several pictures for {sample.name} of {dataset}: {listed}")
    return paths[0] if paths else None


def check_results(folder: Path, dataset: Dataset) -> None:
    """Check that a folder has results of all pictures of a dataset, in their sizes.

    DataError lists those that are missing or of other sizes; PictureError if the extra that reads one is not
    installed.
    """
    if any(sample.degradation is not None for sample in dataset.samples):
        raise DataError(f"{shown(folder)}: results in folders need the pictures as they are, not darkened or shrunk")
    results = {sample: result_file(folder, dataset.name, sample) for sample in dataset.samples}
    missing = [sample.name for sample, path in results.items() if path is None]
    if missing:
        raise DataError(f"{shown(folder)}: no pictures for {len(missing)} of {dataset.name}: {few(missing)}")
    found = {sample: path for sample, path in results.items() if path is not None}
    check_sizes((sample.input, path) for sample, path in found.items())
    require_readers(path for path in found.values() if not is_clip_name(path))
    for clip, path in {(sample.input, path) for sample, path in found.items() if is_clip_name(path)}:
        check_alike(clip, path)


@lru_cache(maxsize=64)
def results_in(folder: Path, dataset: str) -> Mapping[str, list[Path]]:
    """Return the results in a folder by the names of their pictures in lower case; exact names take precedence.

    Pictures in its subfolders count too; if one has the name of the dataset, that one is searched instead.
    """
    top = subfolders(folder).get(dataset, folder)
    exact: dict[str, list[Path]] = {}
    with_end: dict[str, list[Path]] = {}
    for prefix, inside in [("", top), *((f"{name}/", path) for name, path in subfolders(top).items())]:
        for path in [*pictures(inside), *clips(inside)]:
            stem = path.stem.lower()
            exact.setdefault(prefix + stem, []).append(path)
            for end in _RESULT_ENDS:
                if stem.endswith(end):
                    with_end.setdefault(prefix + stem.removesuffix(end), []).append(path)
    return with_end | exact


def _no_enhancer(spec: Spec) -> Enhance:
    raise spec.error("holds results, and enhances nothing")


DIR = MethodKind("dir:FOLDER", _no_enhancer, "required")
