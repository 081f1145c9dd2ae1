"""Plans: what they ask for, and what is checked before hours of work."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pielight.errors import ConfigError, DataError
from pielight.evaluation.plan import check, choose, trials
from pielight.evaluation.store import code_version
from tests.evaluation.plans import plan_of

Draw = Callable[..., Path]


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
