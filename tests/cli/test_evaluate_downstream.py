"""``pielight evaluate --downstream`` with the real command, and networks that are made for it.

Covers ``pielight.cli.downstream_options``.
"""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pielight.evaluation.downstream import face_detection, segmentation
from tests.cli.evaluate_here import Done, evaluate_here
from tests.evaluation.downstream.networks import save_segmenter, square_finder

COUNT, COUNTED = 6, 18
FACES = ("--downstream", "faces", "--detector", "face.onnx", "--data", "own=set")
SEGMENTATION = ("--downstream", "segmentation", "--data", "own=set", "--segmenter")
CLASSES = (*SEGMENTATION, "net.onnx")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Pictures with a bright square each, which is a face, and class 1."""
    monkeypatch.chdir(tmp_path)
    for kind in ("images", "labels"):
        Path("set", kind).mkdir(parents=True)
    boxes = {}
    for number in range(COUNT):
        x, y = 32 * (number % 3), 32 * (number // 3)
        pixels, labels = np.full((64, 96, 3), 20, np.uint8), np.zeros((64, 96), np.uint8)
        pixels[y : y + 32, x : x + 32], labels[y : y + 32, x : x + 32] = 220, 1
        labels[0, :] = 9
        Image.fromarray(pixels).save(f"set/images/{number}.png")
        Image.fromarray(labels).save(f"set/labels/{number}.png")
        boxes[f"{number}.png"] = [{"x": x, "y": y, "w": 32, "h": 32}]
    Path("set/boxes.json").write_text(json.dumps(boxes))
    square_finder(Path("face.onnx"))
    save_segmenter(Path("net.onnx"))
    for cached in (face_detection._detector, segmentation._segmenter, segmentation._read_labels):
        cached.cache_clear()  # of another test's files of these names
    monkeypatch.setattr("pielight.evaluation.statistics.RESAMPLES", 999)
    return tmp_path


def start(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "pielight", "evaluate", *arguments]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace",
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip


def evaluate(*arguments: str) -> Done:
    """Run the command in this process, which saves loading it; ``start`` runs the real one."""
    return evaluate_here("-j", "1", *arguments)


def means(folder: str = "report") -> dict[tuple[str, str, str], float]:
    facts = json.loads(Path(folder, "summary.json").read_text(encoding="utf-8"))
    return {(one["data"], one["method"], one["metric"]): one["mean"] for one in facts["means"]}


def test_faces_are_lost_in_the_dark_and_found_again(folder: Path) -> None:
    what = (*FACES, "--method", "gamma:0.3", "--dark-ev", "0,3", "--metrics", "recall,ap")
    done = evaluate(*what)
    assert done.returncode == 0, done.stderr
    assert "own-3ev: darkened by 3 EV in linear light" in done.stderr
    assert "Faces that face.onnx finds" in done.stdout
    found = means()
    assert found["own", "untouched", "recall"] == found["own", "clean", "ap"] == 1
    assert found["own-3ev", "untouched", "recall"] == 0
    assert found["own-3ev", "gamma:0.3", "recall"] == found["own-3ev", "clean", "recall"] == 1
    facts = json.loads(Path("report/summary.json").read_text(encoding="utf-8"))
    assert facts["task"] == "faces"
    assert {one["method"] for one in facts["comparisons"]} == {"gamma:0.3"}  # a bound is not compared
    (gain,) = [one for one in facts["comparisons"] if (one["data"], one["metric"]) == ("own-3ev", "recall")]
    assert (gain["first"], gain["difference"], gain["greater"]) == ("untouched", 1, COUNT)
    assert gain["p"] == pytest.approx(2 / 2**COUNT, abs=0.01)
    assert not any(one["is_best"] for one in facts["means"] if one["method"] == "clean")
    lines = Path("report/results.jsonl").read_text().splitlines()
    assert len(lines) == COUNT * 2 * 3
    with Path("report/pictures.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["recall"] for row in rows if row["method"] == "clean"} == {"1.0"}
    page = Path("report/index.html").read_text(encoding="utf-8")
    assert "Faces that face.onnx finds" in page
    assert "permutation test" in page
    again = evaluate(*what, "--score", "0.6")  # what was seen does not depend on it
    assert again.returncode == 0
    assert Path("report/results.jsonl").read_text().splitlines() == lines
    assert evaluate(*what, "--iou", "0.7").returncode == 0
    assert len(Path("report/results.jsonl").read_text().splitlines()) == 2 * len(lines)


def test_shrinking_takes_the_boxes_along(folder: Path) -> None:
    for number in range(COUNT):
        with Image.open(f"set/images/{number}.png") as image:
            image.resize((192, 128), Image.Resampling.NEAREST).save(f"set/images/{number}.png")
    boxes = json.loads(Path("set/boxes.json").read_text())
    doubled = {name: [{key: 2 * value for key, value in box.items()} for box in own] for name, own in boxes.items()}
    Path("set/boxes.json").write_text(json.dumps(doubled))
    done = evaluate(*FACES, "--method", "identity", "--shrink", "0.5", "--iou", "0.9")
    assert done.returncode == 0, done.stderr
    assert means() == {("own", "identity", "recall"): 1}  # named, so it is not added; nothing is dark, so no bound


def test_classes_are_lost_in_the_dark_and_found_again(folder: Path) -> None:
    what = (*CLASSES, "--ignore", "9", "--classes", "ground,square", "--method", "gamma:0.3", "--dark-ev", "0,3")
    done = evaluate(*what)
    assert done.returncode == 0, done.stderr
    found = means()
    assert found["own", "untouched", "miou"] == found["own-3ev", "clean", "accuracy"] == 100
    assert found["own-3ev", "untouched", "iou-square"] == 0
    share = 100 - 100 * (3 * 31 * 32 + 3 * 32 * 32) / (COUNT * 63 * 96)
    assert found["own-3ev", "untouched", "accuracy"] == pytest.approx(share)
    assert found["own-3ev", "untouched", "iou-ground"] == pytest.approx(share)
    assert found["own-3ev", "gamma:0.3", "miou"] > 99
    assert "miou (%)" in done.stdout
    alone = evaluate(*CLASSES, "--ignore", "9", "--method", "identity", "--metrics", "iou-1", "-o", "alone")
    assert alone.returncode == 0, alone.stderr
    assert means("alone") == {("own", "identity", "iou-1"): 100}


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--data", "own=set", "--dark-ev", "4"), "--dark-ev needs --downstream faces or --downstream segmentation"),
        (("--downstream", "faces", "--data", "own=set"), "--downstream faces needs --detector FILE.onnx"),
        (SEGMENTATION[:-1], "--downstream segmentation needs --segmenter FILE.onnx"),
        ((*FACES, "--ignore", "3"), "--ignore has no meaning with --downstream faces"),
        ((*CLASSES, "--shrink", "0.5"), "--shrink has no meaning with --downstream segmentation"),
        ((*FACES, "--gt-mean"), "--gt-mean has no meaning with --downstream faces"),
        ((*FACES, "--metrics", "psnr"), "psnr: --downstream faces does not measure it; known are recall, ap"),
        ((*FACES, "--dark-ev", "a"), "--dark-ev a: expected numbers with commas between"),
        ((*FACES, "--dark-ev", "-2"), "-2 EV; expected how many times the light is halved"),
        ((*FACES, "--noise", "1"), "--noise 1: expected 2 numbers"),
        ((*FACES, "--score", "1.5"), "score is 1.5; expected a number above 0 and below 1"),
        (("--downstream", "faces", "--detector", "none.onnx", "--data", "own=set"), "none.onnx: no such ONNX file"),
        (("--downstream", "faces", "--detector", "net.onnx", "--data", "own=set"), "net.onnx: not a YuNet detector"),
        ((*FACES[:-1], "own=nowhere"), "nowhere/boxes.json: cannot be read"),
        (CLASSES, "set/labels/0.png: holds the label 9; there are 2 classes, 0 to 1, and 255 is ignored; --ignore"),
        ((*CLASSES, "--ignore", "9", "--classes", "a,b,c"), "--classes names 3 classes; net.onnx has 2"),
        ((*SEGMENTATION, "half.onnx"),
         "half.onnx: returns [1, 2, 32, 48] for 96 x 64 pixels; expected logits [1, C, 64, 96]"),
        ((*SEGMENTATION, "face.onnx,multiple=x"), "multiple must be"),
        ((*FACES, "--dark-ev", "2", "--method", "dir:set/images"), "need the pictures as they are, not darkened"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_one_line_before_any_work(folder: Path, arguments: tuple[str, ...], reason: str) -> None:
    save_segmenter(Path("half.onnx"), stride=2)
    done = evaluate(*arguments, "--method", "gamma")
    assert done.returncode == 2, done.stderr
    assert reason in " ".join(done.stderr.split())
    assert done.stderr.count("Error: ") == 1
    assert "Traceback" not in done.stderr
    assert not Path("report").exists()


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_run_that_is_killed_goes_on(folder: Path, jobs: str) -> None:
    for number in range(COUNT, COUNTED):
        for kind in ("images", "labels"):
            Path(f"set/{kind}/{number}.png").write_bytes(Path(f"set/{kind}/0.png").read_bytes())
    what = (*CLASSES, "--ignore", "9", "--method", "clahe", "--dark-ev", "0,2")
    results = Path("report/results.jsonl")
    command = start(*what, "-j", jobs)
    end = time.monotonic() + 60
    while (not results.exists() or results.read_bytes().count(b"\n") < 9) and time.monotonic() < end:
        time.sleep(0.005)
    command.kill()
    command.communicate(timeout=30)
    there = results.read_text().splitlines(keepends=True)
    done = evaluate(*what)
    assert done.returncode == 0, done.stderr
    now = results.read_text().splitlines(keepends=True)
    assert 9 <= len(there) < len(now) == COUNTED * 2 * 3  # nothing twice
    assert now[: len(there)] == there
    whole = means()
    assert evaluate(*what, "-o", "other").returncode == 0
    assert means("other") == whole


def test_the_former_name_of_the_option_works_and_says_so(folder: Path) -> None:
    former = ("--task", *FACES[1:])
    done = evaluate(*former, "--method", "identity", "--limit", "2")
    assert done.returncode == 0, done.stderr
    assert "--task is deprecated in this command; use --downstream" in done.stderr
    assert means() == {("own", "identity", "recall"): 1}
    assert "--task is deprecated" not in evaluate(*FACES, "--method", "identity", "--limit", "2").stderr
