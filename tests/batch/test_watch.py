import os
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pielight.batch.find import Search
from pielight.batch.plan import Naming
from pielight.batch.run import BatchOptions, JobResult
from pielight.batch.watch import watch
from pielight.enhancer import Enhancer
from pielight.errors import PielightError

INTERVAL = 0.15


class Watched:
    """A watched folder whose outcomes arrive in a list."""

    def __init__(self, folder: Path, model: Path, naming: Naming, search: Search) -> None:
        self.outcomes: list[JobResult] = []
        self.stop = threading.Event()
        seen = watch([folder], naming, search, Enhancer(model, 1), BatchOptions(), 2, self.stop.is_set, INTERVAL)
        self.thread = threading.Thread(target=lambda: self._note(seen))
        self.thread.start()

    def _note(self, outcomes: Iterator[JobResult]) -> None:
        for outcome in outcomes:
            self.outcomes.append(outcome)

    def names(self, status: str) -> list[str]:
        return sorted(outcome.input.name for outcome in self.outcomes if outcome.status == status)

    def wait(self, count: int) -> None:
        end = time.monotonic() + 10
        while len(self.outcomes) < count and time.monotonic() < end:
            time.sleep(0.02)
        time.sleep(3 * INTERVAL)  # nothing more must come
        assert len(self.outcomes) == count

    def end(self) -> None:
        self.stop.set()
        self.thread.join(5)
        assert not self.thread.is_alive()


@pytest.fixture
def flat(tree: Path) -> Path:
    shutil.rmtree(tree / "sub")
    (tree / "apple_pie.jpg").unlink()
    return tree


def test_what_is_there_and_what_arrives(flat: Path, bright_model: Path) -> None:
    (flat / "z.jpg").write_bytes(b"")
    watched = Watched(flat, bright_model, Naming(), Search(exclude=["no*"], task="brighten"))
    try:
        watched.wait(3)
        assert (watched.names("done"), watched.names("failed")) == (["a.PNG", "b.jpg"], ["z.jpg"])
        shutil.copy(flat / "b.jpg", flat / "c.jpg")
        shutil.copy(flat / "b.jpg", flat / "no.jpg")
        shutil.copy(flat / "a_pie.PNG", flat / "y.PNG")  # a result, by its record
        (flat / "b.jpg").unlink()  # its result is no photo for that
        watched.wait(4)
        shutil.copy(flat / "c.jpg", flat / "z.jpg")
        watched.wait(5)
        assert watched.names("done") == ["a.PNG", "b.jpg", "c.jpg", "z.jpg"]
        odd = os.fsdecode(b"caf\xe9.jpg")
        shutil.copy(flat / "c.jpg", flat / odd)
        watched.wait(6)
        assert watched.outcomes[-1].output.name == os.fsdecode(b"caf\xe9_pie.jpg")
    finally:
        watched.end()


def test_a_file_that_grows_is_left_until_it_is_whole(flat: Path, bright_model: Path) -> None:
    data = (flat / "b.jpg").read_bytes()
    watched = Watched(flat, bright_model, Naming(flat / "out"), Search(recursive=True))
    try:
        watched.wait(2)
        (flat / "new").mkdir()
        with (flat / "new" / "slow.jpg").open("wb", buffering=0) as file:
            for place in range(0, len(data), len(data) // 12):
                file.write(data[place : place + len(data) // 12])
                time.sleep(INTERVAL / 3)
        watched.wait(3)
        assert watched.outcomes[-1].status == "done"
        assert (flat / "out" / "new" / "slow.jpg").exists()
    finally:
        watched.end()


def test_a_name_that_is_taken_is_one_failure(flat: Path, bright_model: Path) -> None:
    shutil.copy(flat / "a.PNG", flat / "b.png")
    watched = Watched(flat, bright_model, Naming(file_format="JPEG"), Search(exclude=["a.*"]))
    try:
        watched.wait(2)
        assert watched.names("done") == ["b.jpg"]
        assert "would both become" in next(one.reason for one in watched.outcomes if one.status == "failed")
    finally:
        watched.end()


def test_a_folder_that_cannot_be_read_is_reported_once(
    flat: Path, bright_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = os.scandir

    def scan(path: Any) -> Any:
        if Path(path).name == "secret":
            raise PermissionError(13, "Permission denied", str(path))
        return usual(path)

    (flat / "secret").mkdir()
    monkeypatch.setattr(os, "scandir", scan)
    watched = Watched(flat, bright_model, Naming(), Search(recursive=True))
    try:
        watched.wait(3)
        assert (watched.names("done"), watched.names("failed")) == (["a.PNG", "b.jpg"], ["secret"])
    finally:
        watched.end()


def test_a_folder_that_is_gone(tmp_path: Path, bright_model: Path) -> None:
    with pytest.raises(PielightError, match="gone: no such folder"):
        next(watch([tmp_path / "gone"], Naming(), Search(), Enhancer(bright_model), BatchOptions()))
