"""Several writers that want one name, by each way in which a file gets its name."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pielight.core import atomic_file as files
from pielight.core.atomic_file import write_atomic
from pielight.errors import ExistsError

WAYS = ("nameless", "named", "no links")


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Write as a system does that knows nameless files, none of them, or no hard links either."""
    if request.param != "nameless":
        monkeypatch.setattr(files, "_DESCRIPTORS", tmp_path / "none")
    if request.param == "no links":

        def refuse(*_: object, **__: object) -> None:
            raise PermissionError(1, "Operation not permitted")

        monkeypatch.setattr(os, "link", refuse)
    return str(request.param)


@pytest.mark.usefixtures("way")
def test_a_file_that_appears_is_kept(tmp_path: Path) -> None:
    target = tmp_path / "a_pie.jpg"

    def write_late() -> None:
        with files.open_atomic(target, "skip") as one:
            one.write(b"ours")
            target.write_bytes(b"theirs")

    with pytest.raises(ExistsError, match=r"a_pie\.jpg: the file exists"):
        write_late()
    with files.open_atomic(target, "rename") as one:
        one.write(b"ours")
        (tmp_path / "a_pie-2.jpg").symlink_to("nowhere")
    assert one.path == tmp_path / "a_pie-3.jpg"
    assert one.path.read_bytes() == b"ours"
    assert write_atomic(target, b"ours", "rename", number=7) == tmp_path / "a_pie-7.jpg"
    assert target.read_bytes() == b"theirs"
    assert write_atomic(target, b"ours") == target
    assert target.read_bytes() == b"ours"
    assert len(list(tmp_path.iterdir())) == 4


@pytest.mark.usefixtures("way")
def test_no_two_writers_get_one_name(tmp_path: Path) -> None:
    target, count = tmp_path / "a.jpg", 60

    def write(number: int) -> Path | None:
        data = b"%d" % number * 100
        try:
            return write_atomic(target, data, "rename" if number % 3 else "skip")
        except ExistsError:
            return None

    with ThreadPoolExecutor(8) as pool:
        names = list(pool.map(write, range(count)))
    kept = [name for name in names if name]
    assert len(set(kept)) == len(kept) >= count * 2 // 3
    assert sorted(kept) == sorted(tmp_path.iterdir())
    for number, name in enumerate(names):
        assert name is None or name.read_bytes() == b"%d" % number * 100


def test_a_claim_without_links_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(files.PictureError, match="cannot be written"):
        write_atomic(tmp_path / "a.jpg", b"ours", "skip")
    assert list(tmp_path.iterdir()) == []
