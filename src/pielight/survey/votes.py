"""Votes of a study in an SQLite database: committed one by one, each question of a rater counted once."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from pielight.core.atomic_file import shown
from pielight.errors import DataError
from pielight.survey.questions import Question

_SCHEMA = """
CREATE TABLE IF NOT EXISTS raters (id INTEGER PRIMARY KEY, token TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS questions (
    rater INTEGER NOT NULL REFERENCES raters, number INTEGER NOT NULL, scene INTEGER NOT NULL,
    left TEXT, right TEXT, is_check INTEGER NOT NULL, PRIMARY KEY (rater, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS votes (
    rater INTEGER NOT NULL, number INTEGER NOT NULL, answer TEXT NOT NULL, seconds REAL NOT NULL,
    PRIMARY KEY (rater, number), FOREIGN KEY (rater, number) REFERENCES questions
) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class Vote:
    """An answer to a question.

    Attributes:
        rater: Number of the rater, from 1 on; all that is known of a person.
        number: Of the question in the rater's list, from 0 on.
        question: What was shown.
        answer: ``left``, ``right`` or ``tie``; or ``1`` to ``5``.
        seconds: From the pictures' appearance to the answer, as the browser says.
    """

    rater: int
    number: int
    question: Question
    answer: str
    seconds: float


class Votes:
    """The votes of a study; may be shared among threads, and read by other processes meanwhile.

    What a method has returned from is on the disk: the database is in write-ahead mode and synchronizes each commit.
    """

    def __init__(self, folder: Path) -> None:
        """Open the votes of a study's folder.

        Raises:
            DataError: The file is damaged, no database, or cannot be written.
        """
        self.path = folder / "votes.sqlite"
        self._lock = threading.Lock()
        try:
            self._database = sqlite3.connect(self.path, check_same_thread=False, isolation_level=None, timeout=30)
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = FULL")
            self._database.execute("PRAGMA foreign_keys = ON")
            self._database.executescript(_SCHEMA)
        except sqlite3.Error as error:
            raise DataError(f"{shown(self.path)}: cannot be opened as votes ({error})") from error

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def begin(self, token: str, questions: Sequence[Question]) -> None:
        """Store a new rater with the questions that were drawn."""
        with self._lock, closing(self._database.cursor()) as cursor:
            cursor.execute("BEGIN IMMEDIATE")
            try:
                rater = cursor.execute("INSERT INTO raters (token) VALUES (?)", (token,)).lastrowid
                cursor.executemany(
                    "INSERT INTO questions VALUES (?, ?, ?, ?, ?, ?)",
                    (
                        (rater, number, question.scene, question.left, question.right, question.check)
                        for number, question in enumerate(questions)
                    ),
                )
            except BaseException:
                cursor.execute("ROLLBACK")
                raise
            cursor.execute("COMMIT")

    def rater(self, token: str) -> int | None:
        """Return the number of the rater with a token, or None."""
        with self._lock:
            row = self._database.execute("SELECT id FROM raters WHERE token = ?", (token,)).fetchone()
        return row[0] if row else None

    def raters(self) -> int:
        """Return how many raters have begun."""
        with self._lock:
            return int(self._database.execute("SELECT count(*) FROM raters").fetchone()[0])

    def asked(self, rater: int) -> tuple[list[Question], int]:
        """Return the questions of a rater, and how many of them are answered."""
        with self._lock:
            rows = self._database.execute(
                "SELECT scene, left, right, is_check FROM questions WHERE rater = ? ORDER BY number", (rater,)
            ).fetchall()
            done = self._database.execute("SELECT count(*) FROM votes WHERE rater = ?", (rater,)).fetchone()[0]
        return [Question(scene, left, right, bool(check)) for scene, left, right, check in rows], int(done)

    def vote(self, rater: int, number: int, answer: str, seconds: float) -> bool:
        """Store an answer; the first to a question counts, and only the next question can be answered.

        Returns:
            Whether it is stored now, or the question was answered before; False if it is not that question's turn.
        """
        with self._lock:
            # One statement: it checks and stores in one transaction, however many ask at the same moment.
            self._database.execute(
                "INSERT OR IGNORE INTO votes SELECT ?1, ?2, ?3, ?4 FROM questions WHERE rater = ?1 AND number = ?2 "
                "AND ?2 = (SELECT count(*) FROM votes WHERE rater = ?1)",
                (rater, number, answer, seconds),
            )
            row = self._database.execute(
                "SELECT 1 FROM votes WHERE rater = ? AND number = ?", (rater, number)
            ).fetchone()
        return row is not None

    def all(self) -> list[Vote]:
        """Return all votes, rater by rater.

        Raises:
            DataError: The database is damaged.
        """
        try:
            with self._lock:
                rows = self._database.execute(
                    "SELECT rater, number, scene, left, right, is_check, answer, seconds "
                    "FROM votes JOIN questions USING (rater, number) ORDER BY rater, number"
                ).fetchall()
        except sqlite3.Error as error:
            raise DataError(f"{shown(self.path)}: cannot be read ({error})") from error
        return [
            Vote(rater, number, Question(scene, left, right, bool(check)), answer, seconds)
            for rater, number, scene, left, right, check, answer, seconds in rows
        ]


def read_votes(folder: Path) -> list[Vote]:
    """Return the votes of a study's folder; works while the study is served.

    Raises:
        DataError: There are none, or the database is damaged.
    """
    if not (folder / "votes.sqlite").is_file():
        raise DataError(f"{shown(folder / 'votes.sqlite')}: no such file; is this the folder of a study?")
    with closing(Votes(folder)) as votes:
        return votes.all()
