"""The data sets of papers: how each lies in its folder, how many pictures it has, and what is missing here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

from pielight.core.atomic_file import few, shown
from pielight.errors import DataError
from pielight.evaluation.datasets import datasets
from pielight.evaluation.datasets.datasets import DataSet
from pielight.evaluation.datasets.pairing import counted, named


@dataclass(frozen=True)
class Preset:
    """A public data set.

    Attributes:
        title: What papers call it.
        source: Where it comes from.
        counts: How many pictures it has; copies that go round differ, the fullest comes first.
        places: Folders below the user's of which one is taken if it is there, the first that is.
        is_paired: Whether it has references.
        numbers: Whether the pictures are named by numbers from 1 on.
    """

    title: str
    source: str
    counts: tuple[int, ...]
    places: tuple[str, ...] = ()
    is_paired: bool = False
    numbers: bool = False


# The five without references and LOL are those of the paper.
PRESETS = {
    "dicm": Preset("DICM", "Lee et al., TIP 2013", (69, 64, 44), ("DICM",), numbers=True),
    "lime": Preset("LIME", "Guo et al., TIP 2017", (10,), ("LIME",), numbers=True),
    "mef": Preset("MEF", "Ma et al., TIP 2015", (17,), ("MEF",)),
    "npe": Preset("NPE", "Wang et al., TIP 2013", (85, 84, 8), ("NPE",)),
    "vv": Preset("VV", "Vonikakis et al., Multimedia Tools and Applications 2018", (24,), ("VV",)),
    "lol": Preset("LOL-v1", "Wei et al., BMVC 2018", (15, 500, 485), ("eval15", "LOLdataset/eval15"), is_paired=True),
    "lol-v2-real": Preset(
        "LOL-v2-real", "Yang et al., TIP 2021", (100, 689), ("Real_captured/Test", "Test"), is_paired=True
    ),
    "lol-v2-synthetic": Preset(
        "LOL-v2-synthetic", "Yang et al., TIP 2021", (100, 900), ("Synthetic/Test", "Test"), is_paired=True
    ),
    "sice": Preset("SICE", "Cai et al., TIP 2018", (767,), ("Dataset_Part2", "Part2"), is_paired=True),
    "fivek": Preset("FiveK, expert C", "Bychkovsky et al., CVPR 2011", (500, 5000, 4500), is_paired=True),
}

FILM = "film"


def find(name: str, path: Path) -> DataSet:
    """Find a data set: as its preset says if the name is that of one, else by what lies in the folder.

    Args:
        name: As in ``PRESETS``, in any case, or any other; ``mine:lol`` calls it mine and takes it for LOL, and
            ``mine:film`` takes its pictures for consecutive frames.
        path: The folder.

    Returns:
        The data set; its notes say what the preset misses.

    Raises:
        DataError: There is no such preset, or the folder holds something else.
    """
    name, _, wanted = name.partition(":")
    if (wanted or name).lower() == FILM:
        return datasets.film(name, path)
    preset = PRESETS.get((wanted or name).lower())
    if preset is None and wanted:
        raise DataError(f"{wanted}: no such preset of a data set; {nearest(wanted, [*PRESETS, FILM])}")
    if preset is None:
        found = datasets.find(name, path)
        close = get_close_matches(name.lower(), PRESETS, 1, 0.7)
        note = [f"{name} is no preset, so nothing is known to be missing; the nearest is {close[0]}"] if close else []
        return replace(found, notes=(*found.notes, *note))
    if not path.is_dir():
        raise DataError(f"{shown(path)}: no such folder; {name} is {preset.title} ({preset.source})")
    folder = next((inside for place in preset.places if (inside := _inside(path, place)) is not None), path)
    found = datasets.find(name, folder)
    if preset.is_paired and not found.is_paired:
        raise DataError(f"{shown(path)}: {preset.title} has references, as in low/ and high/; here are only pictures")
    if not preset.is_paired and found.is_paired:
        raise DataError(
            f"{shown(path)}: {preset.title} has no references, but here are {found.layout}; name it otherwise"
        )
    return replace(found, layout=f"{preset.title}, {found.layout}", notes=(*found.notes, *missing(preset, found)))


def missing(preset: Preset, found: DataSet) -> list[str]:
    """Say what a folder has more or less than the data set that papers measure on.

    >>> some = DataSet("lime", "", tuple(datasets.Sample(str(n), Path(f"{n}.bmp")) for n in (1, 2, 3, 5, 6, 7, 8, 10)))
    >>> missing(PRESETS["lime"], some)
    ['8 pictures, while LIME has 10; missing 4, 9']
    """
    count = len(found.samples)
    if count in preset.counts:
        return []
    note = f"{counted(count)}, while {preset.title} has {_either(preset.counts)}"
    if preset.numbers and count < preset.counts[0]:
        here = {int(sample.name) for sample in found.samples if sample.name.isdecimal()}
        gone = [number for number in range(1, preset.counts[0] + 1) if number not in here]
        if here:
            note += f"; missing {few(gone, 5)}"
    return [note]


def nearest(name: str, known: list[str]) -> str:
    """Say which known name was probably meant, or list all.

    >>> nearest("pnsr", ["psnr", "ssim"]), nearest("x", ["psnr", "ssim"])
    ('did you mean psnr?', 'known are psnr, ssim')
    """
    close = get_close_matches(name.lower(), known, 1, 0.5)
    return f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}"


def _either(counts: tuple[int, ...]) -> str:
    *others, last = map(str, sorted(counts))
    return f"{', '.join(others)} or {last}" if others else last


def _inside(path: Path, place: str) -> Path | None:
    """Go down folders by their names in any case."""
    folder: Path | None = path
    for part in place.split("/"):
        folder = folder and named(folder, [part.lower()])
    return folder
