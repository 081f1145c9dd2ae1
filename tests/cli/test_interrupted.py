"""Runs that are ended from outside, with the real command."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray
from PIL import Image

from pielight.cli import main
from tests.io import samples

COUNT = 24


@pytest.fixture
def folder(tmp_path: Path, photo: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch) -> Path:
    """Photos that take the command a second or two."""
    monkeypatch.chdir(tmp_path)
    Path("in/sub").mkdir(parents=True)
    Image.fromarray(np.tile(photo, (10, 10, 1))).save("in/00.jpg", quality=90)
    for number in range(1, COUNT):
        os.link("in/00.jpg", f"in/sub/{number:02}.jpg")
    return tmp_path


def start(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "pielight", *arguments]
    # A shell in the background would have children ignore Ctrl-C.
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace",
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip


def results() -> list[Path]:
    return [path for path in Path("out").rglob("*") if path.is_file()]


def wait_for(count: int, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while len(list(Path("out").rglob("*.jpg"))) < count and time.monotonic() < end:
        time.sleep(0.002)
    assert len(results()) >= count


def check_whole() -> None:
    """Every file is a whole picture in its place, and no other lies about."""
    for path in results():
        assert path.suffix == ".jpg", path
        assert Path("in", path.relative_to("out")).exists()
        with Image.open(path) as image:
            image.load()


def finish() -> None:
    assert CliRunner().invoke(main, ["in", "-r", "-o", "out"]).exit_code == 0
    assert len(results()) == COUNT
    check_whole()


@pytest.mark.parametrize("after", [0, 1, 7])
def test_ctrl_c(folder: Path, after: int) -> None:
    command = start("in", "-r", "-o", "out", "-j", "2", "--report", "run.jsonl")
    wait_for(after)
    while not Path("run.jsonl").exists():
        time.sleep(0.005)
    time.sleep(0.05)
    command.send_signal(signal.SIGINT)
    begun = time.monotonic()
    out, err = command.communicate(timeout=20)
    assert time.monotonic() - begun < 4
    assert (command.returncode, out) == (130, "")
    assert "Traceback" not in err
    *_, last = err.splitlines()
    made = len(results())
    told = f"stopped: {made} enhanced, {COUNT - made} left; the same command goes on"
    if not made and last == "stopped":  # a busy machine had not begun yet
        return
    assert last == told
    assert after <= made < COUNT
    check_whole()
    *_, end = (json.loads(line) for line in Path("run.jsonl").read_text().splitlines())
    assert end == {"type": "end", "done": made, "skipped": 0, "failed": 0, "interrupted": True}
    finish()


def test_ctrl_c_before_the_first_photo(folder: Path) -> None:
    for seconds in (0.1, 0.2, 0.3):  # while modules are loaded, or not long after
        command = start("in", "-r", "-o", "out")
        time.sleep(seconds)
        command.send_signal(signal.SIGINT)
        _, err = command.communicate(timeout=20)
        assert command.returncode in (130, -signal.SIGINT)  # the latter before pielight has begun at all
        if command.returncode == 130:
            assert len(err.splitlines()) <= 1 + len(results())
            assert "Traceback" not in err
            assert err.splitlines()[-1].startswith("stopped")
    finish()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize(
    ("number", "status", "module"),
    [
        (signal.SIGINT, 130, "contextlib"), (signal.SIGINT, 130, "numpy"), (signal.SIGINT, 130, "onnxruntime"),
        (signal.SIGINT, 130, "rawpy"), (signal.SIGTERM, 143, "click"), (signal.SIGTERM, 143, "onnxruntime"),
    ],
)  # fmt: skip
def test_a_signal_while_modules_are_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, status: int, module: str
) -> None:
    """From the first line on, in the middle of an import, and where an exception would be lost."""
    monkeypatch.chdir(tmp_path)
    Path("a.dng").write_bytes(samples.sample("camera.dng"))
    done = subprocess.run(
        [sys.executable, "-c", WHILE_LOADING, str(number), module, "a.dng", "-o", "-", "--format", "png"],
        capture_output=True, text=True, errors="replace", check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (status, "", "stopped\n")


WHILE_LOADING = """
import builtins, os, signal, sys, weakref
signal.signal(signal.SIGINT, signal.default_int_handler)
number, module = int(sys.argv.pop(1)), sys.argv.pop(1)
usual = builtins.__import__
class Thing:
    pass
def signaling(name, *rest, **more):
    if name == module and "pielight.__main__" in sys.modules and hasattr(sys.modules["pielight.__main__"], "run"):
        thing = Thing()
        watched = weakref.ref(thing, lambda _: os.kill(os.getpid(), number) or len("x"))
        del thing  # what is raised in here is printed and lost
    return usual(name, *rest, **more)
