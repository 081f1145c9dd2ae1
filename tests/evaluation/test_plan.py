"""Plans: what they ask for, and what is checked before hours of work."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from pielight.errors import ConfigError, DataError
from pielight.evaluation.datasets.dataset import Dataset, Sample
from pielight.evaluation.datasets.layouts import unpaired
from pielight.evaluation.downstream.description import DownstreamTask, TaskOption
from pielight.evaluation.metric_spec import DatasetMetric, MetricState, Pixels, Weighted, ratio
from pielight.evaluation.plan import check, choose, downstream_plan, trials
from pielight.evaluation.run import measure
from pielight.evaluation.store import code_version
from tests.evaluation.plans import plan_of

Draw = Callable[..., Path]


@dataclass(frozen=True)
class LightCounter:
    """An evaluator whose model says whether a picture is light."""

    least: float
    name: ClassVar[str] = "light"

    def description(self) -> str:
        return "Pictures that are light."

    def identity(self) -> str:
        return f"least={self.least:g}"

    def check(self, dataset: Dataset) -> None:
        self.update(dataset.samples[0].pixels(), dataset.samples[0])

    def update(self, pixels: Pixels, sample: Sample) -> MetricState:
        return ((float(pixels.mean() >= self.least), 1.0),)


def scoring(options: Mapping[str, Any], _: Dataset) -> tuple[LightCounter, dict[str, DatasetMetric]]:
    def share(states: Sequence[MetricState]) -> Weighted:
        hits, pictures = np.array([state[0] for state in states]).T
        return lambda weights: ratio(weights @ hits, weights @ pictures)

    metrics = [DatasetMetric(name, "", "", "", "light", share, higher_is_better=True) for name in ("share", "other")]
    return LightCounter(options.get("least", 128.0)), {metric.name: metric for metric in metrics}


LIGHT = DownstreamTask(
    "light", "pictures", TaskOption("lamp", "A network."), (TaskOption("least", "Least mean.", type=float),), unpaired,
    scoring, ("sh*",),
)  # fmt: skip


def test_what_results_depend_on(pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = plan_of(pairs, "pielight", "identity", metrics="psnr,niqe", gt_mean=True)
    keys = [key for trial in trials(plan) for key in trial.keys]
    assert {key.method_sha256 for key in keys if key.method == "identity"} == {""}
    assert all(len(key.method_sha256) == 16 for key in keys if key.method == "pielight")
    assert {(key.metric, key.gt_mean) for key in keys} == {("psnr", True), ("niqe", False)}
    before = code_version("niqe"), code_version("psnr")
    (tmp_path / "niqe.npz").write_bytes(b"parameters")
    monkeypatch.setenv("PIELIGHT_NIQE", str(tmp_path / "niqe.npz"))
    assert code_version("niqe") != before[0]
    assert code_version("psnr") == before[1]


def test_checks_before_hours_of_work(pairs: Path, tmp_path: Path, draw: Draw, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIELIGHT_NIQE", raising=False)
    with pytest.raises(DataError, match="two methods are called gamma"):
        check(plan_of(pairs, "gamma", "gamma"))
    with pytest.raises(DataError, match=r"--niqe FILE\.npz"):
        check(plan_of(pairs, "gamma", metrics="niqe"))
    draw(tmp_path / "alone" / "1.png")
    with pytest.raises(DataError, match="psnr: needs references"):
        check(plan_of(tmp_path / "alone", "gamma", metrics="psnr"))
    with pytest.raises(DataError, match="no pictures for 5 of own: 1, 2, 3 and 2 more"):
        check(plan_of(pairs, f"dir:{tmp_path / 'report'}")) if (tmp_path / "report").mkdir() is None else None
    with pytest.raises(ConfigError, match=r"sim: no such metric; did you mean ssim\?; pnsr: .* psnr"):
        choose(["sim", "pnsr"])
    with pytest.raises(ConfigError, match="no metric is named"):
        choose([])
    with pytest.raises(DataError, match="flicker: needs frames of a film, as in --data NAME:film=PATH"):
        check(plan_of(pairs, "gamma", metrics="flicker"))


def test_a_new_downstream_task_is_one_description(tmp_path: Path, draw: Draw) -> None:
    for name in ("1.png", "2.png"):
        draw(tmp_path / "set" / name)
    data = [("own", tmp_path / "set")]
    plan = downstream_plan(LIGHT, {"lamp": "a.onnx", "least": 20.0}, data, ["gamma"], exposures=[0.0, 9.0], limit=1)
    check(plan)
    assert [one.name for one in plan.datasets] == ["own", "own-9ev"]
    assert [one.label for one in plan.methods] == ["untouched", "gamma", "clean"]
    assert [one.name for one in plan.metrics] == ["share"]  # of the default
    counted = {(t.dataset, t.method.label): measure(t)[0].state[0][0] for t in trials(plan)}
    assert counted["own", "untouched"] == counted["own-9ev", "clean"] == 1
    assert counted["own-9ev", "untouched"] == 0
    plain = downstream_plan(LIGHT, {}, data, ["identity"], metrics=["other"])
    assert [one.label for one in plain.methods] == ["identity"]
    assert [len(one.samples) for one in plain.datasets] == [2]
    with pytest.raises(ConfigError, match="psnr: --downstream light does not measure it; known are share, other"):
        downstream_plan(LIGHT, {}, data, ["gamma"], metrics=["psnr"])
    with pytest.raises(ConfigError, match="no metric is named; known are share, other"):
        downstream_plan(LIGHT, {}, data, ["gamma"], metrics=[])
