"""Standard input and output, and what stands in the way of files, with the real command."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray
from PIL import Image

from pielight.batch.plan import Naming
from pielight.batch.run import BatchOptions
from pielight.batch.stream import STREAM, job, stream
from pielight.cli import main
from pielight.core.output_names import Existing
from pielight.enhancer import Enhancer


@pytest.fixture
def folder(tmp_path: Path, photo: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Image.fromarray(photo).save("night.jpg", quality=90)
    Image.fromarray(photo).save("night.tif", compression="tiff_lzw")
    return tmp_path


def pielight(*arguments: str, data: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "pielight", *arguments]
    return subprocess.run(command, input=data, capture_output=True, check=False, timeout=30)


@pytest.mark.parametrize(
    ("name", "options"),
    [("night.jpg", ("--strength", "0.5", "--quality", "70")), ("night.tif", ()), ("night.jpg", ("--format", "png"))],
)
def test_streams_give_what_files_give(folder: Path, name: str, options: tuple[str, ...]) -> None:
    assert CliRunner().invoke(main, [name, *options, "-o", "out/"]).exit_code == 0
    (result,) = Path("out").iterdir()
    data = Path(name).read_bytes()
    assert pielight("-", *options, data=data).stdout == result.read_bytes()
    assert pielight(name, *options, "-o", "-").stdout == result.read_bytes()
    assert pielight("-", *options, "-o", result.name, "--existing", "rename", data=data).stdout == b""
    written = Path(result.name if "--format" in options else f"{result.stem}-2{result.suffix}")
    assert written.read_bytes() == result.read_bytes()


def test_an_existing_file_is_kept(folder: Path) -> None:
    before = Path("night.tif").read_bytes()
    done = pielight("-", "-o", "night.tif", data=Path("night.jpg").read_bytes())
    assert (done.returncode, done.stdout) == (0, b"")
    assert b"skipped" in done.stderr
    assert Path("night.tif").read_bytes() == before


def test_a_file_that_appears_while_a_stream_is_read(folder: Path, enhancer: Enhancer) -> None:
    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            Path("late.jpg").write_bytes(b"mine")
            return super().read(size)

    kinds: tuple[tuple[Existing, str, str], ...] = (("skip", "skipped", "late.jpg"), ("rename", "done", "late-2.jpg"))
    for existing, status, name in kinds:
        Path("late.jpg").unlink(missing_ok=True)
        late = job(STREAM, Naming("late.jpg", existing))
        source = Slow(Path("night.jpg").read_bytes())
        outcome = stream(late, enhancer, BatchOptions(existing=existing), source, io.BytesIO())
        assert (outcome.status, outcome.output) == (status, Path(name))
        assert Path("late.jpg").read_bytes() == b"mine"


def test_a_stream_has_no_times(folder: Path) -> None:
    for arguments in (("-",), ("-", "-o", "a.jpg"), ("night.jpg", "-o", "-")):
        done = pielight(*arguments, "--preserve-times", data=Path("night.jpg").read_bytes())
        assert (done.returncode, done.stdout) == (2, b"")
        assert b"--preserve-times is for files" in done.stderr


@pytest.mark.parametrize(
    ("data", "reason"), [(b"", b"standard input: empty\n"), (b"no picture", b"standard input: not a ")]
)
def test_a_bad_stream_is_one_line(folder: Path, data: bytes, reason: bytes) -> None:
    done = pielight("-", "-q", data=data)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.startswith(reason)
    assert done.stderr.count(b"\n") == 1


def test_a_terminal_gives_and_gets_no_picture(folder: Path) -> None:
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "pielight"]
    out = subprocess.run([*command, "night.jpg", "-o", "-"], stdout=slave, stderr=subprocess.PIPE, check=False)
    into = subprocess.run([*command, "-"], stdin=slave, capture_output=True, check=False)
    os.close(slave)
    os.close(master)
    assert (out.returncode, into.returncode) == (2, 2)
    assert b"not for a terminal" in out.stderr
    assert b"no photo comes from a terminal" in into.stderr


def test_nobody_reads(folder: Path) -> None:
    for arguments in (("night.jpg", "-o", "-"), (".", "--dry-run")):
        reading, writing = os.pipe()
        os.close(reading)
        command = [sys.executable, "-m", "pielight", "-q", *arguments]
        done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, check=False)
        os.close(writing)
        assert (done.returncode, done.stderr) == (1, b"")


CLOSED = (
    "import os, sys\nfor one in sys.argv[1]: os.close(int(one))\n"
    "os.execv(sys.executable, [sys.executable, *sys.argv[2:]])"
)


def without(streams: str, *arguments: str, data: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    """Run the command with standard streams closed, by their numbers."""
    command = [sys.executable, "-c", CLOSED, streams, "-m", "pielight", *arguments]
    return subprocess.run(command, input=data, capture_output=True, check=False, timeout=30)


def test_closed_streams_that_are_not_needed(folder: Path) -> None:
    assert CliRunner().invoke(main, ["night.jpg", "-o", "usual.jpg"]).exit_code == 0
    for streams in ("0", "1", "2", "012"):
        done = without(streams, "night.jpg", "missing.jpg", "-o", f"{streams}/")
        assert (done.returncode, done.stdout) == (1, b"")  # of the missing one
        assert (b"missing.jpg: no such file" in done.stderr) == ("2" not in streams)
        assert b"Traceback" not in done.stderr
        assert Path(streams, "night.jpg").read_bytes() == Path("usual.jpg").read_bytes()
    assert without("012", "night.jpg", "-o", "good.jpg").returncode == 0


@pytest.mark.parametrize(
    ("streams", "arguments", "reason"),
    [
        ("0", ("-", "-o", "a.jpg"), b"standard input: cannot be read (it is closed)\n"),
        ("1", ("night.jpg", "-o", "-"), b"standard output: cannot be written (it is closed)\n"),
        ("1", ("night.jpg", "--dry-run"), b"Error: standard output: it is closed\n"),
        ("1", ("--help",), b"Error: standard output: it is closed\n"),
        ("1", ("--version",), b"Error: standard output: it is closed\n"),
        ("012", ("night.jpg", "-o", "-"), b""),
        ("12", ("-",), b""),
    ],
)
def test_closed_streams_that_are_needed(folder: Path, streams: str, arguments: tuple[str, ...], reason: bytes) -> None:
    done = without(streams, *arguments, data=None if "0" in streams else Path("night.jpg").read_bytes())
    assert (done.returncode, done.stdout, done.stderr) == (1, b"", reason)


def test_a_usage_error_that_nobody_reads(folder: Path) -> None:
    assert without("2", "--nonsense").returncode == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_behind_standard_error(folder: Path) -> None:
    for arguments, status in (((".",), 0), ((".", "missing.jpg", "-o", "out"), 1), (("--nonsense",), 2)):
        with Path("/dev/full").open("wb") as full:
            command = [sys.executable, "-m", "pielight", *arguments]
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=full, check=False)
        assert (done.returncode, done.stdout) == (status, b"")
    assert {path.name for path in Path("out").iterdir()} == {"night.jpg", "night.tif"}


def test_a_full_disk_behind_a_report(folder: Path) -> None:
    limited = (
        "import resource, signal, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (16, 16));"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "from pielight.batch import report, run; from pathlib import Path; from pielight.cli import main\n"
        "def begin(self, *_):\n    pass\n"
        "def enhance(job, *_):\n    return run.JobResult(job.input, job.output, 'done')\n"
        "report.Report.begin = begin; run._enhance = enhance; main(prog_name='pielight')"
    )
    command = [sys.executable, "-c", limited, ".", "-j", "1", "--report", "run.jsonl"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("run.jsonl: the report cannot be written (") == 1
    assert done.stderr.splitlines()[-1] == "2 enhanced"  # the photos go on


def test_a_working_folder_that_has_been_deleted(folder: Path) -> None:
    Path("gone").mkdir()
    deleted = "import os, sys; os.chdir('gone'); os.rmdir('../gone'); from pielight.__main__ import run; run()"

    def there(*arguments: str) -> subprocess.CompletedProcess[str]:
        Path("gone").mkdir(exist_ok=True)
        return subprocess.run([sys.executable, "-c", deleted, *arguments], capture_output=True, text=True, check=False)

    for arguments in (("night.jpg",), ("compare", "night.jpg"), (str(folder / "night.jpg"), "-o", "out/"), (".",)):
        done = there(*arguments)
        text = "Error: the working folder has been deleted; change to another one\n"
        assert (done.returncode, done.stderr) == (1, text)
    assert there(str(folder / "night.jpg"), "-o", str(folder / "a.jpg")).returncode == 0
    assert Path("a.jpg").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_behind_standard_output(folder: Path) -> None:
    for arguments in (("night.jpg", "-o", "-"), (".", "--dry-run")):
        with Path("/dev/full").open("wb") as full:
            command = [sys.executable, "-m", "pielight", "-q", *arguments]
            done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
        assert done.returncode == 1
        assert done.stderr.count(b"\n") == 1
        assert b"No space left on device" in done.stderr


def test_a_full_disk_behind_the_results(folder: Path) -> None:
    limited = (
        "import resource, signal, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000));"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); from pielight.cli import main; main(prog_name='pielight')"
    )
    before = sorted(folder.iterdir())
    done = subprocess.run([sys.executable, "-c", limited, ".", "-q"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 2
    assert all(": cannot be " in line for line in done.stderr.splitlines())
    assert sorted(folder.iterdir()) == before


ODD = (b"with space", b"-o", b"caf\xe9", "夜 \N{RIGHT-TO-LEFT OVERRIDE}".encode(), b"a\nb\x1b[2J")


def test_odd_names(folder: Path) -> None:
    names = [os.fsdecode(stem + b".jpg") for stem in ODD]
    for name in names:
        os.link("night.jpg", name)
    Path("night.jpg").unlink()
    Path("night.tif").unlink()
    done = pielight("--", *names)
    assert (done.returncode, done.stdout) == (0, b"")
    assert done.stderr.count(b"\n") == len(names) + 1
    assert b"\x1b" not in done.stderr
    assert all(Path(os.fsdecode(stem + b"_pie.jpg")).exists() for stem in ODD)
    listed = pielight(".", "--dry-run")
    assert listed.stdout.count(b"\n") == listed.stdout.count(b"skipped") == len(names)
    assert pielight(".", "-o", "out", "--report", "run.jsonl").returncode == 0
    assert sorted(path.name for path in Path("out").iterdir()) == sorted(names)


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8"])
def test_names_that_a_screen_cannot_show(folder: Path, encoding: str) -> None:
    Path("night.tif").unlink()
    Path("night.jpg").rename("夜.jpg")
    command = [sys.executable, "-m", "pielight", "."]
    environment = os.environ | {"PYTHONIOENCODING": encoding}
    for more in (["--dry-run"], []):
        done = subprocess.run([*command, *more], capture_output=True, check=False, env=environment)
        assert (done.returncode, b"Traceback" in done.stderr) == (0, False)
        assert (b"\\u591c" in done.stdout + done.stderr) == (encoding == "cp1252")


def test_an_odd_name_on_a_sheet(folder: Path) -> None:
    name = os.fsdecode(b"<b>caf\xe9.jpg")
    Path("night.jpg").rename(name)
    compared = pielight("compare", "--size", "64", name)
    assert (compared.returncode, compared.stdout, compared.stderr) == (0, b"", b"<b>caf?_compare.html\n")
    assert b"&lt;b&gt;caf?" in Path(os.fsdecode(b"<b>caf\xe9_compare.html")).read_bytes()


def test_names_that_are_too_long(folder: Path) -> None:
    os.link("night.jpg", "x" * 250 + ".jpg")
    done = pielight(".", "-q")
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.count(b"\n") == 1
    assert b"File name too long" in done.stderr
    assert Path("night_pie.jpg").exists()
    done = pielight("y" * 300 + ".jpg", "-q")
    assert (done.returncode, done.stderr.count(b"\n")) == (1, 1)


@pytest.mark.skipif(os.geteuid() == 0 and not Path("/proc").exists(), reason="root may write anywhere")
def test_a_folder_that_cannot_be_written(folder: Path) -> None:
    place = "/proc/results" if os.geteuid() == 0 else "locked"  # where not even root may
    if place == "locked":
        Path(place).mkdir(mode=0o500)
    done = pielight("night.jpg", "-q", "-o", f"{place}/")
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.count(b"\n") == 1
    assert b"cannot be written" in done.stderr
