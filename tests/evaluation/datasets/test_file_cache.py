"""The cache of facts about files: computed once, again when a file changed, and kept for the next run."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from pielight.evaluation.datasets import file_cache
from pielight.evaluation.datasets.file_cache import FILE, FileCache


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(file_cache, "_SETTLED", -1)  # what was written just now is taken to be settled
    path = tmp_path / "a.png"
    path.write_bytes(b"first")
    return path


class Reader:
    """Counts how often it reads."""

    def __init__(self) -> None:
        self.reads = 0

    def __call__(self, path: Path) -> str:
        self.reads += 1
        return path.read_text()


def test_a_file_is_read_once_until_it_changes(file: Path) -> None:
    known, read = FileCache(), Reader()
    looked: list[Path] = []
    known.on_read = looked.append
    assert [known.get("text", file, read) for _ in range(3)] == ["first"] * 3
    assert (read.reads, looked) == (1, [file])
    before = file.stat()
    file.write_bytes(b"other")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))  # of one size and time, as copies can be
    assert known.get("text", file, read) == "other"
    other = file.with_name("b.png")
    other.write_bytes(b"third")
    other.replace(file)
    assert known.get("text", file, read) == "third"
    assert known.get("length", file, lambda path: len(path.read_bytes())) == 5


def test_what_changed_just_now_is_read_again(tmp_path: Path) -> None:
    path, read = tmp_path / "a.png", Reader()
    path.write_bytes(b"new")
    known = FileCache()
    assert [known.get("text", path, read) for _ in range(2)] == ["new"] * 2
    assert read.reads == 2


def test_the_next_run_goes_on(file: Path, tmp_path: Path) -> None:
    report, read = tmp_path / "report", Reader()
    report.mkdir()
    known = FileCache()
    known.get("text", file, read)
    known.save(report)
    odd = tmp_path / os.fsdecode(b"caf\xe9")
    odd.write_bytes(b"odd")
    known.get("text", odd, read)  # is added at once
    with (report / FILE).open("ab") as kept:
        kept.write(b'{"no": "fact"}\n[1, 2]\n["text", "x", ["y"], 3]\n' + b"[" * 100_000 + b"\ncut off")
    again = FileCache()
    again.load(report)
    assert [again.get("text", path, read) for path in (file, odd)] == ["first", "odd"]
    assert read.reads == 2
    assert again.get("other", file, read) == "first"  # another fact
    assert read.reads == 3


def test_a_disk_that_takes_nothing_stops_nothing(file: Path, tmp_path: Path) -> None:
    known = FileCache()
    known.save(tmp_path / "nowhere")
    assert known.get("text", file, Reader()) == "first"
    with pytest.raises(FileNotFoundError):
        known.get("text", tmp_path / "none", Reader())
    known.load(tmp_path / "nowhere")


def test_lines_are_whole(file: Path, tmp_path: Path) -> None:
    known = FileCache()
    known.get("size", file, lambda _: (3, 4))
    known.save(tmp_path)
    [line] = (tmp_path / FILE).read_text().splitlines()
    kind, path, stamp, value = json.loads(line)
    assert (kind, path, len(stamp), value) == ("size", str(file), 5, [3, 4])
