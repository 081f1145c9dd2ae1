"""Pictures in tar files: found as in folders, and whatever else is in a tar does no harm."""

from __future__ import annotations

import dataclasses
import io
import tarfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from pielight.errors import DataError
from pielight.training.data import shards
from pielight.training.data.batches import load
from pielight.training.data.pictures import check, check_sources, sources
from pielight.training.data.shards import members
from pielight.training.schema import DataConfig


def add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    tar.addfile(entry, io.BytesIO(data))


@pytest.fixture(scope="module")
def packed(toy: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy pictures of the role dark in two tar files, with their labels as WebDataset keeps them."""
    folder = tmp_path_factory.mktemp("packed")
    for number in range(2):
        with tarfile.open(folder / f"{number + 9:03}.tar", "w") as tar:
            for picture in sorted((toy / "dark").iterdir())[number::2]:
                add(tar, picture.name, picture.read_bytes())
                add(tar, f"{picture.stem}.json", b"{}")
    return folder


@pytest.mark.parametrize("name", ["{009..010}.tar", "*.tar", "0{09..10}.tar"])
def test_is_read_as_a_folder_is(name: str, packed: Path, toy: Path, toy_data: DataConfig) -> None:
    found = load([str(packed / name)], "dark", toy_data)
    expected = load([str(toy / "dark")], "dark", toy_data)
    assert {one.numpy().tobytes() for one in found.pictures} == {one.numpy().tobytes() for one in expected.pictures}


def test_folders_and_tar_files_mix(packed: Path, toy: Path, toy_data: DataConfig) -> None:
    verdicts = list(check([str(packed / "009.tar"), str(toy / "dark")], "dark", toy_data))
    assert len(sources([str(packed / "009.tar"), str(toy / "dark")])) == len(verdicts) == 9
    assert sum(verdict.kind == "duplicate" for verdict in verdicts) == 3
    assert f"{packed}/009.tar/000.png" in {str(verdict.path) for verdict in verdicts}


def test_what_is_missing_is_named(packed: Path) -> None:
    with pytest.raises(DataError, match=r"011\.tar: no such file"):
        check_sources([str(packed / "{009..011}.tar")])
    with pytest.raises(DataError, match=r"no\*\.tar: no such file"):
        check_sources([str(packed / "no*.tar")])
    with pytest.raises(DataError, match="expected a range of 1 to"):
        check_sources([str(packed / "{1..99999999}.tar")])
    with pytest.raises(DataError, match="expected a range of 1 to"):
        check_sources([str(packed / "{5..2}.tar")])


def test_what_is_no_tar_is_refused(packed: Path, tmp_path: Path) -> None:
    for name, mode in (("gz", "w:gz"), ("text", "")):
        path = tmp_path / f"{name}.tar"
        if mode:
            with tarfile.open(path, mode) as tar:  # type: ignore[call-overload]
                add(tar, "a.png", b"x")
        else:
            path.write_bytes(b"no tar" * 1000)
        with pytest.raises(DataError, match=r"\.tar: no tar without compression, or damaged \("):
            members(str(path))
    whole = (packed / "009.tar").read_bytes()
    (tmp_path / "cut.tar").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"cut\.tar: no tar .*truncated|cut\.tar: no tar .*end of"):
        members(str(tmp_path / "cut.tar"))


def test_links_devices_and_odd_names_are_no_pictures(toy: Path, tmp_path: Path, toy_data: DataConfig) -> None:
    picture = (toy / "dark" / "000.png").read_bytes()
    with tarfile.open(tmp_path / "odd.tar", "w") as tar:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE):
            entry = tarfile.TarInfo("link.png")
            entry.type, entry.linkname = kind, "/etc/passwd"
            tar.addfile(entry)
        add(tar, "../../outside\n.png", picture)
        add(tar, "zeros.png", bytes(3000))
        add(tar, "empty.png", b"")
    verdicts = list(check([str(tmp_path / "odd.tar")], "dark", dataclasses.replace(toy_data)))
    assert [(verdict.path.name, verdict.kind) for verdict in verdicts] == [
        ("../../outside\n.png", ""), ("empty.png", "not a picture"), ("zeros.png", "not a picture"),
    ]  # fmt: skip
    assert [path.name for path in tmp_path.iterdir()] == ["odd.tar"]


def test_a_tar_of_too_many_is_refused(packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "_MOST_MEMBERS", 2)
    copy = tmp_path / "many.tar"
    copy.write_bytes((packed / "009.tar").read_bytes())
    with pytest.raises(DataError, match="more than 2 files"):
        members(str(copy))


def test_a_tar_that_shrinks_is_said_so(packed: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.tar"
    copy.write_bytes((packed / "009.tar").read_bytes())
    first, *_ = members(str(copy))
    copy.write_bytes(copy.read_bytes()[: first.offset + 10])
    with pytest.raises(DataError, match="the tar is truncated"):
        first.read()


@pytest.mark.parametrize("seed", range(40))
def test_damaged_tars_are_refused_or_read(seed: int, packed: Path, tmp_path: Path) -> None:
    random = np.random.default_rng(seed)
    data = np.frombuffer((packed / "009.tar").read_bytes(), np.uint8).copy()
    headers = random.integers(0, 512, 12) + 512 * random.integers(0, 4, 12)
    data[headers] = random.integers(0, 256, 12)
    path = tmp_path / f"{seed}.tar"
    path.write_bytes(data.tobytes())
    with suppress(DataError):
        for member in members(str(path)):
            assert len(member.read()) == member.size
