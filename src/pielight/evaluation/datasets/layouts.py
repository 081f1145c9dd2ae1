"""How the pictures of a dataset are arranged in folders: pairs, scenes, single pictures, films."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from pielight.core.messages import counted, few, shown
from pielight.errors import DataError
from pielight.evaluation.datasets import pairing
from pielight.evaluation.datasets.dataset import Dataset, Sample
from pielight.evaluation.datasets.film import check_alike, clip_size
from pielight.video.containers import is_clip_name

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
        hint = f"; for its clips, write {name}:film={shown(path)}" if pairing.clips(path) else hint
        raise DataError(f"{shown(path)}: no pictures in this folder{hint}")
    pairing.check_unique(path, files)
    return Dataset(name, "pictures without references", tuple(Sample(file.stem, file) for file in files))


LAYOUTS: tuple[Callable[[str, Path], Dataset | None], ...] = (paired, held_out_split, scenes, unpaired)
"""Tried one after the other; the last takes any folder of pictures."""


def film(name: str, path: Path) -> Dataset:
    """Read consecutive frames: of clips, or pictures in a folder, or in each folder inside; also with references.

    A clip may be named itself. References are in folders such as ``low`` and ``high``, clips or pictures. Pictures are
    sorted by the numbers in their names, 2 before 10. Clips are decoded once here, to count their frames. DataError if
    no film has two frames, or references differ in size or number; PictureError if a clip cannot be read.
    """
    films = _clips(path) or _folders(name, path)
    samples: list[Sample] = []
    for film, frames in films:
        scene = film.name if film.is_dir() else film.stem
        prefix = "" if film == path else f"{scene}/"
        before = None
        for number, sample in enumerate(frames):
            frame = replace(sample, name=prefix + sample.name, scene=scene, frame=number)
            samples.append(replace(frame, previous=before))
            before = frame
    if len(samples) == len(films):
        raise DataError(f"{shown(path)}: a film needs two frames or more in a clip")
    return Dataset(name, f"frames of {counted(len(films), 'clip')}", tuple(samples))


def _clips(path: Path) -> list[tuple[Path, list[Sample]]]:
    """Return clips in files with their frames; empty if there are none."""
    if path.is_file():
        if not is_clip_name(path):
            raise DataError(f"{shown(path)}: neither a folder nor a clip")
        return [(path, _frames(path, None))]
    pairing.existing_folder(path)
    pairs: list[tuple[Path, Path | None]] = [(clip, None) for clip in pairing.clips(path)]
    if pairs and pairing.pictures(path):
        raise DataError(f"{shown(path)}: holds pictures and clips; name a clip, or put them into two folders")
    inputs, references = pairing.named(path, pairing.INPUTS), pairing.named(path, pairing.REFERENCES)
    if not pairs and inputs and references and (clips := pairing.clips(inputs)):
        if not (targets := pairing.clips(references)):
            raise DataError(f"{shown(references)}: no clips in this folder")
        pairs = [*pairing.pair(clips, targets)]
    pairing.check_unique(path, [clip for clip, _ in pairs])
    return [(clip, _frames(clip, reference)) for clip, reference in pairs]


def _frames(clip: Path, reference: Path | None) -> list[Sample]:
    """Return the frames of a clip; DataError if its reference has more or fewer, or others."""
    if reference is not None:
        check_alike(clip, reference)
    return [Sample(str(number), clip, reference) for number in range(1, clip_size(clip)[0] + 1)]


def _folders(name: str, path: Path) -> list[tuple[Path, list[Sample]]]:
    """Return folders of pictures with these as frames."""
    folders = [path]
    if not pairing.pictures(path) and paired(name, path) is None:
        folders = list(pairing.subfolders(path).values()) or folders
    return [(folder, [*(paired(name, folder) or unpaired(name, folder)).samples]) for folder in folders]
