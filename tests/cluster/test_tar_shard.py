"""Tar files: what is no photo stays byte for byte, and so do names, times and the order."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("pyarrow")
pytest.importorskip("fsspec")

from pielight.cluster.recorder import Recorder
from pielight.cluster.rows import decoded_rows, encoded_rows
from pielight.cluster.shards import ShardSearch
from pielight.cluster.tar_shard import enhance_tar
from pielight.errors import DataError
from tests.cluster.conftest import BAD, Reversed, read_tar, write_tar

NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="/"), min_size=1, max_size=40)
MEMBERS = st.lists(
    st.tuples(NAMES, st.sampled_from([".jpg", ".png", ".json", ".cls", ".seg.png", "", "/"]), st.binary(max_size=1500)),
    max_size=12,
    unique_by=lambda member: member[0].casefold(),
)


def enhanced(data: bytes, search: ShardSearch | None = None, file_format: str | None = None) -> tuple[bytes, Recorder]:
    record, out = Recorder("a.tar", Reversed()), io.BytesIO()
    enhance_tar(io.BytesIO(data), out, record, search or ShardSearch(), file_format, "a.tar")
    return out.getvalue(), record


@settings(max_examples=60, deadline=None)
@given(MEMBERS, st.sampled_from([tarfile.PAX_FORMAT, tarfile.GNU_FORMAT]), st.booleans())
def test_members_that_are_no_photos_stay(members: list[tuple[str, str, bytes]], form: int, is_deep: bool) -> None:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=form) as archive:
        for number, (stem, suffix, data) in enumerate(members):
            member = tarfile.TarInfo(("deep/" * 30 if is_deep else "") + stem.strip(".") + "x" + suffix.rstrip("/"))
            member.mtime, member.mode, member.uname = 1_600_000_000 + number, 0o600 + number, "me"
            if suffix == "/":
                member.type = tarfile.DIRTYPE
            else:
                member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    out, record = enhanced(file.getvalue(), ShardSearch(exclude=["*.seg.png"]))
    with tarfile.open(fileobj=io.BytesIO(file.getvalue())) as before, tarfile.open(fileobj=io.BytesIO(out)) as after:
        left = [one for one in before if not _is_bad(before, one)]
        assert [one.name for one in after] == [one.name for one in left]
        for old, new in zip(left, after.getmembers(), strict=True):
            assert (old.mtime, old.mode, old.type, old.uname) == (new.mtime, new.mode, new.type, new.uname)
            if old.isreg():
                data = before.extractfile(old).read()  # type: ignore[union-attr]
                is_photo = old.name.endswith((".jpg", ".png")) and not old.name.endswith(".seg.png")
                assert after.extractfile(new).read() == (data[::-1] if is_photo else data)  # type: ignore[union-attr]
    assert len(record.rows) + record.copied == len(members)


def _is_bad(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bool:
    return bool(
        member.isreg() and member.name.endswith(".jpg") and archive.extractfile(member).read().startswith(BAD)  # type: ignore[union-attr]
    )


def test_a_photo_that_fails_is_left_out_and_its_label_stays(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "a.tar", [("1.jpg", BAD), ("1.json", b"{}"), ("2.jpg", b"abc"), ("2.cls", b"7")])
    out, record = enhanced(path.read_bytes())
    assert read_tar(out) == [("1.json", b"{}"), ("2.jpg", b"cba"), ("2.cls", b"7")]
    assert [(row.key, row.status, row.index) for row in record.rows] == [("1.jpg", "failed", 0), ("2.jpg", "done", 2)]
    assert record.copied == 2


def test_another_format_changes_names_unless_they_are_taken(tmp_path: Path) -> None:
    long = "deep/" * 40 + "3.jpg"
    path = write_tar(tmp_path / "a.tar", [("1.jpg", b"ab"), ("1.png", b"cd"), ("2.jpg", b"ef"), (long, b"gh")])
    out, record = enhanced(path.read_bytes(), file_format="WEBP")
    assert [name for name, _ in read_tar(out)] == ["1.webp", "2.webp", long.replace(".jpg", ".webp")]
    assert record.rows[1].error == "1.png: there is a 1.webp already"


@pytest.mark.parametrize("names", [("1.png", "1.webp"), ("1.webp", "1.png")])
def test_no_two_members_get_one_name(names: tuple[str, str], tmp_path: Path) -> None:
    data = write_tar(tmp_path / "a.tar", [(name, b"ab") for name in names]).read_bytes()
    out, record = enhanced(data, file_format="WEBP")
    assert [name for name, _ in read_tar(out)] == ["1.webp"]
    assert [row.status for row in record.rows] == ["done", "failed"]
    if names[0] == "1.png":
        with pytest.raises(DataError, match=r"a\.tar: 1\.webp is there, and a result has that name in the new format"):
            enhanced(data, ShardSearch(exclude=["*.webp"]), "WEBP")
    twice = write_tar(tmp_path / "b.tar", [("1.webp", b"ab"), ("1.webp", b"cd")]).read_bytes()
    assert len(read_tar(enhanced(twice, file_format="WEBP")[0])) == 2


def test_names_stay_byte_for_byte(tmp_path: Path) -> None:
    names = ["./dot/k.JPEG", "./dot/k.txt", "./a//b.jpg", "caf\udce9.jpg", "caf\udce9.cls", "deep/" * 30 + "\udce9.jpg"]
    path = write_tar(tmp_path / "a.tar", [(name, b"ab") for name in names])
    out, record = enhanced(path.read_bytes())
    assert [name for name, _ in read_tar(out)] == names
    assert [row.output for row in record.rows] == [row.key for row in record.rows]
    assert decoded_rows(encoded_rows(record.rows))["key"].to_pylist()[2] == "caf\\udce9.jpg"
    out, _ = enhanced(path.read_bytes(), file_format="WEBP")
    assert [name for name, _ in read_tar(out)][:3] == ["./dot/k.webp", "./dot/k.txt", "./a//b.webp"]


def test_what_is_written_twice_is_the_same(tmp_path: Path) -> None:
    data = write_tar(tmp_path / "a.tar", [("1.jpg", b"ab"), ("ä.txt", b"cd")]).read_bytes()
    assert enhanced(data)[0] == enhanced(data)[0]


def test_links_and_sparse_members(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        link = tarfile.TarInfo("link.jpg")
        link.type, link.linkname = tarfile.SYMTYPE, "1.jpg"
        archive.addfile(link)
    out, record = enhanced((tmp_path / "a.tar").read_bytes())
    with tarfile.open(fileobj=io.BytesIO(out)) as archive:
        assert archive.getmember("link.jpg").linkname == "1.jpg"
    assert not record.rows


def test_damage_is_told(tmp_path: Path) -> None:
    data = write_tar(tmp_path / "a.tar", [("1.jpg", b"a" * 2000), ("2.jpg", b"b" * 2000)]).read_bytes()
    with pytest.raises(DataError, match=r"a\.tar: damaged tar file"):
        enhanced(data[:3000])
    torn = bytearray(data)
    torn[512 + 2048 : 512 + 2048 + 512] = b"x" * 512  # the second header
    with pytest.raises(DataError, match="no header at byte 2,560"):
        enhanced(bytes(torn))
    with pytest.raises(DataError, match="several tar files in one"):
        enhanced(data + data)
    with pytest.raises(DataError, match="damaged tar file"):
        enhanced(b"no tar file" * 100)
    with pytest.raises(DataError, match="compressed; decompress it first, as with gunzip"):
        enhanced(gzip.compress(data))
    _, record = enhanced(data[: 2 * (512 + 2048)])
    assert record.notes == ["no mark at its end: it may have been cut off"]
