"""Votes of a study in an SQLite database: committed one by one, each question of a rater counted once."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from pielight.core.messages import shown
from pielight.errors import DataError
from pielight.survey.questions import Question

_SCHEMA = """
CREATE TABLE IF NOT EXISTS raters (id INTEGER PRIMARY KEY, token TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS questions (
    rater INTEGER NOT NULL REFERENCES raters, number INTEGER NOT NULL, scene INTEGER NOT NULL,
    left TEXT, right TEXT, is_check INTEGER NOT NULL, PRIMARY KEY (rater, number)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS votes (
    rater INTEGER NOT NULL, number INTEGER NOT NULL, answer TEXT NOT NULL, seconds REAL NOT NULL,
    PRIMARY KEY (rater, number), FOREIGN KEY (rater, number) REFERENCES questions) WITHOUT ROWID;
"""


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
            for setting in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
                self._database.execute(f"PRAGMA {setting}")
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
            rows = [(rater, number, one.scene, one.left, one.right, one.check) for number, one in enumerate(questions)]
            self._database.executemany("INSERT INTO questions VALUES (?, ?, ?, ?, ?, ?)", rows)
        return rater

    def rater(self, token: str) -> int | None:
        """Return the number of the rater with a token, or None."""
        rows = self._rows("SELECT id FROM raters WHERE token = ?", token)
        return rows[0][0] if rows else None

    def raters(self) -> int:
        """Return how many raters have begun."""
        return int(self._rows("SELECT count(*) FROM raters")[0][0])

    def asked(self, rater: int) -> tuple[list[Question], int]:
        """Return the questions of a rater, and how many of them are answered."""
        done = self._rows("SELECT count(*) FROM votes WHERE rater = ?", rater)[0][0]
        rows = self._rows("SELECT scene, left, right, is_check FROM questions WHERE rater = ? ORDER BY number", rater)
        return [_question(row) for row in rows], int(done)

    def vote(self, rater: int, number: int, answer: str, seconds: float) -> bool:
        """Store an answer, and return whether the question is answered, now or before.

        The first answer to a question counts. False means that it is not that question's turn.
        """
        with self._lock, self._database:  # one statement checks and stores, however many requests come at once
            self._database.execute(
                "INSERT OR IGNORE INTO votes SELECT ?1, ?2, ?3, ?4 FROM questions WHERE rater = ?1 AND number = ?2 "
                "AND ?2 = (SELECT count(*) FROM votes WHERE rater = ?1)",
                (rater, number, answer, seconds),
            )
        return bool(self._rows("SELECT 1 FROM votes WHERE rater = ? AND number = ?", rater, number))

    def all(self) -> list[Vote]:
        """Return all votes, rater by rater; raise DataError if the database is damaged."""
        joined = "SELECT * FROM votes JOIN questions USING (rater, number) ORDER BY rater, number"
        try:
            return [Vote(row[0], row[1], _question(row[4:]), row[2], row[3]) for row in self._rows(joined)]
        except sqlite3.Error as error:
            raise DataError(f"{shown(self.path)}: cannot be read ({error})") from error

    def _rows(self, statement: str, *values: Any) -> list[Any]:
        with self._lock:
            return self._database.execute(statement, values).fetchall()


def _question(row: Sequence[Any]) -> Question:
    scene, left, right, is_check = row
    return Question(scene, left, right, bool(is_check))


def read_votes(folder: Path) -> list[Vote]:
    """Return the votes in a study's folder, also while it is served; raise DataError if there are none."""
    if not (folder / "votes.sqlite").is_file():
        raise DataError(f"{shown(folder / 'votes.sqlite')}: no such file; is this the folder of a study?")
    with closing(Votes(folder)) as votes:
        return votes.all()