from pielight.__main__ import run
builtins.__import__ = signaling
run()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_job_in_the_background_ignores_signals_that_it_is_to_ignore(number: int) -> None:
    code = (
        f"import signal; signal.signal({int(number)}, signal.SIG_IGN)\n"
        f"from pielight.core.signals import leave_at_once\n"
        f"leave_at_once(); signal.raise_signal({int(number)})"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_sigterm_ends_a_run_as_ctrl_c_does(folder: Path) -> None:
    command = start("in", "-r", "-o", "out", "-j", "2", "--report", "run.jsonl")
    wait_for(1)
    command.terminate()
    _, err = command.communicate(timeout=20)
    made = len(results())
    assert (command.returncode, err.splitlines()[-1]) == (
        143,
        f"stopped: {made} enhanced, {COUNT - made} left; the same command goes on",
    )
    assert json.loads(Path("run.jsonl").read_text().splitlines()[-1])["interrupted"] is True
    check_whole()


def test_kill_9(folder: Path) -> None:
    for more in (0, 1, 1, 2, 5):
        report = Path("run.jsonl")
        report.unlink(missing_ok=True)
        command = start("in", "-r", "-o", "out", "-j", "2", "--report", "run.jsonl")
        wait_for(len(results()) + more)
        command.kill()
        command.communicate()
        check_whole()
        if report.exists():
            assert report.read_bytes()[-1:] in (b"", b"\n")
            for line in report.read_text().splitlines():
                json.loads(line)
    assert len(results()) < COUNT
    finish()


def test_watch(folder: Path) -> None:
    for path in sorted(Path("in/sub").iterdir())[2:]:
        path.unlink()
    Path("in/sub/bad.jpg").write_bytes(b"no photo")
    command = start("in", "-r", "-o", "in/out", "--watch", "--report", "run.jsonl", "--exclude", "x*")
    try:
        end = time.monotonic() + 20
        while time.monotonic() < end and len(list(Path("in/out").rglob("*.jpg"))) < 3:
            time.sleep(0.05)
        os.link("in/00.jpg", "in/new.jpg")
        os.link("in/00.jpg", "in/xnew.jpg")
        while time.monotonic() < end and not Path("in/out/new.jpg").exists():
            time.sleep(0.05)
        time.sleep(0.2)
    finally:
        command.send_signal(signal.SIGINT)
    out, err = command.communicate(timeout=20)
    assert (command.returncode, out) == (1, "")  # one photo failed
    assert sorted(str(path.relative_to("in/out")) for path in Path("in/out").rglob("*.jpg")) == [
        "00.jpg", "new.jpg", "sub/01.jpg", "sub/02.jpg",
    ]  # fmt: skip
    assert err.count("in/sub/bad.jpg: ") == 1
    assert err.splitlines()[-1] == "stopped: 4 enhanced, 1 failed"
    records = [json.loads(line) for line in Path("run.jsonl").read_text().splitlines()]
    assert [record["type"] for record in records] == ["run", *["picture"] * 5, "end"]


SLOW = """
import time
from pielight.cli import main
from pielight.enhancer import Enhancer

write = Enhancer.enhance_and_save

def slowly(*arguments, **options):
    print("at work", flush=True)
    time.sleep(0.5)
    return write(*arguments, **options)

Enhancer.enhance_and_save = slowly
main(["in/a.png"])
"""


def test_an_interrupt_during_the_last_photo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    Path("in/a.png").write_bytes(samples.sample("rgb.png"))
    command = subprocess.Popen(
        [sys.executable, "-c", SLOW], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    assert command.stdout is not None
    assert command.stdout.readline() == "at work\n"
    command.send_signal(signal.SIGINT)
    _, err = command.communicate(timeout=20)
    assert (command.returncode, err.splitlines()[-1]) == (130, "1 enhanced")
    assert Path("in/a_pie.png").exists()


SLOW_RAW = """
import time
from pielight.core.native_output import caught_stderr
from pielight.cli import main
from pielight.io.codecs.raw import develop as raw

def develop(data):
    with caught_stderr(lambda line: False):
        print("at work", flush=True)
        time.sleep(30)

raw.develop = develop
main(["in", "-o", "out", "-j", "2"])
"""


def test_what_is_said_while_libraw_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    Path("in/a.dng").write_bytes(samples.sample("camera.dng"))
    Path("in/b.jpg").write_bytes(b"no photo")
    command = subprocess.Popen(
        [sys.executable, "-c", SLOW_RAW], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    assert command.stdout is not None
    assert command.stderr is not None
    assert command.stdout.readline() == "at work\n"
    assert command.stderr.readline().startswith("in/b.jpg: ")  # at once, not when LibRaw has ended
    command.send_signal(signal.SIGINT)
    _, err = command.communicate(timeout=20)
    assert (command.returncode, err) == (130, "stopped: 1 failed, 1 left; the same command goes on\n")


def test_watch_forgets_the_failure_of_a_file_that_was_being_copied(folder: Path) -> None:
    whole, slow = Path("in/00.jpg").read_bytes(), Path("new/slow.jpg")
    slow.parent.mkdir()
    slow.write_bytes(whole[:20])
    command = start("new", "-o", "out", "--watch", "--report", "run.jsonl")
    assert command.stderr is not None
    try:
        assert command.stderr.readline() == "watching; Ctrl-C ends it\n"
        assert command.stderr.readline().startswith("new/slow.jpg: ")
        slow.write_bytes(whole)
        end = time.monotonic() + 20
        while time.monotonic() < end and not Path("out/slow.jpg").exists():
            time.sleep(0.05)
        time.sleep(0.3)
    finally:
        command.send_signal(signal.SIGINT)
    _, err = command.communicate(timeout=20)
    assert (command.returncode, err.splitlines()[-1]) == (0, "stopped: 1 enhanced")
    last = json.loads(Path("run.jsonl").read_text().splitlines()[-1])
    assert (last["done"], last["failed"]) == (1, 0)


def test_watch_ends_well(tmp_path: Path) -> None:
    command = start(str(tmp_path), "--watch")
    assert command.stderr is not None
    assert command.stderr.readline() == "watching; Ctrl-C ends it\n"
    time.sleep(0.2)
    command.send_signal(signal.SIGINT)
    _, err = command.communicate(timeout=20)
    assert (command.returncode, err) == (0, "stopped: 0 enhanced\n")
