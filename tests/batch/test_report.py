import json
import os
from pathlib import Path

import pytest

from pielight.batch.report import Report
from pielight.batch.run import BatchOptions, JobResult
from pielight.enhancer import Enhancer
from pielight.errors import PielightError
from pielight.options import EnhanceOptions


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def test_a_line_for_the_run_and_for_each_picture(tmp_path: Path, bright_model: Path) -> None:
    path = tmp_path / "run.jsonl"
    odd = Path(os.fsdecode(b"caf\xe9 \n.jpg"))
    for interrupted in (True, False):  # the second replaces the report of the first
        report = Report(path)
        report.begin(Enhancer(bright_model), BatchOptions(EnhanceOptions(0.5), file_format="PNG"))
        report.add(JobResult(odd, Path("out.png"), "done", seconds=0.123456))
        report.add(JobResult(Path("b.jpg"), Path("b.png"), "failed", "b.jpg: empty file"))
        assert len(lines(path)) == 3  # written as it goes
        report.end(interrupted)
    run, done, failed, end = lines(path)
    assert (run["type"], run["model"], run["strength"], run["file_format"]) == ("run", "bright", 0.5, "PNG")
    assert (run["auto"], run["device"]) == (True, "cpu")
    assert len(str(run["sha256"])) == 64
    assert os.fsencode(str(done.pop("input"))) == b"caf\xe9 \n.jpg"
    assert done == {"type": "picture", "output": "out.png", "status": "done", "reason": "", "seconds": 0.1235}
    assert failed["reason"] == "b.jpg: empty file"
    assert end == {"type": "end", "done": 1, "skipped": 0, "failed": 1, "interrupted": False}


def test_what_a_result_cannot_tell_is_in_its_line(tmp_path: Path, bright_model: Path) -> None:
    report = Report(tmp_path / "run.jsonl")
    report.begin(Enhancer(bright_model), BatchOptions(EnhanceOptions(0.5)))
    report.add(JobResult(Path("a.bmp"), Path("a_pie.bmp"), "done", is_recorded=False))
    report.add(JobResult(Path("a.png"), Path("a_pie.png"), "done"))
    report.end(False)
    _, bmp, png, _ = lines(tmp_path / "run.jsonl")
    assert isinstance(bmp["record"], dict)
    assert (bmp["record"]["Strength"], bmp["record"]["Model"]) == ("0.5", "bright")
    assert "record" not in png


def test_nothing_else_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "photo").write_text("mine")
    for name, reason in (("notes.txt", "no report of pielight"), ("photo", "a picture"), ("a.jpg", "a picture")):
        with pytest.raises(PielightError, match=f"{name}: .*{reason}"):
            Report(tmp_path / name, [tmp_path / "photo"])
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_runs_at_once_do_not_write_one_report(tmp_path: Path, bright_model: Path) -> None:
    pytest.importorskip("fcntl", reason="Windows has no such locks")
    path = tmp_path / "run.jsonl"
    first = Report(path)
    first.begin(Enhancer(bright_model), BatchOptions())
    with pytest.raises(PielightError, match=r"run\.jsonl: another run writes this report; choose another name"):
        Report(path)
    first.end(False)
    assert [line["type"] for line in lines(path)] == ["run", "end"]
    Report(path)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_one_line(bright_model: Path) -> None:
    report = Report(Path("/dev/full"))
    with pytest.raises(PielightError, match="/dev/full: the report cannot be written"):
        report.begin(Enhancer(bright_model), BatchOptions())
