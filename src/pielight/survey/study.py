"""A study: its photos, methods and settings, what raters are asked, and their votes, as stored in its folder."""

from __future__ import annotations

import random
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import combinations, product
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

from pielight.core.json_file import read_json
from pielight.core.messages import shown, utf8
from pielight.errors import ConfigError, DataError

FORMAT = 1
Mode = Literal["pairs", "rating"]
_FIRST_CHECK = (3, 4, 5)  # how many questions come before it, so that few raters leave before
LEVELS = {1: "Bad", 2: "Poor", 3: "Fair", 4: "Good", 5: "Excellent"}  # ITU-T P.800
_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA foreign_keys = ON;
CREATE TABLE IF NOT EXISTS raters (id INTEGER PRIMARY KEY, token TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS questions (
    rater INTEGER NOT NULL REFERENCES raters, number INTEGER NOT NULL, scene INTEGER NOT NULL,
    left TEXT, right TEXT, is_check INTEGER NOT NULL, PRIMARY KEY (rater, number)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS votes (
    rater INTEGER NOT NULL, number INTEGER NOT NULL, answer TEXT NOT NULL, seconds REAL NOT NULL,
    PRIMARY KEY (rater, number), FOREIGN KEY (rater, number) REFERENCES questions) WITHOUT ROWID;
"""


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


class Question(NamedTuple):
    """What a rater is asked; the destroyed picture of an attention check is None, so is ``right`` in rating mode."""

    scene: int  # index of the photo in the study
    left: str | None
    right: str | None = None
    check: bool = False


def questions(study: Study, token: str) -> list[Question]:
    """Draw the questions of a rater; the same token gives the same questions.

    Pairs of methods take turns, each with the photos in a random order of its own, so that every pair is asked about
    equally often; in rating mode, photos take turns, each with all methods. Then all are shuffled and sides are
    drawn. Each attention check is placed at random in its share of the list.
    """
    rng, rated = random.Random(f"{study.settings.seed}:{token}"), study.settings.mode == "rating"
    scenes = range(len(study.scenes))
    if rated:
        order = rng.sample(scenes, len(scenes))
        asked = [Question(*one) for one in product(order, rng.sample(study.methods, len(study.methods)))]
    else:
        pairs = list(combinations(study.methods, 2))
        rng.shuffle(pairs)
        orders = {pair: rng.sample(scenes, len(scenes)) for pair in pairs}
        asked = [Question(orders[pair][turn], *pair) for turn in scenes for pair in pairs]
    asked = asked[: study.settings.questions]
    rng.shuffle(asked)
    broken = [number for number, scene in enumerate(study.scenes) if scene.broken]
    turns = range(study.settings.attention if broken else 0)
    beside = [None if rated else rng.choice(study.methods) for _ in turns]
    checks = [Question(broken[turn % len(broken)], beside[turn], None, True) for turn in turns]
    rng.shuffle(checks)
    share = len(asked) / max(1, len(checks))
    for number in reversed(turns):
        position = (number + rng.random()) * share if number else min(rng.choice(_FIRST_CHECK), share)
        asked.insert(max(1, int(position)), checks[number])  # never the first question
    return [one._replace(left=one.right, right=one.left) if not rated and rng.random() < 0.5 else one for one in asked]


class Vote(NamedTuple):
    """An answer to a question."""

    rater: int  # from 1 on; the only thing known about a person
    number: int  # of the question in the rater's list, from 0 on
    question: Question
    answer: str  # left, right or tie; in rating mode 1 to 5
    seconds: float  # from the pictures' appearance to the answer, as measured by the browser


class Votes:
    """The votes of a study; may be shared among threads, and read by other processes meanwhile.

    A write is on the disk when its method returns: the journal is a write-ahead log, synchronized at each commit.
    """

    def __init__(self, folder: Path) -> None:
        """Open the votes in a study's folder; raise DataError if the file is damaged or cannot be written."""
        self.path, self._lock = folder / "votes.sqlite", threading.Lock()
        try:
            self._database = sqlite3.connect(self.path, check_same_thread=False, timeout=30)
            self._database.executescript(_SCHEMA)
        except sqlite3.Error as error:
            raise DataError(f"{shown(self.path)}: cannot be opened as votes ({error})") from error

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def begin(self, token: str, questions: Sequence[Question]) -> int:
        """Store a new rater with the questions that were drawn, and return the rater's number."""
        with self._lock, self._database:  # one transaction
            rater = self._database.execute("INSERT INTO raters (token) VALUES (?)", (token,)).lastrowid or 0
            rows = [(rater, number, *question) for number, question in enumerate(questions)]
            self._database.executemany("INSERT INTO questions VALUES (?, ?, ?, ?, ?, ?)", rows)
        return rater

    def rater(self, token: str) -> int | None:
        """Return the number of the rater with a token, or None."""
        return next((rater for (rater,) in self.run("SELECT id FROM raters WHERE token = ?", token)), None)

    def raters(self) -> int:
        """Return how many raters have begun."""
        return int(self.run("SELECT count(*) FROM raters")[0][0])

    def asked(self, rater: int) -> tuple[list[Question], int]:
        """Return the questions of a rater, and how many of them are answered."""
        done = self.run("SELECT count(*) FROM votes WHERE rater = ?", rater)[0][0]
        rows = self.run("SELECT scene, left, right, is_check FROM questions WHERE rater = ? ORDER BY number", rater)
        return [Question(*row) for row in rows], int(done)

    def vote(self, rater: int, number: int, answer: str, seconds: float) -> bool:
        """Store an answer, and return whether the question is answered, now or before.

        The first answer to a question counts. False means that it is not that question's turn.
        """
        self.run(  # one statement checks and stores, however many requests come at once
            "INSERT OR IGNORE INTO votes SELECT ?1, ?2, ?3, ?4 FROM questions WHERE rater = ?1 AND number = ?2 "
            "AND ?2 = (SELECT count(*) FROM votes WHERE rater = ?1)",
            rater, number, answer, seconds,
        )  # fmt: skip
        return bool(self.run("SELECT 1 FROM votes WHERE rater = ? AND number = ?", rater, number))

    def run(self, statement: str, *values: Any) -> list[Any]:
        """Run an SQL statement as a transaction, and return its rows."""
        with self._lock, self._database:
            return self._database.execute(statement, values).fetchall()


def read_votes(folder: Path) -> list[Vote]:
    """Return all votes in a study's folder, rater by rater, also while it is served.

    Raises:
        DataError: There is no database, or it is damaged.
    """
    if not (path := folder / "votes.sqlite").is_file():
        raise DataError(f"{shown(path)}: no such file; is this the folder of a study?")
    joined = "SELECT * FROM votes JOIN questions USING (rater, number) ORDER BY rater, number"
    try:
        with closing(Votes(folder)) as votes:
            return [Vote(row[0], row[1], Question(*row[4:]), row[2], row[3]) for row in votes.run(joined)]
    except sqlite3.Error as error:
        raise DataError(f"{shown(path)}: cannot be read ({error})") from error
