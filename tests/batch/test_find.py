import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pielight.batch.find import Search, find
from pielight.batch.run import unreadable
from pielight.errors import PielightError

DEEP = Search(recursive=True)


def close(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a folder that cannot be read, even by root."""
    usual: Callable[[Any], Iterator[os.DirEntry[str]]] = os.scandir

    def scan(path: Any) -> Any:
        if Path(path) == folder:
            raise PermissionError(13, "Permission denied", str(path))
        return usual(path)

    monkeypatch.setattr(os, "scandir", scan)


def test_a_folder_inside_that_cannot_be_read(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    close(tree / "sub", monkeypatch)
    findings = find([tree], DEEP)
    assert [one.path.name for one in findings.pictures] == ["a.PNG", "apple_pie.jpg", "b.jpg"]
    text = f"{tree / 'sub'}: folder cannot be read (Permission denied)"
    assert findings.unreadable == {tree / "sub": text}
    (outcome,) = unreadable(findings)
    assert (outcome.kind, outcome.status, outcome.input, outcome.reason) == ("folder", "failed", tree / "sub", text)
    assert find([tree]).unreadable == {}


def test_a_folder_that_cannot_be_read_beside_one_that_can(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    close(tree / "sub", monkeypatch)
    with pytest.raises(PielightError, match=r"sub: folder cannot be read \(Permission denied\)"):
        find([tree / "sub"])
    assert find([tree / "sub"], strict=False).pictures == []
    findings = find([tree / "sub", tree])
    assert len(findings.pictures) == 3
    assert list(findings.unreadable) == [tree / "sub"]


def test_pictures_that_are_not_read_are_counted(tree: Path) -> None:
    for name in ("a.jxl", "B.JXL", "c.psd", ".d.jxl", "sub/e.jp2", "sub/deep/f.jxl"):
        (tree / name).touch()
    findings = find([tree])
    assert findings.left_out == {".jxl": 2, ".psd": 1}
    assert findings.left_out_text() == ("3 files of unsupported formats left out: .jxl 2, .psd 1")
    assert find([tree], DEEP).left_out == {".jxl": 3, ".psd": 1, ".jp2": 1}
    assert find([tree], Search(exclude=["*.psd"])).left_out == {".jxl": 2}
    assert find([tree / "b.jpg"]).left_out_text() == ""
    for name in ("e.ico", "e.cur", "e.sgi", "e.pbm", "e.jpf"):
        (tree / name).touch()
    assert set(find([tree]).left_out) == {".jxl", ".psd", ".ico", ".cur", ".sgi", ".pbm", ".jpf"}
    (tree / "other").mkdir()
    (tree / "other" / "g.psd").touch()
    with pytest.raises(PielightError, match=r"folders inside; 1 file of an unsupported format left out"):
        find([tree / "other"], Search())
