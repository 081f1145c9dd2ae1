"""The datasets of papers: which folder holds each, how many pictures it has, and what is missing from a copy."""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

from pielight.core.messages import counted, few, nearest, shown
from pielight.errors import DataError
from pielight.evaluation.datasets import layouts
from pielight.evaluation.datasets.dataset import Dataset
from pielight.evaluation.datasets.pairing import named


@dataclass(frozen=True)
class Preset:
    """A public dataset.

    Attributes:
        title: Its name in papers.
        source: The publication.
        counts: How many pictures it has; public copies differ, the most complete first.
        subfolders: Folders below the user's that may hold the pictures; the first that exists is read.
        is_paired: Whether it has references.
        is_numbered: Whether the pictures are named by numbers from 1 on.
    """

    title: str
    source: str
    counts: tuple[int, ...]
    subfolders: tuple[str, ...] = ()
    is_paired: bool = False
    is_numbered: bool = False


# The five without references and LOL are those of the paper.
PRESETS = {
    "dicm": Preset("DICM", "Lee et al., TIP 2013", (69, 64, 44), ("DICM",), is_numbered=True),
    "lime": Preset("LIME", "Guo et al., TIP 2017", (10,), ("LIME",), is_numbered=True),
    "mef": Preset("MEF", "Ma et al., TIP 2015", (17,), ("MEF",)),
    "npe": Preset("NPE", "Wang et al., TIP 2013", (85, 84, 8), ("NPE",)),
    "vv": Preset("VV", "Vonikakis et al., Multimedia Tools and Applications 2018", (24,), ("VV",)),
    "lol": Preset("LOL-v1", "Wei et al., BMVC 2018", (15, 500, 485), ("eval15", "LOLdataset/eval15"), is_paired=True),
    "lol-v2-real": Preset("LOL-v2-real", "Yang et al., TIP 2021", (100, 689), ("Real_captured/Test", "Test"), True),
    "lol-v2-synthetic": Preset(
        "LOL-v2-synthetic", "Yang et al., TIP 2021", (100, 900), ("Synthetic/Test", "Test"), True
    ),
    "sice": Preset("SICE", "Cai et al., TIP 2018", (767,), ("Dataset_Part2", "Part2"), is_paired=True),
    "fivek": Preset("FiveK, expert C", "Bychkovsky et al., CVPR 2011", (500, 5000, 4500), is_paired=True),
}

FILM = "film"


def find_dataset(name: str, path: Path) -> Dataset:
    """Read a dataset: as its preset says if it has one, else by the layout of the folder.

    Args:
        name: One of ``PRESETS``, in any case, or any other; ``mine:lol`` reads LOL and calls it mine, and
            ``mine:film`` reads consecutive frames.
        path: The folder.

    Returns:
        The dataset; its notes say what the copy lacks. DataError if the folder holds something else.
    """
    name, _, preset_name = name.partition(":")
    if (preset_name or name).lower() == FILM:
        return layouts.film(name, path)
    preset = PRESETS.get((preset_name or name).lower())
    if preset is None and preset_name:
        raise DataError(f"{preset_name}: no such preset of a data set; {nearest(preset_name, [*PRESETS, FILM])}")
    if preset is None:
        dataset = layouts.detect(name, path)
        close = get_close_matches(name.lower(), PRESETS, 1, 0.7)
        note = (
            [f"{name} is not a preset, so nothing is known to be missing; the nearest is {close[0]}"] if close else []
        )
        return replace(dataset, notes=(*dataset.notes, *note))
    if not path.is_dir():
        raise DataError(f"{shown(path)}: no such folder; {name} is {preset.title} ({preset.source})")
    folder = next((inside for subfolder in preset.subfolders if (inside := _inside(path, subfolder)) is not None), path)
    dataset = layouts.detect(name, folder)
    if preset.is_paired and not dataset.is_paired:
        raise DataError(f"{shown(path)}: {preset.title} has references, as in low/ and high/; here are only pictures")
    if not preset.is_paired and dataset.is_paired:
        fault = f"has no references, but here are {dataset.layout}; name it otherwise"
        raise DataError(f"{shown(path)}: {preset.title} {fault}")
    notes = (*dataset.notes, *missing(preset, dataset))
    return replace(dataset, layout=f"{preset.title}, {dataset.layout}", notes=notes)


def missing(preset: Preset, dataset: Dataset) -> list[str]:
    """Return a note on a copy with more or fewer pictures than the dataset of the papers.

    >>> from pielight.evaluation.datasets.dataset import Sample
    >>> some = Dataset("lime", "", tuple(Sample(str(n), Path(f"{n}.bmp")) for n in (1, 2, 3, 5, 6, 7, 8, 10)))
    >>> missing(PRESETS["lime"], some)
    ['8 pictures, while LIME has 10; missing 4, 9']
    """
    count = len(dataset.samples)
    if count in preset.counts:
        return []
    note = f"{counted(count)}, while {preset.title} has {_either(preset.counts)}"
    if preset.is_numbered and count < preset.counts[0]:
        present = {int(sample.name) for sample in dataset.samples if sample.name.isdecimal()}
        absent = [number for number in range(1, preset.counts[0] + 1) if number not in present]
        note += f"; missing {few(absent, 5)}" if present else ""
    return [note]


def _either(counts: tuple[int, ...]) -> str:
    *others, last = map(str, sorted(counts))
    return f"{', '.join(others)} or {last}" if others else last


def _inside(path: Path, subfolder: str) -> Path | None:
    """Return a subfolder by its name in any case."""
    folder: Path | None = path
    for part in subfolder.split("/"):
        folder = folder and named(folder, [part.lower()])
    return folder
