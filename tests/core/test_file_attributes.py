"""Permissions, owner and times of results."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pielight.core import atomic_file as files
from pielight.core.atomic_file import write_atomic
from pielight.core.file_attributes import Attributes, attributes_of
from pielight.enhancer import Enhancer
from pielight.errors import PielightError
from pielight.inference.pipeline_files import SaveOptions
from pielight.options import EnhanceOptions

pytestmark = pytest.mark.skipif(not hasattr(os, "fchown"), reason="Windows has no such permissions")
TIMES = (1_000_000_001_123_456_789, 1_100_000_002_123_456_789)


@pytest.fixture
def night(tmp_path: Path, photo: NDArray[np.uint8]) -> Path:
    path = tmp_path / "night.png"
    Image.fromarray(photo[:16, :16]).save(path)
    os.utime(path, ns=TIMES)
    return path


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o7777


@pytest.mark.parametrize("strength", [0, 1])
@pytest.mark.parametrize("existing", ["overwrite", "skip", "rename"])
@pytest.mark.parametrize("way", ["nameless", "named", "no links"])
def test_a_result_has_the_rights_and_times_of_its_picture(
    enhancer: Enhancer, night: Path, strength: float, existing: files.Existing, way: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    if way == "named":
        monkeypatch.setattr(files, "_DESCRIPTORS", night.parent / "none")
    if way == "no links":
        monkeypatch.setattr(os, "link", refuse)
    for number, rights in enumerate((0o600, 0o644, 0o664, 0o400)):
        night.chmod(rights)
        os.utime(night, ns=TIMES)
        for kept in (True, False):
            saving = SaveOptions(existing=existing, preserve_times=kept)
            target = night.parent / f"{number}{kept}.png"
            result = enhancer.enhance_and_save(night, target, EnhanceOptions(strength), saving).path
            assert mode(result) == rights
            status = result.stat()
            assert ((status.st_atime_ns, status.st_mtime_ns) == TIMES) == kept


def test_a_replaced_file_keeps_its_rights_but_not_its_times(enhancer: Enhancer, night: Path) -> None:
    target = night.parent / "a.png"
    target.write_bytes(b"old")
    target.chmod(0o640)
    night.chmod(0o604)
    enhancer.enhance_and_save(night, target, saving=SaveOptions(preserve_times=True))
    assert (mode(target), target.stat().st_mtime_ns) == (0o640, TIMES[1])
    night.chmod(0o600)
    target.unlink()
    (night.parent / "other").write_bytes(b"other")
    target.symlink_to("other")  # a link has no rights of its own
    enhancer.enhance_and_save(night, target)
    assert mode(target) == 0o600
    assert not target.is_symlink()


def test_what_has_no_source_follows_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_atomic(tmp_path / "page.html", b"")
    finally:
        os.umask(before)
    assert mode(tmp_path / "page.html") == 0o640


def test_nobody_else_reads_a_private_picture_while_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_DESCRIPTORS", tmp_path / "none")
    with files.open_atomic(tmp_path / "a.jpg", attributes=Attributes(0o600, (os.getuid(), os.getgid()))):
        (part,) = tmp_path.iterdir()
        assert mode(part) == 0o600


def test_another_group_gets_no_more_than_everybody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "fchown", refuse)
    for rights, expected in ((0o640, 0o600), (0o664, 0o644), (0o666, 0o666), (0o677, 0o677)):
        write_atomic(tmp_path / "a", b"", attributes=Attributes(rights, (os.getuid(), os.getgid() + 1)))
        assert mode(tmp_path / "a") == expected
        (tmp_path / "a").unlink()


def test_set_user_id_is_not_handed_on(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    (tmp_path / "a").chmod(0o4755)
    found = attributes_of(tmp_path / "a")
    assert found is not None
    assert found.mode == 0o755
    assert attributes_of(tmp_path) is None
    assert attributes_of(tmp_path / "none") is None


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away")
def test_root_keeps_owner_and_group(enhancer: Enhancer, night: Path) -> None:
    os.chown(night, 12345, 23456)
    night.chmod(0o640)
    target = night.parent / "a.png"
    for owner in ((12345, 23456), (34567, 45678)):
        enhancer.enhance_and_save(night, target)
        status = target.stat()
        assert (status.st_uid, status.st_gid, mode(target)) == (*owner, 0o640)
        os.chown(target, 34567, 45678)  # the next run replaces a file of somebody else


def test_times_are_for_files_only(enhancer: Enhancer, night: Path) -> None:
    assert enhancer.enhance_file(night, preserve_times=True).stat().st_mtime_ns == TIMES[1]
    with pytest.raises(PielightError, match="preserve_times is only for a picture given as a path"):
        enhancer(night.read_bytes(), preserve_times=True)  # type: ignore[call-overload]
