"""Runs: every method on the same pictures, resumed where they were stopped."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pielight import Enhancer
from pielight.errors import DataError, ModelError, PielightError
from pielight.evaluation import run
from pielight.evaluation.datasets import presets
from pielight.evaluation.methods.method import find_method
from pielight.evaluation.metrics import METRICS
from pielight.evaluation.plan import Plan, check, choose
from pielight.evaluation.report.summary import Values, summarize
from pielight.evaluation.store import FILE, Key, Measurement, Store, code_version
from pielight.evaluation.workers import map_unordered
from pielight.io.load_rgb import load_rgb8
from pielight.options import EnhanceOptions
from pielight.video.rgb_frames import rgb_frames
from tests.evaluation.plans import plan_of
from tests.video.clips import Clip

Draw = Callable[..., Path]


def finish(plan: Plan, folder: Path, jobs: int = 1, stop: Callable[[], bool] = lambda: False) -> Values:
    store, values = Store(folder), Values()
    for trial, measurements in run.run(plan, store, jobs, stop):
        values.add(trial, measurements)
    store.close()
    return values


def test_flicker_is_measured_from_each_frame_to_the_next(tmp_path: Path, draw: Draw) -> None:
    for number in range(1, 5):
        draw(tmp_path / "clip" / f"{number}.png", 1, 0.2)
        draw(tmp_path / "made" / f"{number}.png", 1, 0.4 if number < 3 else 0.6)
    data = (presets.find_dataset("clip:film", tmp_path / "clip"),)
    plan = Plan(data, (find_method("identity"), find_method(f"dir:{tmp_path / 'made'}")), choose(["flicker"]))
    check(plan)
    values = finish(plan, tmp_path / "report")
    identity, made = (values.of(data[0], one, plan.metrics[0]) for one in plan.methods)
    assert math.isnan(identity[0])
    assert identity[1:] == [0, 0, 0]
    assert made[1] == made[3] == 0
    jump = [load_rgb8(tmp_path / "made" / f"{number}.png") for number in (2, 3)]
    still = [load_rgb8(tmp_path / "clip" / f"{number}.png") for number in (2, 3)]
    assert made[2] == METRICS["flicker"].measure(jump, source=still) > 10
    assert summarize(plan, values).cells[0].note == (
        "flicker has no value for 1 of 4 pictures (the first frame of a clip)"
    )
    draw(tmp_path / "made" / "1.png", 1, 0.8)  # another frame before: measured again
    assert finish(plan, tmp_path / "report").of(data[0], plan.methods[1], plan.metrics[0])[1] > 10


@pytest.mark.parametrize("jobs", [1, 2])
def test_clips_are_measured_frame_by_frame_against_their_references(tmp_path: Path, jobs: int) -> None:
    for folder, brightness in (("low", 20.0), ("high", 120.0)):
        for name, frames in (("long.mp4", 5), ("short.mp4", 2)):
            (tmp_path / "set" / folder).mkdir(parents=True, exist_ok=True)
            Clip(name, frames=frames, light=brightness).make(tmp_path / "set" / folder)
    data = (presets.find_dataset("own:film", tmp_path / "set"),)
    methods = tuple(find_method(text) for text in ("pielight", "single=pielight:frames=single", "gamma"))
    plan = Plan(data, methods, choose(["mae", "flicker", "temporal-noise"]))
    check(plan)
    values = finish(plan, tmp_path / "report", jobs)
    assert len(values.measurements) == 7 * 3 * 3
    for clip, frames in (("long", 5), ("short", 2)):
        dark, bright = (list(rgb_frames(tmp_path / "set" / kind / f"{clip}.mp4")) for kind in ("low", "high"))
        stream = list(Enhancer(threads=1).frames(dark, fps=25, options=EnhanceOptions(auto=True)))
        assert len(stream) == frames
        for number in range(frames):
            found = values.measurements["own", "pielight", "mae", f"{clip}/{number + 1}"]
            expected = np.abs(stream[number].astype(float) - bright[number]).mean()
            assert found.value == pytest.approx(expected)
        last = values.measurements["own", "pielight", "flicker", f"{clip}/{frames}"]
        assert last.value == METRICS["flicker"].measure(stream[-2:], source=dark[-2:])
    cell = summarize(plan, values).cell(data[0], methods[2], plan.metrics[0])
    by_frame = values.of(data[0], methods[2], plan.metrics[0])
    assert cell.estimate.value == pytest.approx((np.mean(by_frame[:5]) + np.mean(by_frame[5:])) / 2)


@pytest.mark.parametrize("jobs", [1, 2])
def test_values_are_those_of_the_metrics(pairs: Path, tmp_path: Path, jobs: int) -> None:
    plan = plan_of(pairs, "identity", "gamma:0.5")
    values = finish(plan, tmp_path / "report", jobs)
    assert len(values.measurements) == 5 * 2 * 2
    for number in range(1, 6):
        dark, bright = (load_rgb8(pairs / kind / f"{number}.png") for kind in ("low", "high"))
        found = values.measurements["own", "identity", "mae", str(number)]
        assert found.value == pytest.approx(np.abs(dark.astype(float) - bright).mean())
        assert found.value > values.measurements["own", "gamma:0.5", "mae", str(number)].value


def test_a_run_goes_on_where_it_stopped(pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    measure = run.measure
    monkeypatch.setattr(run, "measure", lambda trial: calls.append(trial.sample.name) or measure(trial))
    plan = plan_of(pairs, "identity")
    finish(plan, tmp_path / "report", stop=lambda: len(calls) >= 2)
    assert calls == ["1", "2"]
    file = tmp_path / "report" / FILE
    with file.open("ab") as stream:
        stream.write(b'{"data": "own", "pict')  # what a power cut leaves
    values = finish(plan, tmp_path / "report")
    assert calls == ["1", "2", "3", "4", "5"]
    assert len(values.measurements) == 10
    for line in file.read_text().splitlines():
        assert set(json.loads(line)) >= {"data", "picture", "picture_sha256", "method", "metric", "version", "gt_mean"}
    finish(plan_of(pairs, "identity", metrics="psnr,ssim"), tmp_path / "report")  # one more metric
    assert len(calls) == 10
    Image.new("RGB", (48, 40)).save(pairs / "low" / "1.png")  # another picture under the same name
    assert len(finish(plan, tmp_path / "report").measurements) == 10
    assert calls[10:] == ["1"]


def test_gt_mean(pairs: Path, tmp_path: Path) -> None:
    means = {}
    for gt_mean in (False, True):
        plan = plan_of(pairs, "identity", gt_mean=gt_mean)
        means[gt_mean] = summarize(plan, finish(plan, tmp_path / "report")).cells[0].estimate.value
    assert means[True] > means[False] + 10  # knowing the answer's brightness helps
    assert len(Store(tmp_path / "report")) == 2 * 10


def test_what_has_no_value_says_why(pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.savez(tmp_path / "p.npz", mu_pris_param=np.zeros(36), cov_pris_param=np.eye(36))
    monkeypatch.setenv("PIELIGHT_NIQE", str(tmp_path / "p.npz"))
    plan = plan_of(pairs, "identity", "gamma", metrics="niqe,psnr")
    check(plan)
    for _ in range(2):  # measured, and read again
        summary = summarize(plan, finish(plan, tmp_path / "report"))
        cell = summary.cells[0]
        assert cell.estimate.count == 0
        assert math.isnan(cell.estimate.value)
        assert cell.note.startswith("niqe has no value for 5 of 5 pictures (NIQE needs at least two blocks")
    first, second = summary.comparisons
    assert math.isnan(first.p_holm)
    assert second.p_holm == second.difference.p == 0.0625


def test_equal_pictures_have_infinite_psnr(pairs: Path, tmp_path: Path) -> None:
    plan = plan_of(pairs, f"them=dir:{pairs / 'high'}", "identity")
    for _ in range(2):
        values = finish(plan, tmp_path / "report")
        assert values.measurements["own", "them", "psnr", "1"].value == math.inf
    summary = summarize(plan, values)
    assert summary.cells[0].is_best
    assert not summary.cells[1].is_best
    assert summary.comparisons[0].verdict == ""  # five pictures cannot prove it


def test_a_damaged_picture_has_no_value_and_is_tried_again(pairs: Path, tmp_path: Path, draw: Draw) -> None:
    (pairs / "low" / "3.png").write_bytes((pairs / "low" / "3.png").read_bytes()[:200])
    for jobs in (1, 2):
        plan, folder = plan_of(pairs, "identity", metrics="mae"), tmp_path / f"report{jobs}"
        values = finish(plan, folder, jobs)
        failed = [one for one in values.measurements.values() if one.failed]
        assert [one.key.picture for one in failed] == ["3"]
        assert "3.png: damaged" in failed[0].reason
        assert len((folder / FILE).read_text().splitlines()) == 4
        assert "no value for 1 of 5 pictures" in summarize(plan, values).cells[0].note
    draw(pairs / "low" / "3.png", 3)
    again = finish(plan, folder)
    assert not any(one.failed for one in again.measurements.values())


def test_a_report_whose_lines_are_odd(tmp_path: Path) -> None:
    for line in ('{"data": ["a"], "picture": [], "value": 1}', "[" * 100_000, "3"):
        (tmp_path / FILE).write_text(f"{line}\n")
        with pytest.raises(DataError, match="line 1 is not a measurement"):
            Store(tmp_path)


def test_values_depend_on_compiled_code_and_on_niqe_parameters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "pielight"
    for name in ("ops/_loop.so", "ops/apply.py", "cli/enhance.py"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text("1")
    monkeypatch.setattr("pielight.__file__", str(home / "__init__.py"))
    before = code_version("psnr")
    (home / "cli/enhance.py").write_text("2")
    assert code_version("psnr") == before
    (home / "ops/_loop.so").write_text("2")
    assert code_version("psnr") != before
    (tmp_path / "niqe.npz").write_text("1")
    monkeypatch.setattr("pielight.evaluation.store.pristine_file", lambda: tmp_path / "niqe.npz")
    first = code_version("niqe")
    (tmp_path / "niqe.npz").write_text("2")
    assert code_version("niqe") != first


def test_a_picture_that_changed_between_two_runs_is_read_again(pairs: Path, tmp_path: Path, draw: Draw) -> None:
    plan = plan_of(pairs, "identity", metrics="mae")
    before = finish(plan, tmp_path / "report").measurements["own", "identity", "mae", "1"].value
    draw(pairs / "low" / "1.png", 1, 0.9)
    after = finish(plan_of(pairs, "identity", metrics="mae"), tmp_path / "report")
    assert after.measurements["own", "identity", "mae", "1"].value < before / 2


def test_what_the_machine_lacks_ends_the_run_and_is_not_stored(
    pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> float:
        raise ModelError("mae: its network is away")

    monkeypatch.setitem(METRICS, "mae", replace(METRICS["mae"], function=fails))
    with pytest.raises(ModelError, match="network is away"):
        finish(plan_of(pairs, "identity", metrics="mae"), tmp_path / "report")
    monkeypatch.undo()
    assert finish(plan_of(pairs, "identity", metrics="mae"), tmp_path / "report").measurements


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.doc").write_text("")
    with pytest.raises(DataError, match="holds files, but no report of pielight"):
        Store(tmp_path)
    (tmp_path / FILE).write_text("nonsense\n")
    with pytest.raises(DataError, match="line 1 is not a measurement"):
        Store(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot be written"):
        Store(tmp_path / "file")


def test_values_that_are_not_finite_are_stored(tmp_path: Path) -> None:
    store = Store(tmp_path / "report")
    values = {"a": math.inf, "b": math.nan, "c": 0.1}
    keys = {name: Key("d", name, "", "m", "", "psnr", "1", False) for name in values}
    store.add(Measurement(keys[name], value) for name, value in values.items())
    store.close()
    again = Store(tmp_path / "report")
    assert [again[keys[name]].value for name in "ac"] == [math.inf, 0.1]
    assert math.isnan(again[keys["b"]].value)


def test_processes_share_work_and_stream() -> None:
    taken: list[int] = []

    def numbers() -> object:
        for number in range(40):
            taken.append(number)
            yield number

    ahead = []
    for _, result in map_unordered(abs, numbers(), 2):
        ahead.append(len(taken) - len(ahead))
        assert result >= 0
    assert len(ahead) == 40
    assert max(ahead) <= 6  # not all at once


def test_a_process_that_dies_is_an_error() -> None:
    with pytest.raises(PielightError, match="a process died"):
        list(map_unordered(os._exit, [1, 1, 1], 2))


def test_lines_of_the_previous_release_are_read(tmp_path: Path) -> None:
    key = Key("d", "1", "", "m", "", "ssim-gray", "1", False)
    of_faces = key._replace(metric="faces")
    lines = [
        {**key._asdict(), "metric": "ssim-grey", "value": 0.5},
        {**of_faces._asdict(), "value": "nan", "evidence": [[1], [0.9], [1]]},
    ]
    (tmp_path / FILE).write_text("".join(json.dumps(line) + "\n" for line in lines))
    store = Store(tmp_path)
    assert store[key].value == 0.5
    assert store[of_faces].state == ((1.0,), (0.9,), (1.0,))
    store.add([Measurement(of_faces._replace(picture="2"), math.nan, state=((2.0,), (), ()))])
    store.close()
    assert Store(tmp_path)[of_faces._replace(picture="2")].state == ((2.0,), (), ())


def test_metrics_by_their_former_names() -> None:
    with pytest.warns(DeprecationWarning, match="ssim-grey is now called ssim-gray"):
        (metric,) = choose(["ssim-grey", "ssim-gray"])
    assert metric.name == "ssim-gray"
