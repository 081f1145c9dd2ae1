"""Places: listed, read and written whole or not at all; of ``pielight.cluster``: ``ray_workers`` is in test_ray.py."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pyarrow")
pytest.importorskip("fsspec")

from pielight.cluster import storage as module
from pielight.cluster.options import ClusterOptions
from pielight.cluster.storage import Storage, StorageError
from pielight.errors import DataError, PielightError


@pytest.fixture(params=["folder", "memory"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    return Storage(str(tmp_path / "a") if request.param == "folder" else f"memory://{tmp_path.name}/a/")


def test_what_is_written_is_listed_and_read(place: Storage) -> None:
    assert place.entries() == []
    place.write("x/1.bin", b"123")
    place.write("0.bin", b"")
    assert [(one.name, one.size) for one in place.entries()] == [("0.bin", 0), ("x/1.bin", 3)]
    assert [one.name for one in place.entries("x")] == ["x/1.bin"]
    assert dict(place.read_all(["x/1.bin", "0.bin"])) == {"x/1.bin": b"123", "0.bin": b""}
    with place.reading("x/1.bin") as file:
        file.seek(1)
        assert file.read() == b"23"
    before = place.entries()[1].stamp
    place.write("x/1.bin", b"1234")
    assert place.entries()[1].stamp != before
    with pytest.raises(StorageError, match=r"none\.bin: cannot be read \(there is none\)") as missing:
        place.read("none.bin")
    assert missing.value.is_lasting


def write_half(place: Storage, error: Exception) -> None:
    with place.writing("1.bin") as file:
        file.write(b"half")
        raise error


def test_nothing_is_left_of_what_was_not_finished(place: Storage) -> None:
    with pytest.raises(KeyError):
        write_half(place, KeyError())
    assert place.entries() == []


def test_no_room(place: Storage, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"1\.bin: cannot be written \(No space left on device\)") as full:
        write_half(place, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    assert full.value.is_full
    assert not list(tmp_path.rglob("*.*"))


def test_what_the_block_finds_damaged_is_no_failure_of_the_store(place: Storage) -> None:
    with pytest.raises(DataError, match=r"a\.tar: damaged"):
        write_half(place, DataError("a.tar: damaged"))


@pytest.mark.parametrize(("number", "is_lasting"), [
    (errno.ENOENT, True), (errno.EACCES, True), (errno.ELOOP, True), (errno.EIO, False), (errno.ETIMEDOUT, False),
])  # fmt: skip
def test_which_failures_last(number: int, is_lasting: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "open", fails)
    with pytest.raises(StorageError) as failed:
        Storage(str(tmp_path)).read("a.jpg")
    assert failed.value.is_lasting is is_lasting


def test_large_results_go_up_in_parts_or_not_at_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "ONE_REQUEST", 10)
    place = Storage(f"memory://{tmp_path.name}/parts")
    place.write("1.bin", b"x" * 25)
    assert place.read("1.bin") == b"x" * 25


def test_what_fails_for_a_moment_is_tried_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    place, pauses, failures = Storage(f"memory://{tmp_path.name}/a"), list[float](), [3]
    place.write("1.bin", b"1")
    monkeypatch.setattr(module.time, "sleep", pauses.append)
    original = type(place._fs).cat_file

    def fails(self: Any, path: str, **other: Any) -> bytes:
        failures[0] -= 1
        if failures[0] >= 0:
            raise ConnectionResetError("reset")
        data: bytes = original(self, path, **other)
        return data

    monkeypatch.setattr(type(place._fs), "cat_file", fails)
    assert place.read("1.bin") == b"1"
    assert len(pauses) == 3
    assert pauses[0] < pauses[1] < pauses[2] or max(pauses) < 4
    failures[0] = 9
    with pytest.raises(StorageError, match=r"1\.bin: cannot be read \(reset\)") as failed:
        place.read("1.bin")
    assert not failed.value.is_lasting


def test_places_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(PielightError, match="nonsense://a: "):
        Storage("nonsense://a").entries()
    if os.name != "nt" and os.geteuid():  # root may read everything
        (tmp_path / "closed").mkdir(0)
        with pytest.raises(StorageError, match="cannot be listed"):
            Storage(str(tmp_path)).entries()


def test_one_place_has_one_identity(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert Storage(f"{tmp_path}/b/").identity == Storage(f"file://{tmp_path}/a").identity
    assert Storage("memory://x/a").identity != Storage("memory://x/b").identity


def test_other_processes_get_absolute_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Storage("a").address == str(tmp_path / "a")
    assert Storage("memory://x/a").address == "memory://x/a"
    assert ClusterOptions(model="mine.onnx").model == str(tmp_path / "mine.onnx")
    assert ClusterOptions(model="free").model == "free"
