"""Error of brightness, and its spread over the pictures of a set, in the tables of a report."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pielight.evaluation import run
from pielight.evaluation.metrics import METRICS
from pielight.evaluation.metrics.brightness import brightness_error, dark30
from pielight.evaluation.report.captions import statistics_note
from pielight.evaluation.report.summary import Values, summarize
from pielight.evaluation.statistics import dataset_value, spread
from pielight.evaluation.store import Store
from tests.evaluation.plans import plan_of

SPREAD = METRICS["brightness-spread"]
RANDOM = np.random.default_rng(0)


def test_the_error_is_signed_and_of_all_channels() -> None:
    reference = np.full((4, 4, 3), 100, np.uint8)
    result = reference.copy()
    result[..., 0] = 70
    assert brightness_error(result, reference) == pytest.approx(-10 / 255)
    assert brightness_error(reference, result) == pytest.approx(10 / 255)


def test_the_shadows_are_those_of_the_input() -> None:
    source = np.arange(100, dtype=np.uint8).reshape(10, 10, 1).repeat(3, 2)
    result = np.zeros((10, 10, 3), np.uint8)
    result[:3], result[3:] = 102, 255
    assert dark30(result, source) == pytest.approx(0.4)


def test_the_spread_is_the_standard_deviation_and_leaves_a_common_error_out() -> None:
    values = RANDOM.normal(0, 0.1, 40)
    states = [((float(value),),) for value in values]
    assert spread(SPREAD).compute(states) == pytest.approx(values.std(ddof=1))
    assert spread(SPREAD).compute([((float(value) - 0.3,),) for value in values]) == pytest.approx(values.std(ddof=1))
    assert np.isnan(spread(SPREAD).compute(states[:1]))
    weights = RANDOM.integers(0, 3, (5, 40)).astype(float)
    repeated = [np.repeat(values, row.astype(int)).std(ddof=1) for row in weights]
    assert spread(SPREAD).weighted(states)(weights) == pytest.approx(repeated)


def test_the_interval_of_the_spread_covers_the_true_one() -> None:
    draws = [np.random.default_rng(seed).normal(0, 1, 30) for seed in range(40)]
    found = [dataset_value(spread(SPREAD), [((float(value),),) for value in draw]) for draw in draws]
    assert sum(one.low <= 1 <= one.high for one in found) >= 33  # of 95 %; percentiles are a little narrow


def test_a_report_tells_the_spread_and_compares_it(tmp_path: Path) -> None:
    for folder in ("low", "high"):
        (tmp_path / folder).mkdir()
    for number in range(12):
        level, off = 90 + 3 * number, (-1) ** number * 20
        Image.fromarray(np.full((8, 8, 3), level, np.uint8)).save(tmp_path / f"high/{number}.png")
        Image.fromarray(np.full((8, 8, 3), level + off, np.uint8)).save(tmp_path / f"low/{number}.png")
    plan = plan_of(tmp_path, "identity", "gamma:3", metrics="brightness-error,brightness-spread")
    values, store = Values(), Store(tmp_path / "report")
    for trial, measurements in run.run(plan, store):
        values.add(trial, measurements)
    store.close()
    summary = summarize(plan, values)
    (error, off), (of_identity, of_gamma) = (
        [one for one in summary.cells if one.metric.name == name] for name in ("brightness-error", "brightness-spread")
    )
    assert error.estimate.value == pytest.approx(0, abs=1e-6)
    assert of_identity.estimate.value == pytest.approx(20 / 255 * (12 / 11) ** 0.5, rel=1e-6)
    assert of_identity.estimate.low < of_identity.estimate.value
    assert off.estimate.value < -0.2
    assert of_gamma.estimate.value < 0.2  # too dark everywhere, by much the same
    (compared,) = [one for one in summary.comparisons if one.metric.name == "brightness-spread"]
    assert compared.difference.estimate.value == pytest.approx(of_gamma.estimate.value - of_identity.estimate.value)
    assert 0 < compared.difference.p <= 1
    assert "brightness-spread: the standard deviation over pictures; compared by the perm" in statistics_note(summary)
