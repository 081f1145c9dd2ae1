"""A study: the photos, the methods and the settings of a survey, as stored in its folder."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from pielight.core.atomic_file import write_atomic
from pielight.core.json_file import read_json
from pielight.core.messages import shown
from pielight.core.tables import utf8
from pielight.errors import ConfigError, DataError

FORMAT = 1
Mode = Literal["pairs", "rating"]
LEVELS = {1: "Bad", 2: "Poor", 3: "Fair", 4: "Good", 5: "Excellent"}  # ITU-T P.800


@dataclass(frozen=True)
class StudySettings:
    """Settings of a study; raises ConfigError if one is out of range."""

    mode: Mode = "pairs"  # which of two results is better, or neither; or one result from 1 to 5
    questions: int = 40  # per rater, without attention checks; at most as many as there are
    attention: int = 3  # attention checks per rater: questions that show a destroyed picture
    seed: int = 0  # of the order of questions and of the sides
    title: str = "Which picture is better?"
    consent: str = "Taking part is voluntary, and you may stop at any time."  # before the first question
    show_input: bool = True  # whether raters can look at the dark input
    size: int = 1600  # pixels of the longer side, at most
    lossless: bool = False  # PNG, not JPEG of quality 95 without chroma subsampling

    def __post_init__(self) -> None:
        if self.mode not in get_args(Mode):
            raise ConfigError(f"mode {self.mode!r}: must be one of {', '.join(get_args(Mode))}")
        for name, least in (("questions", 1), ("attention", 0), ("size", 64)):
            if getattr(self, name) < least:
                raise ConfigError(f"{name} {getattr(self, name)}: must be at least {least}")
        for name in ("title", "consent"):
            if utf8(text := getattr(self, name)).decode() != text:
                raise ConfigError(f"{name} {shown(text)}: is not UTF-8 text")


@dataclass(frozen=True)
class Scene:
    """A dark photo and the results of the methods, all of one size in pixels, under random file names."""

    name: str  # stem of the photo's file
    width: int
    height: int
    dark: str  # file of the photo
    results: Mapping[str, str]  # file of each method's result
    broken: str = ""  # file of a destroyed result for attention checks, if the scene has one

    def files(self) -> Iterator[str]:
        """Yield the names of all files."""
        yield from (name for name in (self.dark, *self.results.values(), self.broken) if name)


@dataclass(frozen=True)
class Study:
    """A study: its settings, the names of the methods, the scenes, and the source and SHA-256 of every picture."""

    settings: StudySettings
    methods: tuple[str, ...]
    scenes: tuple[Scene, ...]
    origin: Mapping[str, Any] = field(default_factory=dict)

    def save(self, folder: Path) -> None:
        """Write ``study.json``; raise PictureError if that fails."""
        text = json.dumps({"format": FORMAT, **asdict(self)}, indent=1, ensure_ascii=False)
        write_atomic(folder / "study.json", utf8(f"{text}\n"))


def load(folder: Path) -> Study:
    """Read the study of a folder; raise DataError if there is none or it is damaged."""
    path = folder / "study.json"
    try:
        stored = read_json(path)
        if stored["format"] == FORMAT:
            scenes = tuple(Scene(**scene) for scene in stored["scenes"])
            return Study(StudySettings(**stored["settings"]), tuple(stored["methods"]), scenes, stored["origin"])
    except FileNotFoundError as error:
        raise DataError(f"{shown(folder)}: no study here; 'pielight survey new' makes one") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{shown(path)}: cannot be read as a study ({type(error).__name__}: {error})") from error
    raise DataError(f"{shown(path)}: format {stored['format']} is of another version of pielight")


def picture_path(folder: Path, name: str) -> Path:
    """Return the path of a picture of a study."""
    return folder / "pictures" / name
