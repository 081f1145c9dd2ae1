import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pielight.batch import run as run_module
from pielight.batch.find import Search
from pielight.batch.plan import Job, Naming, plan
from pielight.batch.run import BatchOptions, JobResult, run
from pielight.core.output_names import Existing
from pielight.enhancer import Enhancer
from pielight.errors import ModelError, PielightError
from pielight.inference.pipeline_files import Written
from pielight.options import EnhanceOptions


def enhance(tree: Path, model: Path, existing: Existing = "skip", workers: int = 2) -> list[JobResult]:
    jobs = plan([tree], search=Search(recursive=True)).jobs
    return list(run(jobs, Enhancer(model, threads=1), BatchOptions(existing=existing), workers))


def test_bad_files_do_not_stop_the_rest(tree: Path, bright_model: Path) -> None:
    (tree / "aa.jpg").write_bytes(b"")
    (tree / "ab.jpg").write_bytes((tree / "b.jpg").read_bytes()[:1500])
    outcomes = {outcome.input.name: outcome for outcome in enhance(tree, bright_model)}
    assert {name for name, outcome in outcomes.items() if outcome.status == "failed"} == {"aa.jpg", "ab.jpg"}
    assert outcomes["aa.jpg"].reason.endswith("aa.jpg: empty file")
    assert outcomes["b.jpg"].status == "done"
    assert outcomes["b.jpg"].seconds > 0
    assert np.asarray(Image.open(outcomes["d.tif"].output)).mean() > np.asarray(Image.open(tree / "b.jpg")).mean()
    assert not outcomes["ab.jpg"].output.exists()


