"""A study: the pictures, the methods and the settings of a survey, as they lie in its folder."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any, Literal, get_args

from pielight.core.atomic_file import shown, write_whole
from pielight.core.json_file import read_json
from pielight.core.table_cells import utf8
from pielight.errors import ConfigError, DataError

FORMAT = 1
Mode = Literal["pairs", "rating"]
CONSENT = "Taking part is voluntary, and you may stop at any time."
LEVELS = {1: "Bad", 2: "Poor", 3: "Fair", 4: "Good", 5: "Excellent"}


@dataclass(frozen=True)
class Settings:
    """What may be chosen about a study.

    Attributes:
        mode: ``"pairs"``: which of two results is better, or neither; ``"rating"``: one result from 1 (bad) to 5
            (excellent).
        questions: How many each rater gets, attention checks apart; at most as many as there are.
        attention: How many attention checks each rater gets: questions with a picture that is obviously destroyed.
        seed: Of the order and the sides.
        title: Shown above the questions.
        consent: Shown before the first one.
        show_input: Whether raters can look at the dark input.
        size: Longer side of the pictures in pixels, at most.
        lossless: Whether pictures are stored as PNG, not as JPEG of quality 95 without chroma subsampling.

    Raises:
        ConfigError: One of them is impossible.
    """

    mode: Mode = "pairs"
    questions: int = 40
    attention: int = 3
    seed: int = 0
    title: str = "Which picture is better?"
    consent: str = CONSENT
    show_input: bool = True
    size: int = 1600
    lossless: bool = False

    def __post_init__(self) -> None:
        if self.mode not in get_args(Mode):
            raise ConfigError(f"mode {self.mode!r}: must be one of {', '.join(get_args(Mode))}")
        for name, least in (("questions", 1), ("attention", 0), ("size", 64)):
            if getattr(self, name) < least:
                raise ConfigError(f"{name} {getattr(self, name)}: must be at least {least}")
        for name in ("title", "consent"):
            if not getattr(self, name).isascii() and utf8(getattr(self, name)).decode() != getattr(self, name):
                raise ConfigError(f"{name} {shown(getattr(self, name))}: is not UTF-8 text")


@dataclass(frozen=True)
class Scene:
    """A dark photo and what the methods made of it; pictures are named by the random names of their files.

    Attributes:
        name: Stem of the photo's file.
        width: Of all its pictures, in pixels.
        height: The same.
        dark: The photo itself.
        results: What each method made of it.
        broken: A destroyed result, for attention checks; empty if there is none.
    """

    name: str
    width: int
    height: int
    dark: str
    results: Mapping[str, str]
    broken: str = ""

    def files(self) -> Iterator[str]:
        """Return the names of all its files."""
        yield from (name for name in (self.dark, *self.results.values(), self.broken) if name)


@dataclass(frozen=True)
class Study:
    """A study.

    Attributes:
        settings: What was chosen.
        methods: Their names.
        scenes: The photos.
        origin: Where the pictures came from, with their SHA-256, and which version made the study.
    """

    settings: Settings
    methods: tuple[str, ...]
    scenes: tuple[Scene, ...]
    origin: Mapping[str, Any] = field(default_factory=dict)

    def pairs(self) -> list[tuple[str, str]]:
        """Return the pairs of methods.

        >>> Study(Settings(), ("a", "b", "c"), ()).pairs()
        [('a', 'b'), ('a', 'c'), ('b', 'c')]
        """
        return list(combinations(self.methods, 2))

    def save(self, folder: Path) -> None:
        """Write ``study.json``.

        Raises:
            PictureError: It cannot be written.
        """
        text = json.dumps({"format": FORMAT, **asdict(self)}, indent=1, ensure_ascii=False)
        write_whole(folder / "study.json", utf8(f"{text}\n"))


def load(folder: Path) -> Study:
    """Read the study of a folder.

    Raises:
        DataError: There is none, or it is damaged.
    """
    path = folder / "study.json"
    try:
        stored = read_json(path)
        if stored["format"] != FORMAT:
            raise DataError(f"{shown(path)}: format {stored['format']} is of another version of pielight")
        return Study(
            Settings(**stored["settings"]),
            tuple(stored["methods"]),
            tuple(Scene(**scene) for scene in stored["scenes"]),
            stored["origin"],
        )
    except DataError:
        raise
    except FileNotFoundError as error:
        raise DataError(f"{shown(folder)}: no study here; 'pielight survey new' makes one") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ConfigError) as error:
        raise DataError(f"{shown(path)}: cannot be read as a study ({type(error).__name__}: {error})") from error


def picture_path(folder: Path, name: str) -> Path:
    """Return where a picture of a study lies."""
    return folder / "pictures" / name
