"""The plan in the guide is arithmetic."""

from __future__ import annotations

from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"


def test_what_photos_take(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.syspath_prepend(FOLDER)
    import plan_cluster

    made = plan_cluster.plan(3.6e6, 1000, 5, 100, 5, 1.0, 500, 0.05, 0.02, 0.005, 0.0004)
    assert (made.core_hours, made.machines, made.hours) == (1000, 2, 5.0)
    assert made.gigabits == pytest.approx(3.6e6 * 40e6 / 18000 / 1e9)
    assert (made.compute, made.terabytes) == (pytest.approx(50), pytest.approx(18))
    assert made.storage == pytest.approx(720)
    assert made.requests_of_files == pytest.approx(3.6e6 * 5.4e-6)
    assert made.requests_of_shards < made.requests_of_files / 5
    monkeypatch.setattr("sys.argv", ["plan_cluster.py", "--milliseconds", "200", "--megabytes", "5.4"])
    plan_cluster.main()
    guide = (FOLDER.parent / "docs/guides/cluster.md").read_text(encoding="utf-8")
    assert capsys.readouterr().out.strip() in guide
