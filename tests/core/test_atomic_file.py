import os
import subprocess
import sys
from pathlib import Path

import pytest

from pielight.core import atomic_file as files
from pielight.core.atomic_file import read_file, write_atomic
from pielight.errors import PictureError
from tests.io import samples


def test_write_makes_folders_and_leaves_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "a" / "b" / "c.jpg"
    write_atomic(target, b"one")
    write_atomic(target, b"two")
    assert target.read_bytes() == b"two"
    assert [path.name for path in target.parent.iterdir()] == ["c.jpg"]


def test_a_failure_leaves_the_old_file_and_no_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "c.jpg"
    target.write_bytes(b"old")

    def fail(self: Path, other: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(PictureError, match=r"c\.jpg: cannot be written \(No space left on device\)"):
        write_atomic(target, b"new")
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["c.jpg"]


@pytest.mark.parametrize("nameless", [True, False])
def test_either_way_of_writing(tmp_path: Path, nameless: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not nameless:
        monkeypatch.setattr(files, "_DESCRIPTORS", tmp_path / "none")
    with files.open_atomic(tmp_path / "new.jpg") as file:
        file.write(b"one")
        file.flush()
        assert not (tmp_path / "new.jpg").exists()
        assert len(list(tmp_path.iterdir())) == (0 if nameless and hasattr(os, "O_TMPFILE") else 1)
    assert (tmp_path / "new.jpg").read_bytes() == b"one"
    with pytest.raises(TypeError), files.open_atomic(tmp_path / "new.jpg") as file:
        file.write(b"half") + None  # type: ignore[operator]
    assert (tmp_path / "new.jpg").read_bytes() == b"one"
    assert [path.name for path in tmp_path.iterdir()] == ["new.jpg"]


def test_without_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbid(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", forbid)
    for data in (b"one", b"two"):
        write_atomic(tmp_path / "c.jpg", data)
        assert (tmp_path / "c.jpg").read_bytes() == data
    assert [path.name for path in tmp_path.iterdir()] == ["c.jpg"]


@pytest.mark.skipif(not hasattr(os, "O_TMPFILE"), reason="nameless files are Linux's")
def test_a_killed_process_leaves_nothing(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path; from pielight.core.atomic_file import open_atomic\n"
        "with open_atomic(Path(sys.argv[1])) as file:\n"
        "    file.write(b'x' * 100_000); file.flush(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "a.jpg"], check=False)
    assert done.returncode == -9
    assert list(tmp_path.iterdir()) == []


def test_new_files_have_the_usual_rights(tmp_path: Path) -> None:
    (tmp_path / "usual").write_bytes(b"")
    write_atomic(tmp_path / "ours", b"")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_a_link_is_replaced_and_what_it_points_to_stays(tmp_path: Path) -> None:
    (tmp_path / "photo").write_bytes(b"photo")
    (tmp_path / "link").symlink_to(tmp_path / "photo")
    write_atomic(tmp_path / "link", b"result")
    assert (tmp_path / "photo").read_bytes() == b"photo"


def test_a_file_where_a_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(PictureError, match="cannot be written"):
        write_atomic(tmp_path / "file" / "c.jpg", b"")


def test_a_folder_where_a_file_should_be(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="a folder; name a file"):
        write_atomic(tmp_path, b"")


def test_what_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "loop.jpg").symlink_to(tmp_path / "loop.jpg")
    (tmp_path / "large.jpg").write_bytes(b"x" * 100)
    os.mkfifo(tmp_path / "pipe.jpg")
    monkeypatch.setattr(files, "MAX_FILE_BYTES", 50)
    reasons = {
        "empty.jpg": "empty file",
        "none.jpg": "no such file",
        "loop.jpg": "cannot be read",
        "large.jpg": "limit",
        "pipe.jpg": "not a regular file",
        "": "a folder",
        "zero\0byte.jpg": "cannot be read",
    }
    for name, reason in reasons.items():
        with pytest.raises(PictureError, match=reason):
            read_file(tmp_path / name)


@pytest.mark.parametrize(
    "name", ["rgb.jpg", "rgb.png", "rgb.bmp", "rgb.tif", "rgb_16.tif", "palette.gif", "lossy.webp"]
)
def test_a_full_disk_at_any_byte(name: str, tmp_path: Path) -> None:
    code = """if True:
        import resource, signal, sys
        from pathlib import Path
        from pielight.errors import PictureError
        from pielight.io.decode import read
        from pielight.io.encode import save
        from pielight.core.atomic_file import open_atomic
        picture, target = read(Path(sys.argv[1])), Path(sys.argv[2])
        with open_atomic(target) as file:
            save(picture, file)
        size = target.stat().st_size
        target.unlink()
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        for limit in sorted({0, 1, 100, size // 2, size - 100, size - 2, size - 1}):
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
            try:
                with open_atomic(target) as file:
                    save(picture, file)
            except PictureError as error:
                assert "cannot be written (File too large)" in str(error), error
            else:
                raise AssertionError(limit)
            assert not target.exists()
    """
    (tmp_path / name).write_bytes(samples.sample(name))
    subprocess.run([sys.executable, "-c", code, tmp_path / name, tmp_path / "out"], check=True)