def test_running_jobs_are_reported(tree: Path, bright_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(job: Job, *_: Any) -> JobResult:
        time.sleep(0.25)
        return JobResult(job.input, job.output, "done")

    monkeypatch.setattr(run_module, "_enhance", slow)
    told: list[set[str]] = []
    jobs, enhancer = plan([tree]).jobs, Enhancer(bright_model, threads=1)
    for _ in run(jobs, enhancer, workers=1, on_wait=lambda running: told.append({job.input.name for job in running})):
        pass
    assert {frozenset(names) for names in told} - {frozenset()} == {frozenset({job.input.name}) for job in jobs}


def test_results_that_exist_are_kept(tree: Path, bright_model: Path) -> None:
    enhance(tree, bright_model)
    (tree / "b_pie.jpg").write_bytes(b"mine")
    assert {outcome.status for outcome in enhance(tree, bright_model)} == {"skipped"}
    assert (tree / "b_pie.jpg").read_bytes() == b"mine"
    assert {outcome.status for outcome in enhance(tree, bright_model, "overwrite")} == {"done"}
    assert (tree / "b_pie.jpg").read_bytes() != b"mine"


@pytest.mark.parametrize("existing", ["skip", "rename"])
def test_runs_at_once_over_the_same_photos(tree: Path, bright_model: Path, existing: Existing) -> None:
    plans = [
        plan([tree], Naming(existing=existing), Search(recursive=True)).jobs for _ in range(3)
    ]  # all before any writes
    enhancer, settings = Enhancer(bright_model, threads=1), BatchOptions(existing=existing)

    def enhanced(jobs: Sequence[Job]) -> list[JobResult]:
        return list(run(jobs, enhancer, settings, 2))

    with ThreadPoolExecutor(3) as pool:
        outcomes = [outcome for one in pool.map(enhanced, plans) for outcome in one]
    assert {outcome.status for outcome in outcomes} <= {"done", "skipped"}
    written = [outcome.output for outcome in outcomes if outcome.status == "done"]
    assert len(set(written)) == len(written) == len(plans[0]) * (3 if existing == "rename" else 1)
    assert sorted(written) == sorted(path for path in tree.rglob("*_pie*") if path.name != "apple_pie.jpg")


def test_what_appears_while_a_photo_is_at_work_is_kept(tree: Path, bright_model: Path) -> None:
    class Late(Enhancer):
        def enhance_and_save(self, source: Path, target: Path, *arguments: Any, **options: Any) -> Written:
            target.write_bytes(b"mine")
            return super().enhance_and_save(source, target, *arguments, **options)

    jobs = [Job(tree / "b.jpg", tree / "out.jpg")]
    (outcome,) = run(jobs, Late(bright_model, threads=1), BatchOptions(existing="skip"))
    assert (outcome.status, outcome.reason, outcome.output.read_bytes()) == ("skipped", "the result exists", b"mine")
    (outcome,) = run(jobs, Late(bright_model, threads=1), BatchOptions(existing="rename"))
    assert (outcome.status, outcome.output) == ("done", tree / "out-2.jpg")
    assert (tree / "out.jpg").read_bytes() == b"mine"


def test_no_input_is_ever_changed(tree: Path, bright_model: Path) -> None:
    before = {path: path.read_bytes() for path in tree.rglob("*") if path.is_file()}
    enhance(tree, bright_model, "overwrite")
    enhance(tree, bright_model, "overwrite")
    assert {path: path.read_bytes() for path in before} == before
    assert not [path for path in tree.rglob("*") if path.suffix == ".part"]


def test_a_damaged_model_stops_everything(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.onnx").write_bytes(b"junk")
    with pytest.raises(ModelError, match=r"bad\.onnx"):
        enhance(tree, tmp_path / "bad.onnx")


def test_several_frames_are_noted(tmp_path: Path, bright_model: Path) -> None:
    frames = [Image.new("RGB", (8, 8), color) for color in ("navy", "black")]
    frames[0].save(tmp_path / "two.tif", save_all=True, append_images=frames[1:])
    jobs = [Job(tmp_path / "two.tif", tmp_path / "one.jpg")]
    (outcome,) = run(jobs, Enhancer(bright_model, threads=1), BatchOptions(file_format="JPEG"))
    assert outcome.status == "done"
    assert "first" in outcome.reason


class Slow(Enhancer):
    """Takes its time, and notes how many pictures are in work together."""

    def __init__(self, model: Path, seconds: float = 0.05) -> None:
        super().__init__(model, threads=1)
        self.seconds, self.now, self.most, self.lock = seconds, 0, 0, threading.Lock()

    def enhance_and_save(self, source: Path, target: Path, *_: object, **__: object) -> Written:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(self.seconds)
        with self.lock:
            self.now -= 1
        return Written(target, "")


def copies(tree: Path, count: int) -> list[Job]:
    return [Job(tree / "b.jpg", tree / f"{number}.jpg") for number in range(count)]


def test_pictures_at_a_time(tree: Path, bright_model: Path) -> None:
    for workers in (1, 3):
        slow = Slow(bright_model)
        assert len(list(run(copies(tree, 7), slow, workers=workers))) == 7
        assert slow.most == workers


def test_jobs_are_taken_only_when_there_is_room(tree: Path, bright_model: Path) -> None:
    taken: list[Job] = []

    def jobs() -> Iterator[Job]:
        for job in copies(tree, 50):
            taken.append(job)
            yield job

    for number, _ in enumerate(run(jobs(), Slow(bright_model, 0.0), workers=2), 1):
        assert len(taken) <= number + 2 + 1


def test_huge_pictures_are_alone(tree: Path, bright_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "PIXELS_PER_WORKER", 96 * 128 - 1)
    slow = Slow(bright_model)
    assert len(list(run(copies(tree, 4), slow, workers=2))) == 4
    assert slow.most == 1


def test_what_one_picture_brings_about_does_not_stop_the_rest(tree: Path, bright_model: Path) -> None:
    errors = iter([KeyError("tag\n7"), MemoryError(), OSError(36, "File name too long", "x"), PielightError("a: b")])

    class Failing(Slow):
        def enhance_and_save(self, source: Path, target: Path, *_: object, **__: object) -> Written:
            raise next(errors)

    reasons = [outcome.reason for outcome in run(copies(tree, 4), Failing(bright_model))]
    name = str(tree / "b.jpg")
    assert reasons == [
        f"{name}: KeyError ('tag\\n7'); please report this picture",
        f"{name}: not enough memory",
        "x: File name too long",
        "a: b",
    ]


@pytest.mark.parametrize("room", [0, 1])
def test_threads_that_cannot_be_started(
    tree: Path, bright_model: Path, room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual, started = threading.Thread.start, []

    def start(thread: threading.Thread) -> None:
        if len(started) >= room:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        usual(thread)

    monkeypatch.setattr(threading.Thread, "start", start)
    outcomes = list(run(copies(tree, 5), Slow(bright_model, 0.01), workers=3))
    assert sorted(outcome.output.name for outcome in outcomes) == [f"{number}.jpg" for number in range(5)]


def test_a_stop_lets_what_is_in_work_end(tree: Path, bright_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stop = threading.Event()
    begun = time.monotonic()
    for _ in run(copies(tree, 100), Slow(bright_model), workers=2, stop=stop.is_set):
        stop.set()
    assert time.monotonic() - begun < 1
    stop.clear()
    monkeypatch.setattr(run_module, "GRACE", 0.1)
    threading.Timer(0.2, stop.set).start()
    begun = time.monotonic()
    assert list(run(copies(tree, 2), Slow(bright_model, 1.0), stop=stop.is_set)) == []
    assert time.monotonic() - begun < 0.9


def test_strength_is_checked_at_once() -> None:
    with pytest.raises(PielightError, match="strength"):
        EnhanceOptions(2)
