"""``pielight evaluate`` with the real command."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pielight.core.tables import read_csv
from tests.cli.evaluate_here import Done, evaluate_here
from tests.core.test_tables import Seen

COUNT = 24


@pytest.fixture
def folder(tmp_path: Path, photo: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PIELIGHT_NIQE", raising=False)
    for kind, factor in (("low", 0.3), ("high", 2.0)):
        Path("set", kind).mkdir(parents=True)
        for number in range(COUNT):
            pixels = np.roll(photo[:48, :64], 3 * number, 1) * factor
            Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(f"set/{kind}/{number}.png")
    return tmp_path


def start(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "pielight", "evaluate", "--data", "own=set", *arguments]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace",
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip


def evaluate(*arguments: str) -> Done:
    """Run the command in this process, which saves loading it; ``start`` runs the real one."""
    return evaluate_here("--data", "own=set", *arguments, "-j", "1")


def test_a_report(folder: Path) -> None:
    done = evaluate(
        "--method", "pielight", "--method", "identity", "--metrics", "psnr,ssim", "-o", "out", "--limit", "4"
    )
    assert done.returncode == 0, done.stderr
    assert "own: the first 4 of 24 pictures" in done.stderr
    assert done.stderr.splitlines()[-1] == "out/index.html"
    lines = done.stdout.splitlines()
    assert lines[0] == "own, 4 pictures"
    assert lines[1].split("  ")[0] == "method"
    assert lines[2].startswith("pielight")
    facts = json.loads(Path("out/summary.json").read_text(encoding="utf-8"))
    assert facts["command"].startswith("pielight evaluate --data own=set --method pielight")
    assert len(Path("out/results.jsonl").read_text().splitlines()) == 4 * 2 * 2
    quiet = evaluate("--method", "identity", "--metrics", "psnr", "-o", "out", "--limit", "4", "-q", "--gt-mean")
    assert quiet.returncode == 0
    assert "GT-MEAN IS ON" in quiet.stdout
    assert "psnr (GT-mean, dB)" in quiet.stdout
    assert Path("out/index-gt-mean.html").exists()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--method", "gama", "--metrics", "psnr"), "gama: no such method; did you mean gamma?"),
        (("--method", "gamma", "--metrics", "sssim"), "sssim: no such metric; did you mean ssim?"),
        (("--method", "gamma", "--metrics", "niqe"), "--niqe FILE.npz"),
        (("--method", "gamma", "--metrics", "niqe", "--niqe", "none.npz"), "none.npz: no such file of NIQE's"),
        (("--method", "gamma", "--data", "none=nowhere"), "nowhere: no such folder"),
        (("--method", "gamma", "--data", "nowhere"), "expected NAME=PATH"),
        (("--method", "gamma", "--data", "x:lool=set"), "did you mean lol?"),
        (("--method", "gamma", "--data", "own=set", "--metrics", "psnr"), "two data sets are called own"),
        (("--method", "dir:set/none"), "set/none: no folder"),
        (("--metrics", "psnr"), "--method"),
    ],
)
def test_usage_errors(folder: Path, arguments: tuple[str, ...], reason: str) -> None:
    done = evaluate(*arguments)
    assert done.returncode == 2
    assert reason in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert not Path("report").exists()


def test_a_model_that_fails_is_one_line_and_status_1(folder: Path) -> None:
    Path("bad.onnx").write_bytes(b"no model")
    done = evaluate("--method", "onnx:bad.onnx", "--metrics", "psnr")
    assert done.returncode == 1
    assert "bad.onnx: damaged, or not an ONNX model" in done.stderr
    assert "Traceback" not in done.stderr


def lines() -> list[str]:
    file = Path("report/results.jsonl")
    return file.read_text().splitlines(keepends=True) if file.exists() else []


def wait_for(count: int) -> None:
    end = time.monotonic() + 60
    while len(lines()) < count and time.monotonic() < end:
        time.sleep(0.01)


@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_is_ended_goes_on(folder: Path, jobs: str, end: signal.Signals) -> None:
    what = ("--method", "gamma", "--method", "clahe", "--method", "equalize", "--metrics", "psnr,ssim")
    for _attempt in range(5):  # on a busy machine the run may end before the signal is sent
        shutil.rmtree("report", ignore_errors=True)
        command = start(*what, "-j", jobs)
        wait_for(9)
        command.send_signal(end)
        begun = time.monotonic()
        _, err = command.communicate(timeout=30)  # ends only when all processes have let go of the pipe
        assert time.monotonic() - begun < 5
        if len(there := lines()) < 6 * COUNT:
            break
    assert 9 <= len(there) < 6 * COUNT
    assert all(line.endswith("\n") and json.loads(line) for line in there)
    if end == signal.SIGINT:
        assert command.returncode == 130
        assert "Traceback" not in err
        assert err.splitlines()[-1].startswith("stopped: ")
        assert err.splitlines()[-1].endswith("left; the same command goes on")
    done = evaluate(*what)
    assert done.returncode == 0
    assert len(lines()) == 6 * COUNT  # nothing twice
    assert lines()[: len(there)] == there


def test_help_says_how(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pielight", "evaluate", "--help"], capture_output=True, text=True, check=True
    )
    for word in ("dce:FILE.pth", "lol-v2-real", "--gt-mean", "dir:FOLDER"):
        assert word in done.stdout


def test_a_damaged_picture_is_left_out_and_the_status_says_so(folder: Path) -> None:
    Path("set/low/1.png").write_bytes(b"\x89PNG\r\n\x1a\n, and nothing else")
    done = evaluate("--method", "identity", "--metrics", "mae", "--limit", "3")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("Error: 1 picture failed, which counts nowhere: set/low/1.png: ")
    assert "mae has no value for 1 of 3 pictures" in Path("report/summary.md").read_text(encoding="utf-8")


def test_default_metrics_go_without_what_is_not_there(folder: Path) -> None:
    done = evaluate("--method", "identity", "--limit", "2")
    assert done.returncode == 0, done.stderr
    assert "niqe is left out: it needs --niqe FILE.npz" in done.stderr
    assert "ciede2000" in done.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="file names are UTF-8 here")
def test_names_that_are_not_utf8_or_look_like_formulas_and_tags(folder: Path) -> None:
    names = [os.fsdecode(b"caf\xe9"), os.fsdecode(b"caf\xe8"), "caf\\udce9", "=1+1", "-2", "<script>x", "`a`|b", "a\nb"]
    for kind in ("low", "high"):
        for number, name in enumerate(names):
            Path("set", kind, f"{number}.png").rename(Path("set", kind, f"{name}.png"))
        for number in range(len(names), COUNT):
            Path("set", kind, f"{number}.png").unlink()
    Path("set/low/<script>x.png").write_bytes(b"\x89PNG\r\n\x1a\n, and nothing else")  # so that notes name it
    label, data = os.fsdecode(b"<script>\xe9=gamma"), "<b>own=set"
    what = ("--data", data, "--method", "identity", "--method", label, "--metrics", "mae", "-o", "out", "-j", "1")
    command = [sys.executable, "-m", "pielight", "evaluate", *what]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr  # for the damaged one
    text = Path("out/pictures.csv").read_bytes().decode("utf-8")
    rows = read_csv(text)
    assert sorted(row["picture"] for row in rows) == sorted(2 * names)
    assert {row["method"] for row in rows} == {"identity", os.fsdecode(b"<script>\xe9")}
    assert {row["picture"] for row in rows if not row["mae"]} == {"<script>x"}
    assert "\n<b>own,'=1+1," in text
    facts = json.loads(Path("out/summary.json").read_bytes())
    assert facts["methods"][1]["label"] == os.fsdecode(b"<script>\xe9")
    for file in ("summary.md", "index.html"):
        written = re.sub("```.*?```", "", Path("out", file).read_bytes().decode("utf-8"), flags=re.DOTALL)
        assert "<script>x" not in written
        assert "<b>own" not in written
        assert "<script>\\" not in written
    assert "b" not in Seen(Path("out/index.html").read_text(encoding="utf-8")).tags
    again = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    assert "Traceback" not in again.stderr
    lines = Path("out/results.jsonl").read_bytes().splitlines()
    assert len(lines) == len(set(lines)) == 2 * (len(names) - 1)  # each found again by its name


def test_a_killed_run_does_not_read_its_files_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from click.testing import CliRunner

    from pielight.cli import main
    from pielight.evaluation.datasets import file_cache

    monkeypatch.setattr(file_cache, "_SETTLED", -1)
    monkeypatch.setattr(file_cache, "FILE_CACHE", file_cache.FileCache())
    words = [
        "evaluate",
        "--data",
        "own=set",
        "--method",
        "identity",
        "--metrics",
        "mae",
        "--limit",
        "4",
        "-j",
        "1",
        "-o",
    ]
    read: list[Path] = []
    whole = file_cache._sha256
    monkeypatch.setattr(file_cache, "_sha256", lambda path: read.append(path) or whole(path))
    assert CliRunner().invoke(main, [*words, "out"]).exit_code == 0
    assert len(read) == len(set(read)) == 8  # four pictures and their references
    monkeypatch.setattr(file_cache, "FILE_CACHE", file_cache.FileCache())
    assert CliRunner().invoke(main, [*words, "out"]).exit_code == 0
    assert len(read) == 8
    Image.fromarray(np.zeros((48, 64, 3), np.uint8)).save("set/low/1.png")
    Image.fromarray(np.zeros((48, 64, 3), np.uint8)).save("set/high/1.png")
    assert CliRunner().invoke(main, [*words, "out"]).exit_code == 0
    assert sorted(path.as_posix() for path in read[8:]) == ["set/high/1.png", "set/low/1.png"]


def test_the_former_name_of_a_metric_works_and_says_so(folder: Path) -> None:
    former = evaluate("--method", "identity", "--metrics", "ssim-grey,psnr", "--limit", "2")
    assert former.returncode == 0, former.stderr
    assert "--metrics ssim-grey is deprecated; use ssim-gray" in former.stderr
    assert "ssim-gray" in former.stdout
    results = Path("report/results.jsonl")
    earlier = results.read_text().replace('"ssim-gray"', '"ssim-grey"')  # as the previous release wrote it
    results.write_text(earlier)
    now = evaluate("--method", "identity", "--metrics", "ssim-gray,psnr", "--limit", "2")
    assert "deprecated" not in now.stderr
    assert results.read_text() == earlier  # nothing was measured again
    assert now.stdout == former.stdout
    assert "picture,method,ssim-gray,psnr" in Path("report/pictures.csv").read_text()
