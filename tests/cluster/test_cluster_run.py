"""Shards run by processes of this machine: results are those of ``batch``, and what is done is not done again.

Of ``pielight.cluster``: ``enhance_shard``, ``run``, ``job``, ``finish``, ``manifest``, ``options``, ``photos``,
``recorder``, ``rows``, ``file_slice``, ``shards``, ``workers`` and ``local_workers``; of the command line,
``pielight.cli.cluster`` and ``pielight.cli.cluster_progress``.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

pytest.importorskip("pyarrow")
pytest.importorskip("fsspec")
import pyarrow.parquet as pq

from pielight.cli import main
from pielight.cluster.enhance_shard import ShardFailure, ShardTask, enhance_shard, try_shard
from pielight.cluster.guarded_photos import GuardedPhotos
from pielight.cluster.local_workers import LocalWorkers
from pielight.cluster.manifest import Manifest
from pielight.cluster.options import ClusterOptions
from pielight.cluster.run import ClusterJob, prepare, run
from pielight.cluster.shards import Shard, ShardSearch, plan_shards
from pielight.cluster.storage import Storage
from pielight.cluster.workers import Finished
from pielight.enhancer import Enhancer
from pielight.errors import DataError, PielightError
from pielight.options import EnhanceOptions
from tests.cluster.conftest import BAD, jpeg, read_tar, samples, write_tar

PLAIN = ClusterOptions(EnhanceOptions(denoise=0))


class InThisProcess:
    """Runs shards at once, in the process of the test."""

    def __init__(self, task: Callable[[ShardTask], Manifest | ShardFailure | None] = try_shard) -> None:
        self.task, self.finished = task, list[Finished]()
        self.started = list[tuple[str, int]]()

    def has_room(self) -> bool:
        return not self.finished

    def start(self, task: ShardTask) -> None:
        self.started.append((task.shard.name, task.attempt))
        made = self.task(task)
        lost = ShardFailure(f"{task.shard.name}: its worker died")
        self.finished.append(Finished(task, made or lost, is_lost=made is None))

    def wait(self, seconds: float) -> list[Finished]:
        finished, self.finished = self.finished, []
        return finished

    def photos_in_work(self) -> int:
        return 0

    def close(self) -> None:
        self.finished = []


def command(*words: str | Path) -> Result:
    return CliRunner().invoke(main, ["cluster", *map(str, words)])


def done(job: ClusterJob) -> list[Any]:
    return list(run(prepare(job).tasks, InThisProcess()))


def report(folder: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(folder / "_pielight/report.parquet", use_threads=False).to_pylist()
    return rows


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*")) if path.is_file() and "_pielight" not in path.parts
    }  # fmt: skip


def test_a_folder_becomes_what_batch_makes_of_it(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pielight.cluster.local_workers.LocalWorkers", lambda count: InThisProcess())
    made = command(tree, tmp_path / "out", "--per-slice", "4", "--format", "png", "--strength", "0.7")
    assert made.exit_code == 1, made.output  # one photo is none
    assert "8 enhanced, 1 failed in 3 shards; report: " in made.output
    assert "1 file of an unsupported format left out: .psd 1" in made.output
    batch = CliRunner().invoke(
        main, ["enhance", str(tree), "-r", "-o", str(tmp_path / "batch"), "--format", "png", "--strength", "0.7"]
    )
    assert batch.exit_code == 1
    assert files(tmp_path / "out") == files(tmp_path / "batch")
    rows = report(tmp_path / "out")
    assert len(rows) == 9
    assert [(row["key"], row["status"]) for row in rows if row["status"] != "done"] == [("trip/bad.jpg", "failed")]
    assert rows[0]["output"] == "0.png"
    assert (rows[0]["width"], rows[0]["height"], rows[0]["bytes_in"]) == (96, 64, len(jpeg(0)))
    assert json.loads((tmp_path / "out/_pielight/report.json").read_text())["done"] == 8


def test_what_is_done_is_kept_and_what_has_changed_is_told(make_tars: Callable[..., Path], tmp_path: Path) -> None:
    tars, out = make_tars(), tmp_path / "out"
    job = ClusterJob(str(tars), str(out), PLAIN)
    assert len(done(job)) == 3
    first = files(out)
    assert not done(job)
    write_tar(tars / "0001.tar", samples(90, 2))
    (out / "0002.tar").unlink()
    prepared = prepare(job)
    assert prepared.notes == ["0001.tar is made again: its photos have changed",
                              "0002.tar is made again: its result is gone"]  # fmt: skip
    list(run(prepared.tasks, InThisProcess()))
    assert files(out)["0002.tar"] == first["0002.tar"]
    assert len(read_tar(out / "0001.tar")) == 4
    other = ClusterJob(str(tars), str(out), ClusterOptions(EnhanceOptions(0.5, denoise=0)))
    assert prepare(other).notes[0] == "0000.tar is made again: Strength 1, now 0.5"
    (out / "_pielight/0000.tar.json").write_text("{}")
    assert "0000.tar.json: no manifest of pielight: 0000.tar is made again" in prepare(job).notes[0]
    assert len(prepare(ClusterJob(str(tars), str(out), PLAIN, existing="overwrite")).tasks) == 3


def test_results_of_something_else_are_kept(make_tars: Callable[..., Path], tmp_path: Path) -> None:
    tars, out = make_tars(2), tmp_path / "out"
    done(ClusterJob(str(tars), str(out), PLAIN))
    others = make_tars(2, 3, name="others")
    with pytest.raises(DataError, match=r"0000\.tar: made from .*tars; choose another output, or --existing overwrite"):
        prepare(ClusterJob(str(others), str(out), PLAIN))
    shutil.rmtree(others)
    write_tar(others / "x.tar", samples(0, 1))
    with pytest.raises(DataError, match=r"results of 2 shards that are not in the source: 0000\.tar, 0001\.tar; choo"):
        prepare(ClusterJob(str(others), str(out), PLAIN))
    mine = write_tar(tmp_path / "mine/0000.tar", samples(0, 1)).parent
    with pytest.raises(DataError, match=r"0000\.tar: exists, and 'pielight cluster' did not write it"):
        prepare(ClusterJob(str(tars), str(mine), PLAIN))
    with pytest.raises(PielightError, match="results would replace the photos"):
        prepare(ClusterJob(str(tars), str(tars), PLAIN))
    copy = shutil.copytree(tars, tmp_path / "copy")  # the same photos elsewhere
    assert not prepare(ClusterJob(str(copy), str(out), PLAIN)).tasks


def test_parts_and_their_end(make_tars: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pielight.cluster.local_workers.LocalWorkers", lambda count: InThisProcess())
    tars, out = make_tars(3, 2), tmp_path / "out"
    for number in (2, 0):
        made = command(tars, out, "--shard", f"{number}/3", "--denoise", "0")
        assert made.exit_code == 0, made.output
        assert "after all parts, --finish writes the report" in made.output
    made = command(tars, out, "--finish", "--denoise", "0")
    assert made.exit_code == 1
    assert "not done: 1 shard, 0001.tar; the same command does them" in made.output
    assert command(tars, out, "--shard", "1/3", "--denoise", "0").exit_code == 0
    assert command(tars, out, "--finish", "--verify", "--denoise", "0").exit_code == 0
    assert len(report(out)) == 6
    torn = out / "0001.tar"
    torn.write_bytes(torn.read_bytes()[::-1])
    made = command(tars, out, "--finish", "--verify", "--denoise", "0")
    assert made.exit_code == 1
    assert "0001.tar: its result has changed; delete " in made.output
    assert command(tars, out, "--shard", "3/3").exit_code == 2
    assert command(tars, out, "--shard", "1/3", "--ray").exit_code == 2


def test_what_is_lost_is_tried_again_and_a_full_disk_ends_it(make_tars: Callable[..., Path], tmp_path: Path) -> None:
    job = ClusterJob(str(make_tars(3, 1)), str(tmp_path / "out"), PLAIN)

    def dies(task: ShardTask) -> Manifest | ShardFailure | None:
        return None if task.shard.name == "0001.tar" and task.attempt < 3 else try_shard(ShardTask(
            task.source, task.target, task.shard, task.options, task.record))  # fmt: skip

    workers = InThisProcess(dies)
    ends = list(run(prepare(job).tasks, workers))
    assert [end.shard.name for end in ends if end.manifest] == ["0000.tar", "0002.tar", "0001.tar"]
    assert [attempt for name, attempt in workers.started if name == "0001.tar"] == [1, 2, 3]
    workers = InThisProcess(lambda task: ShardFailure("out: cannot be written (No space left)", True, True))
    ends = list(run(prepare(ClusterJob(job.source, str(tmp_path / "full"), PLAIN)).tasks, workers))
    assert [(end.is_full, end.manifest) for end in ends] == [(True, None)]


def test_another_version_or_model_is_refused(make_tars: Callable[..., Path], tmp_path: Path) -> None:
    (task, *_) = prepare(ClusterJob(str(make_tars(1, 1)), str(tmp_path / "out"), PLAIN)).tasks
    other = ShardTask(task.source, task.target, task.shard, task.options, {**task.record, "ModelSHA256": "0"})
    with pytest.raises(PielightError, match="this worker has another ModelSHA256"):
        enhance_shard(other)
    older = ShardTask(task.source, task.target, task.shard, task.options, task.record, version="0.0")
    failed = try_shard(older)
    assert isinstance(failed, ShardFailure)
    assert failed.is_final
    assert "install one" in failed.text


@pytest.mark.cluster
@pytest.mark.slow
def test_a_photo_that_crashes_its_process_fails_alone() -> None:
    photos = GuardedPhotos(PLAIN)
    try:
        assert photos.enhance(jpeg(), "a.jpg").data
        assert photos._process is not None
        os.kill(photos._process.pid or 0, signal.SIGKILL)
        assert photos.enhance(jpeg(), "b.jpg").text.startswith("b.jpg: the decoder crashed on it")
        made = photos.enhance(jpeg(1), "c.jpg")
        assert made.data == Enhancer(threads=1).enhance_bytes(jpeg(1), PLAIN.enhance)[0]
        assert photos.enhance(BAD, "d.jpg").text.startswith("d.jpg: not a JPEG")
    finally:
        photos.close()


def test_which_shards(tree: Path, tmp_path: Path) -> None:
    def plan(source: str | Path, target: str | Path = "out", **search: Any) -> list[Shard]:
        return plan_shards(str(source), Storage(str(tmp_path / target)), ShardSearch(**search), None).shards

    assert [[one.name for one in shard.inputs] for shard in plan(tree, per_slice=6)] == [
        ["0.jpg", "1.jpg", "2.jpg", "3.jpg", "4.jpg", "trip/5.jpg"], ["trip/6.jpg", "trip/7.jpg", "trip/bad.jpg"],
    ]  # fmt: skip
    (tree / "out").mkdir()
    (tree / "out/x.jpg").write_bytes(jpeg())
    (tree / "0_pie.jpg").write_bytes(jpeg())
    (few,) = plan(tree, "photos/out", include=["?.jpg", "?_pie.jpg"], exclude=["trip"])
    assert [one.name for one in few.inputs] == ["0.jpg", "1.jpg", "2.jpg", "3.jpg", "4.jpg"]
    (tree / "trip/trip").mkdir()
    (tree / "trip/trip/5.jpg").write_bytes(jpeg())
    with pytest.raises(PielightError, match="results would replace photos"):
        plan(tree / "trip", "photos")
    (tree / "5.nef").write_bytes(b"")
    (tree / "5.tif").write_bytes(b"")
    with pytest.raises(PielightError, match=r"5\.nef and 5\.tif would both become 5\.tif"):
        plan(tree)
    for number in range(3):
        write_tar(tree / f"t-{number:02d}.tar", [])
    with pytest.raises(DataError, match=r"holds 3 tar files, 1[0-9] photos; choose with --kind tar\|files"):
        plan(tree)
    assert [one.name for one in plan(f"{tree}/t-{{00..01}}.tar")] == ["t-00.tar", "t-01.tar"]
    assert [one.name for one in plan(f"{tree}/t-*.tar")] == ["t-00.tar", "t-01.tar", "t-02.tar"]
    assert [one.name for one in plan(tree / "t-02.tar")] == ["t-02.tar"]
    with pytest.raises(DataError, match=r"2 files missing, t-03\.tar, t-04\.tar"):
        plan(f"{tree}/t-{{00..04}}.tar")
    with pytest.raises(DataError, match="none: no such file or folder"):
        plan(tmp_path / "none")


@pytest.mark.cluster
@pytest.mark.slow
def test_a_worker_that_is_killed_is_replaced(make_tars: Callable[..., Path], tmp_path: Path) -> None:
    tars = make_tars(3, 3)
    job = ClusterJob(str(tars), str(tmp_path / "out"), PLAIN)
    workers, ends, killed = LocalWorkers(1), [], False
    original = workers.wait

    def wait(seconds: float) -> list[Finished]:
        nonlocal killed
        process = workers._workers[0]._process
        if not killed and process is not None:
            process.kill()
            killed = True
        return original(seconds)

    workers.wait = wait  # type: ignore[method-assign]
    ends = list(run(prepare(job).tasks, workers))
    assert [end.text for end in ends if end.is_tried_again] == ["0000.tar: its worker died"]
    assert sorted(end.shard.name for end in ends if end.manifest) == ["0000.tar", "0001.tar", "0002.tar"]
    done(ClusterJob(str(tars), str(tmp_path / "again"), PLAIN))
    assert files(tmp_path / "out") == files(tmp_path / "again")


@pytest.mark.cluster
@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_leaves_nothing_half_and_the_same_command_goes_on(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for number in range(60):
        (tmp_path / f"in/{number:03d}.jpg").write_bytes(jpeg(number, (320, 240)))
    words = [sys.executable, "-m", "pielight", "cluster", "in", "out", "--per-slice", "5", "-j", "1", "--denoise", "0"]
    with subprocess.Popen(words, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as running:
        end = time.monotonic() + 60
        while not list(tmp_path.glob("out/_pielight/files-*.json")) and time.monotonic() < end:
            time.sleep(0.02)
        running.send_signal(signal.SIGINT)
        text = running.communicate(timeout=60)[1]
    if running.returncode != 0:  # a fast machine may have finished
        assert running.returncode == 130, text
        assert "the same command goes on" in text
    assert all(data.endswith(b"\xff\xd9") for data in files(tmp_path / "out").values())
    assert not list(tmp_path.rglob("*.part"))
    again = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=100)
    assert again.returncode == 0, again.stderr
    assert "done already" in again.stderr
    assert "60 enhanced in 12 shards" in again.stderr
    assert len(files(tmp_path / "out")) == 60


@pytest.mark.cluster
@pytest.mark.slow
def test_a_disk_without_room_is_one_line_and_nothing_half(make_tars: Callable[..., Path], tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    tars = make_tars(3, 4)
    code = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        f"resource.setrlimit(resource.RLIMIT_FSIZE, (6000, {resource.RLIM_INFINITY})); "
        "from pielight.cli import main; main(sys.argv[1:], prog_name='pielight')"
    )
    words = ["cluster", str(tars), str(tmp_path / "out"), "-j", "1", "-q"]
    full = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False, timeout=90)
    assert full.returncode == 1
    line, last = full.stderr.splitlines()
    assert line.endswith("0000.tar: cannot be written (File too large)")
    assert last == "stopped: 0 shards done, 3 left; with more room the same command goes on"
    assert not files(tmp_path / "out")
    assert command(*words[1:], "-q").exit_code == 0
    assert len(files(tmp_path / "out")) == 3


@pytest.mark.cluster
@pytest.mark.slow
def test_a_small_file_system(make_tars: Callable[..., Path], tmp_path: Path) -> None:
    tars, out = make_tars(3, 6), tmp_path / "out"
    out.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(out)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small file system can be mounted by root alone")
    try:
        words = [sys.executable, "-m", "pielight", "cluster", str(tars), str(out), "-j", "1", "-q"]
        full = subprocess.run(words, capture_output=True, text=True, check=False, timeout=90)
        assert full.returncode == 1
        assert "cannot be written (No space left on device)" in full.stderr.splitlines()[0]
        assert full.stderr.splitlines()[-1].endswith("left; with more room the same command goes on")
        for name in files(out):
            assert len(read_tar(out / name)) == 12
        subprocess.run(["mount", "-o", "remount,size=4m", str(out)], check=True)
        assert subprocess.run(words, check=False, timeout=90).returncode == 0
        assert sorted(files(out)) == ["0000.tar", "0001.tar", "0002.tar"]
    finally:
        subprocess.run(["umount", str(out)], check=True)
