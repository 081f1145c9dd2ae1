"""Datasets of downstream tasks: pictures with boxes of faces, or with the class of every pixel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pielight.core.messages import counted, few, shown
from pielight.errors import DataError
from pielight.evaluation.datasets import pairing
from pielight.evaluation.datasets.dataset import Dataset, Sample
from pielight.evaluation.datasets.file_cache import size
from pielight.evaluation.downstream.annotations import BOXES_FORMAT, check_inside, read_boxes
from pielight.evaluation.downstream.darkness import Darkness

BOXES = "boxes.json"


def faces(name: str, path: Path) -> Dataset:
    """Read a folder of pictures, or of ``images/``, with the boxes of faces in ``boxes.json``.

    Raises:
        DataError: There is no such file, it is invalid, a picture is missing, or a box is not in its picture.
    """
    file = path / BOXES
    record = read_boxes(file)
    folder = pairing.named(path, ["images"]) or path
    files = {picture.name: picture for picture in pairing.pictures(folder)}
    if missing := [picture for picture in record if picture not in files]:
        raise DataError(f"{shown(folder)}: {counted(len(missing))} of {BOXES} missing: {few(missing)}")
    labeled = {picture: path for picture, path in files.items() if picture in record}
    for picture, path in labeled.items():
        if (sides := size(path)) is not None:
            check_inside(file, picture, record[picture], sides)
    pairing.check_unique(folder, list(labeled.values()))
    samples = tuple(Sample(path.stem, path, boxes=record[picture]) for picture, path in labeled.items())
    if not any(sample.boxes for sample in samples):
        raise DataError(f"{shown(file)}: no box in it; expected {BOXES_FORMAT}")
    left = len(files) - len(samples)
    notes = (f"{counted(left)} without an entry in {BOXES} left out",) if left else ()
    return Dataset(name, "pictures with labeled faces", samples, notes)


def segmentation(name: str, path: Path) -> Dataset:
    """Read pictures in ``images/`` with their labels in ``labels/``, PNGs of the same stem and size.

    Raises:
        DataError: One of the two is missing, pictures have no partner, or partners differ in size.
    """
    pairing.existing_folder(path)
    images, labels = pairing.named(path, ["images"]), pairing.named(path, ["labels"])
    if images is None or labels is None:
        raise DataError(f"{shown(path)}: holds no {'labels' if images else 'images'}; expected images/ and labels/")
    pairs = pairing.pair(pairing.nonempty(images), pairing.nonempty(labels))
    pairing.check_sizes(pairs)
    samples = tuple(Sample(source.stem, source, labels=truth) for source, truth in pairs)
    return Dataset(name, "pictures with labels", samples)


def darkened(dataset: Dataset, exposures: Sequence[float], darkness: Darkness) -> list[Dataset]:
    """Return a dataset once for each exposure in EV, as ``faces`` and ``faces-6ev``; 0 is not darkened.

    Noise, its seed, and scale of ``darkness`` are the same for all.
    """
    versions = []
    for ev in exposures:
        if not ev and darkness.shrink == 1:
            versions.append(dataset)
            continue
        notes = [f"shrunk to {darkness.shrink:g} of their sides, by areas"] if darkness.shrink != 1 else []
        if ev:
            notes.append(
                f"darkened by {ev:g} EV in linear light, noise of variance {darkness.shot:g} x signal + "
                f"{darkness.read:g}, 8 bits, seed {darkness.seed}"
            )
        degradation = replace(darkness, ev=ev)
        samples = tuple(replace(sample, degradation=degradation) for sample in dataset.samples)
        name = f"{dataset.name}-{ev:g}ev" if ev else dataset.name
        versions.append(replace(dataset, name=name, samples=samples, notes=(*dataset.notes, *notes)))
    return versions
