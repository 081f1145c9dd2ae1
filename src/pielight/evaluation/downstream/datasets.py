"""Pictures with what models should see in them: boxes of faces, or the class of every pixel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pielight.core.atomic_file import few, shown
from pielight.errors import DataError
from pielight.evaluation.datasets.datasets import DataSet, Sample
from pielight.evaluation.datasets.pairing import check_sizes, counted, named, pair, pictures
from pielight.evaluation.datasets.pictures import size
from pielight.evaluation.downstream.annotations import BOXES_ARE, check_inside, read_boxes
from pielight.evaluation.downstream.darkness import Darkness

BOXES = "boxes.json"


def faces(name: str, path: Path) -> DataSet:
    """Read a folder of pictures, or of ``images/``, with ``boxes.json``: what to find in each.

    Args:
        name: What to call it.
        path: The folder.

    Raises:
        DataError: There is no such file, it is of another form, a picture is missing, or a box is not in its picture.
    """
    file = path / BOXES
    record = read_boxes(file)
    folder = named(path, ["images"]) or path
    there = {picture.name: picture for picture in pictures(folder)}
    if gone := [picture for picture in record if picture not in there]:
        raise DataError(f"{shown(folder)}: {counted(len(gone))} of {BOXES} missing: {few(gone)}")
    labeled = {picture: found for picture, found in there.items() if picture in record}
    for picture, found in labeled.items():
        if (sides := size(found)) is not None:
            check_inside(file, picture, record[picture], sides)
    samples = tuple(Sample(found.stem, found, boxes=record[picture]) for picture, found in labeled.items())
    _check_names(folder, samples)
    if not any(sample.boxes for sample in samples):
        raise DataError(f"{shown(file)}: no box in it; wanted is {BOXES_ARE}")
    left = len(there) - len(samples)
    notes = (f"{counted(left)} without an entry in {BOXES} left out",) if left else ()
    return DataSet(name, "pictures with labeled faces", samples, notes)


def segmentation(name: str, path: Path) -> DataSet:
    """Read pictures in ``images/`` with their labels in ``labels/``, PNGs of the same stem and size.

    Args:
        name: What to call it.
        path: The folder that holds both.

    Raises:
        DataError: One of the two is missing, pictures have no partner, or partners differ in size.
    """
    if not path.is_dir():
        raise DataError(f"{shown(path)}: no such folder")
    images, labels = named(path, ["images"]), named(path, ["labels"])
    if images is None or labels is None:
        raise DataError(f"{shown(path)}: holds no {'labels' if images else 'images'}; wanted are images/ and labels/")
    for folder in (images, labels):
        if not pictures(folder):
            raise DataError(f"{shown(folder)}: no pictures in this folder")
    pairs = pair(pictures(images), pictures(labels))
    check_sizes(pairs)
    samples = tuple(Sample(source.stem, source, labels=truth) for source, truth in pairs)
    return DataSet(name, "pictures with labels", samples)


def darkened(data: DataSet, exposures: Sequence[float], how: Darkness) -> list[DataSet]:
    """Return a data set once for each exposure, as ``faces`` and ``faces-6ev``.

    Args:
        data: The pictures as they are.
        exposures: How many times the light is halved; 0 is not darkened.
        how: The noise, its seed, and the scale, which are the same for all.
    """
    found = []
    for ev in exposures:
        light = replace(how, ev=ev)
        if not ev and how.shrink == 1:
            found.append(data)
            continue
        notes = [f"shrunk to {how.shrink:g} of their sides, by areas"] if how.shrink != 1 else []
        if ev:
            notes.append(
                f"darkened by {ev:g} EV in linear light, noise of variance {how.shot:g} x signal + {how.read:g}, "
                f"8 bits, seed {how.seed}"
            )
        samples = tuple(replace(sample, conditions=light) for sample in data.samples)
        name = f"{data.name}-{ev:g}ev" if ev else data.name
        found.append(replace(data, name=name, samples=samples, notes=(*data.notes, *notes)))
    return found


def _check_names(folder: Path, samples: Sequence[Sample]) -> None:
    names = [sample.name for sample in samples]
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if twice:
        raise DataError(f"{shown(folder)}: pictures that have the same name but for the extension: {few(twice)}")
