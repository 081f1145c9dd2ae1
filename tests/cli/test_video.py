"""Clips as a user enhances them: by their own command, and among photos.

Covers ``pielight.cli.video`` and ``pielight.batch.records``.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from pielight.batch.find import Search, find
from pielight.batch.plan import Naming
from pielight.batch.run import BatchOptions
from pielight.batch.watch import watch
from pielight.cli import main
from pielight.enhancer import Enhancer
from tests.video.clips import Clip, contents, picture


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two clips, a photo, and a clip in a folder inside."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in" / "sub").mkdir(parents=True)
    Clip("in/night.mp4", audio="aac").make(tmp_path)
    Clip("in/trip.mkv", subtitles=((0, 100, "one"),)).make(tmp_path)
    Clip("in/sub/deep.MOV").make(tmp_path)
    Image.fromarray(picture(0, (64, 48), 30)).save("in/photo.jpg")
    return tmp_path


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, prog_name="pielight")


def names(folder: str) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in Path(folder).rglob("*") if path.is_file())


def test_one_clip(folder: Path) -> None:
    done = invoke("in/night.mp4", "-j", "1")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "1 enhanced" in done.stderr
    assert contents(Path("in/night_pie.mp4")).times == contents(Path("in/night.mp4")).times
    again = invoke("video", "in/night.mp4", "-j", "1")
    assert "skipped, the result exists" in again.stderr
    other = invoke("video", "in/night.mp4", "--crf", "35", "-j", "1")
    assert "replaced: no crf, now 35" in other.stderr
    shown = invoke("info", "in/night_pie.mp4")
    assert "Crf:             35" in shown.stdout


def test_a_folder_of_both(folder: Path) -> None:
    done = invoke("in", "-o", "out", "-r", "--report", "run.jsonl", "-j", "2")
    assert done.exit_code == 0, done.stderr
    assert names("out") == ["night.mp4", "photo.jpg", "sub/deep.MOV", "trip.mkv"]
    lines = [json.loads(line) for line in Path("run.jsonl").read_text().splitlines()]
    assert sorted(line["type"] for line in lines) == ["end", "picture", "run", "video", "video", "video"]
    assert lines[0]["video"]["codec"] == "copy-like-source"
    again = invoke("in", "-o", "out", "-r")
    assert "4 skipped" in again.stderr
    beside = invoke("video", "in", "-q")
    assert (beside.exit_code, beside.stderr) == (0, "")
    assert names("in") == ["night.mp4", "night_pie.mp4", "photo.jpg", "sub/deep.MOV", "trip.mkv", "trip_pie.mkv"]
    results = invoke("video", "out", "-q")
    assert "results of pielight left out" in results.stderr


def test_a_dry_run(folder: Path) -> None:
    done = invoke("video", "in", "-r", "-o", "out", "--dry-run")
    assert [line.split(" -> ")[1] for line in done.stdout.splitlines()] == [
        "out/night.mp4",
        "out/trip.mkv",
        "out/sub/deep.MOV",
    ]
    assert not Path("out").exists()


def test_a_broken_clip_does_not_stop_the_others(folder: Path) -> None:
    Path("in/broken.mp4").write_bytes(Path("in/night.mp4").read_bytes()[:500])
    done = invoke("video", "in", "-o", "out")
    assert done.exit_code == 1
    assert "in/broken.mp4: no " in done.stderr
    assert names("out") == ["night.mp4", "trip.mkv"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["video", "in/photo.jpg"], "not the name of a clip"),
        (["video", "in/night.mp4", "-o", "x.jpg"], "this is the name of a picture"),
        (["in/photo.jpg", "-o", "x.mp4"], "this is the name of a clip"),
        (["in/night.mp4", "-o", "-"], "not written to standard output"),
        (["video", "in/night.mp4", "--start", "3", "--end", "2"], "must come after start"),
        (["video", "in/night.mp4", "--codec", "divx"], "divx"),
        (["video", "in", "-o", "x.mp4"], "need a folder"),
        (["video", "in/night.mp4", "--dry-run", "--report", "r.jsonl"], "--dry-run writes nothing"),
        (["in/photo.jpg", "--report", "x.mp4"], "would overwrite a clip"),
        (["video", "in/night.mp4", "-o", "in/night.mp4"], "night.mp4: the result would overwrite a clip"),
    ],
)
def test_command_lines_that_are_wrong(arguments: list[str], words: str, folder: Path) -> None:
    done = invoke(*arguments)
    assert done.exit_code == 2
    assert words in done.stderr


def test_previews_and_a_part(folder: Path) -> None:
    arguments = (
        "--gif",
        "--poster",
        "--side-by-side",
        "--start",
        "0.1",
        "--end",
        "0.3",
        "--encoder-preset",
        "ultrafast",
    )
    done = invoke("video", "in/night.mp4", *arguments, "--codec", "h264", "--every", "2", "-o", "new/")
    assert done.exit_code == 0, done.stderr
    assert names("new") == ["night.gif", "night.jpg", "night.mp4"]
    assert contents(Path("new/night.mp4")).size == (128, 48)


def test_without_the_extra(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pielight.core.extras.find_spec", lambda name: None if name == "av" else name)
    done = invoke("in", "-o", "out")
    assert done.exit_code == 1
    assert "in/night.mp4: av is not installed; run: " in done.stderr
    assert names("out") == ["photo.jpg"]


def test_photos_load_no_av(folder: Path) -> None:
    run = "main(['in/photo.jpg', '-q'], standalone_mode=False)"
    code = f"import sys; from pielight.cli import main; {run}; print('av' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("long")
    Clip("long.mkv", size=(640, 480), frames=250, options={"preset": "ultrafast"}).make(folder)
    return folder / "long.mkv"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped(number: signal.Signals, long: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-m", "pielight", "video", str(long), "-o", "out/", "-j", "1"],
        stderr=subprocess.PIPE, text=True, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    end = time.monotonic() + 60
    while not Path("out").exists() and time.monotonic() < end:
        time.sleep(0.01)
    process.send_signal(number)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 128 + number, told
    assert "the same command goes on" in told
    assert names("out") == []
    assert not list(Path("out").iterdir())


def test_a_folder_is_watched(folder: Path) -> None:
    stop, seen = threading.Event(), []
    search = Search(clips="with", task="brighten")
    outcomes = watch([folder / "in"], Naming(folder / "out"), search, Enhancer(threads=1), BatchOptions(), 1,
                     stop.is_set, 0.2)  # fmt: skip
    for outcome in outcomes:
        seen.append((outcome.input.name, outcome.status, outcome.kind))
        if len(seen) == 3:
            stop.set()
    assert sorted(seen) == [
        ("night.mp4", "done", "video"),
        ("photo.jpg", "done", "picture"),
        ("trip.mkv", "done", "video"),
    ]


def test_a_name_that_is_numbered(folder: Path) -> None:
    for _ in range(2):
        invoke("video", "in/night.mp4", "--existing", "rename", "-q")
    assert {"night_pie.mp4", "night_pie-2.mp4"} <= set(names("in"))


def test_other_commands_take_no_clips(folder: Path) -> None:
    assert [one.path.name for one in find([folder / "in"]).pictures] == ["photo.jpg"]


def test_a_clip_of_another_program_stays(folder: Path) -> None:
    invoke("video", "in/night.mp4", "-q")
    with Path("in/night_pie.mp4").open("r+b") as file:
        file.seek(-3, 2)
        file.write(bytes(np.arange(3, dtype=np.uint8)))
    done = invoke("video", "in/night.mp4", "--crf", "30")
    assert "another program has changed it since" in done.stderr
