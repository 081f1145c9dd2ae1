"""Data sets: pictures with or without references, found in folders under the namings that are common."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from pielight.core.atomic_file import few, shown
from pielight.errors import DataError
from pielight.evaluation.datasets.pairing import INPUTS, REFERENCES, check_sizes, named, pair, pictures, subfolders
from pielight.evaluation.datasets.pictures import Pixels, load, sha256

_TEST_PARTS = ("eval15", "test", "val", "validation")  # in a folder that holds them, the part to be measured on


Box = tuple[float, float, float, float]


class Conditions(Protocol):
    """What becomes of a picture before any method gets it; its ``repr`` says all that this depends on."""

    def clean(self, pixels: Pixels) -> Pixels:
        """Return the picture as the best enhancement would give it back."""

    def seen(self, pixels: Pixels, name: str) -> Pixels:
        """Return the picture as methods get it, of the same size; draws depend on its name alone."""


@dataclass(frozen=True)
class Sample:
    """A picture to be enhanced.

    Attributes:
        name: Unique in its data set: the stem, in SICE after that of the scene, as in ``12/3``.
        input: The picture.
        reference: What it should become, if there is such a picture.
        previous: In a film, the frame before it, unless it is the first.
        scene: What it shows beside other pictures of the set: of SICE the scene, of films the clip. Statistics take
            the pictures of one scene as one draw.
        boxes: What a detector should find in it, ``(x, y, w, h)`` each, in pixels of the file.
        labels: The picture of its labels, which a segmenter should return.
        conditions: What becomes of it before any method gets it; None leaves it as it is.
    """

    name: str
    input: Path
    reference: Path | None = None
    previous: Sample | None = None
    scene: str = ""
    boxes: tuple[Box, ...] | None = None
    labels: Path | None = None
    conditions: Conditions | None = None

    def pixels(self) -> Pixels:
        """Return what methods get.

        Raises:
            PictureError: It cannot be read.
        """
        pixels = load(self.input)
        return pixels if self.conditions is None else self.conditions.seen(pixels, self.name)

    def clean(self) -> Pixels:
        """Return what the best enhancement would give back, as far as that is known.

        Raises:
            PictureError: It cannot be read.
        """
        pixels = load(self.input)
        return pixels if self.conditions is None else self.conditions.clean(pixels)

    def files(self) -> list[Path]:
        """Return the pictures that its measurements depend on."""
        before = None if self.previous is None else self.previous.input
        return [path for path in (self.input, self.reference, before, self.labels) if path is not None]

    def sha256(self) -> str:
        """Return 16 digits of the checksum of the files that its measurements depend on.

        Raises:
            PictureError: One cannot be read.
        """
        found = sha256(*self.files())
        if self.boxes is None and self.conditions is None:
            return found
        return hashlib.sha256(f"{found} {self.boxes} {self.conditions!r}".encode()).hexdigest()[:16]


@dataclass(frozen=True)
class DataSet:
    """Pictures that are measured together.

    Attributes:
        name: What the user calls it.
        layout: What it was found to be.
        samples: The pictures, sorted.
        notes: What the user should know: what is missing, what is left out.
    """

    name: str
    layout: str
    samples: tuple[Sample, ...]
    notes: tuple[str, ...] = ()

    @property
    def is_paired(self) -> bool:
        """Whether there are references."""
        return self.samples[0].reference is not None

    @property
    def groups(self) -> list[str] | None:
        """The scene of every picture, or None if there is one of each."""
        return [sample.scene for sample in self.samples] if self.samples[0].scene else None

    @property
    def is_film(self) -> bool:
        """Whether the pictures are consecutive frames."""
        return any(sample.previous is not None for sample in self.samples)

    def first(self, limit: int | None) -> DataSet:
        """Keep the first pictures only, and say so."""
        if limit is None or limit >= len(self.samples):
            return self
        note = f"the first {limit} of {len(self.samples)} pictures"
        return replace(self, samples=self.samples[:limit], notes=(*self.notes, note))


def find(name: str, path: Path) -> DataSet:
    """Find out how a data set lies in a folder.

    In this order: pairs of folders as ``low`` and ``high`` (LOL), ``Low`` and ``Normal`` (LOL-v2), ``input`` and
    ``expertC`` (FiveK), or any of ``INPUTS`` beside any of ``REFERENCES``; the same in a part for testing
    (``eval15``, ``test``, ``val``); scenes with a ``Label`` folder (SICE); a single folder of pictures.

    Args:
        name: What to call it.
        path: The folder.

    Raises:
        DataError: It holds no pictures, or pictures that do not match; lists the first few.
    """
    if not path.is_dir():
        raise DataError(f"{shown(path)}: no such folder")
    found = paired(name, path)
    if found is None and (part := named(path, _TEST_PARTS)) is not None:
        found = paired(name, part)
    if found is None:
        found = scenes(name, path)
    return found or unpaired(name, path)


def paired(name: str, path: Path) -> DataSet | None:
    """Read a folder of dark pictures beside one of references, or return None if there are no such two.

    Raises:
        DataError: One of the two is missing or empty, pictures have no partner, or partners differ in size.
    """
    inputs, references = named(path, INPUTS), named(path, REFERENCES)
    if inputs is None or (references is None and pictures(path)):
        return None
    if references is None:
        raise DataError(f"{shown(path)}: {inputs.name} has no folder of references beside it, as high, normal or gt")
    for folder in (inputs, references):
        if not pictures(folder):
            raise DataError(f"{shown(folder)}: no pictures in this folder")
    pairs = pair(pictures(inputs), pictures(references))
    check_sizes(pairs)
    samples = tuple(Sample(source.stem, source, reference) for source, reference in pairs)
    return DataSet(name, f"pairs in {inputs.name} and {references.name}", samples)


def scenes(name: str, path: Path) -> DataSet | None:
    """Read SICE: a folder of exposures for each scene, and ``Label`` with a reference of the scene's name.

    The exposures darker than the middle one count: of 7 the first three, of 9 the first four, as in Zero-DCE.

    Raises:
        DataError: Scenes and references do not match, or differ in size.
    """
    label = named(path, ["label", "labels"])
    if label is None:
        return None
    references = {reference.stem.lower(): reference for reference in pictures(label)}
    folders = {key: folder for key, folder in subfolders(path).items() if folder != label}
    lonely = [key for key in folders if key not in references] + [key for key in references if key not in folders]
    if lonely or not folders:
        raise DataError(
            f"{shown(path)}: scenes without a reference in {label.name}, or without a folder: {few(lonely)}"
        )
    samples = []
    for key, folder in folders.items():
        frames = pictures(folder)
        samples += [
            Sample(f"{folder.name}/{frame.stem}", frame, references[key], scene=folder.name)
            for frame in frames[: (len(frames) - 1) // 2]
        ]
    if not samples:
        raise DataError(f"{shown(path)}: no scene has three exposures or more")
    check_sizes((sample.input, references[sample.input.parent.name.lower()]) for sample in samples)
    note = "of each scene, the exposures below the middle one"
    return DataSet(name, f"scenes with {label.name}", tuple(samples), (note,))


def unpaired(name: str, path: Path) -> DataSet:
    """Read a folder of pictures without references.

    Raises:
        DataError: There are none in it, or two have the same name.
    """
    found = pictures(path)
    if not found:
        inside = list(subfolders(path))
        hint = f"; it holds the folders {few(inside)}: name one of them" if inside else ""
        raise DataError(f"{shown(path)}: no pictures in this folder{hint}")
    names: dict[str, Path] = {}
    twice = [file.name for file in found if names.setdefault(file.stem, file) != file]
    if twice:
        raise DataError(f"{shown(path)}: pictures that have the same name but for the extension: {few(twice)}")
    return DataSet(name, "pictures without references", tuple(Sample(file.stem, file) for file in found))


def film(name: str, path: Path) -> DataSet:
    """Read consecutive frames: one clip in the folder, or one in each folder inside; also with references, as pairs.

    The order is that of people, 2 before 10.

    Raises:
        DataError: There are no pictures, or less than two in every clip.
    """
    if not path.is_dir():
        raise DataError(f"{shown(path)}: no such folder")
    clips = [path]
    if not pictures(path) and paired(name, path) is None:
        clips = list(subfolders(path).values()) or clips
    samples: list[Sample] = []
    for clip in clips:
        found = paired(name, clip) or unpaired(name, clip)
        prefix = "" if clip is path else f"{clip.name}/"
        before = None
        for sample in found.samples:
            frame = replace(sample, name=prefix + sample.name, scene=clip.name)
            samples.append(replace(frame, previous=before))
            before = frame
    if len(samples) == len(clips):
        raise DataError(f"{shown(path)}: a film needs two frames or more in a clip")
    return DataSet(name, f"frames of {len(clips)} clip{'s' if len(clips) > 1 else ''}", tuple(samples))
