"""How the pictures of a dataset are arranged in folders: pairs, scenes, single pictures, films."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from pielight.core.messages import few, shown
from pielight.errors import DataError
from pielight.evaluation.datasets import pairing
from pielight.evaluation.datasets.dataset import Dataset, Sample

_TEST_SPLITS = ("eval15", "test", "val", "validation")


def detect(name: str, path: Path) -> Dataset:
    """Read a dataset by the first of ``LAYOUTS`` that fits its folder; DataError lists pictures that do not match."""
    pairing.existing_folder(path)
    return next(dataset for layout in LAYOUTS if (dataset := layout(name, path)) is not None)


def paired(name: str, path: Path) -> Dataset | None:
    """Read a folder of dark pictures beside one of references, or return None if there are no such two.

    They are called ``low`` and ``high`` (LOL), ``Low`` and ``Normal`` (LOL-v2), ``input`` and ``expertC`` (FiveK), or
    any of ``INPUTS`` and any of ``REFERENCES``. DataError if one of the two is missing or empty, or pictures do not
    match.
    """
    inputs, references = pairing.named(path, pairing.INPUTS), pairing.named(path, pairing.REFERENCES)
    if inputs is None or (references is None and pairing.pictures(path)):
        return None
    if references is None:
        raise DataError(f"{shown(path)}: {inputs.name} has no folder of references beside it, as high, normal or gt")
    pairs = pairing.pair(pairing.nonempty(inputs), pairing.nonempty(references))
    pairing.check_sizes(pairs)
    samples = tuple(Sample(source.stem, source, reference) for source, reference in pairs)
    return Dataset(name, f"pairs in {inputs.name} and {references.name}", samples)


def held_out_split(name: str, path: Path) -> Dataset | None:
    """Read the pairs of a split for testing, ``eval15``, ``test`` or ``val``, or return None if there are none."""
    split = pairing.named(path, _TEST_SPLITS)
    return None if split is None else paired(name, split)


def scenes(name: str, path: Path) -> Dataset | None:
    """Read SICE: a folder of exposures for each scene, and ``Label`` with a reference of the scene's name.

    The exposures darker than the middle one count: of 7 the first three, of 9 the first four, as in Zero-DCE.
    DataError if scenes and references do not match, or differ in size.
    """
    label = pairing.named(path, ["label", "labels"])
    if label is None:
        return None
    references = {reference.stem.lower(): reference for reference in pairing.pictures(label)}
    folders = {key: folder for key, folder in pairing.subfolders(path).items() if folder != label}
    unmatched = [key for key in folders if key not in references] + [key for key in references if key not in folders]
    if unmatched or not folders:
        fault = f"scenes without a reference in {label.name}, or without a folder: {few(unmatched)}"
        raise DataError(f"{shown(path)}: {fault}")
    samples = []
    for key, folder in folders.items():
        frames = pairing.pictures(folder)
        for frame in frames[: (len(frames) - 1) // 2]:
            samples.append(Sample(f"{folder.name}/{frame.stem}", frame, references[key], scene=folder.name))
    if not samples:
        raise DataError(f"{shown(path)}: no scene has three exposures or more")
    pairing.check_sizes((sample.input, references[sample.input.parent.name.lower()]) for sample in samples)
    note = "of each scene, the exposures below the middle one"
    return Dataset(name, f"scenes with {label.name}", tuple(samples), (note,))


def unpaired(name: str, path: Path) -> Dataset:
    """Read pictures without references; DataError if there are none, or two have the same name."""
    files = pairing.pictures(path)
    if not files:
        inside = list(pairing.subfolders(path))
        hint = f"; it holds the folders {few(inside)}: name one of them" if inside else ""
        raise DataError(f"{shown(path)}: no pictures in this folder{hint}")
    pairing.check_unique(path, files)
    return Dataset(name, "pictures without references", tuple(Sample(file.stem, file) for file in files))


LAYOUTS: tuple[Callable[[str, Path], Dataset | None], ...] = (paired, held_out_split, scenes, unpaired)
"""Tried one after the other; the last takes any folder of pictures."""


def film(name: str, path: Path) -> Dataset:
    """Read consecutive frames: one clip in the folder, or one in each folder inside; also with references, as pairs.

    Frames are sorted by the numbers in their names, 2 before 10. DataError if no clip has two frames.
    """
    pairing.existing_folder(path)
    clips = [path]
    if not pairing.pictures(path) and paired(name, path) is None:
        clips = list(pairing.subfolders(path).values()) or clips
    samples: list[Sample] = []
    for clip in clips:
        prefix = "" if clip is path else f"{clip.name}/"
        before = None
        for sample in (paired(name, clip) or unpaired(name, clip)).samples:
            frame = replace(sample, name=prefix + sample.name, scene=clip.name)
            samples.append(replace(frame, previous=before))
            before = frame
    if len(samples) == len(clips):
        raise DataError(f"{shown(path)}: a film needs two frames or more in a clip")
    return Dataset(name, f"frames of {len(clips)} clip{'s' if len(clips) > 1 else ''}", tuple(samples))
