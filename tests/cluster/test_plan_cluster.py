"""The plan in the guide is arithmetic."""

from __future__ import annotations

from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"


def test_what_photos_take(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.syspath_prepend(FOLDER)
    import plan_cluster

    made = plan_cluster.plan(3.6e6, 1000, 5, 1.2, 100, 5, 1.0, 500, 0.05, 0.02, 0.005, 0.0004)
    assert (made.core_hours, made.machines, made.hours) == (1000, 2, 5.0)
    assert made.gigabits_in == pytest.approx(3.6e6 * 40e6 / 18000 / 1e9)
    assert made.gigabits_out == pytest.approx(1.2 * made.gigabits_in)
    assert (made.compute, made.terabytes) == (pytest.approx(50), pytest.approx(39.6))
    assert made.storage == pytest.approx(792)
    assert made.requests_of_files == pytest.approx(3.6e6 * 5.4e-6)
    assert made.requests_of_shards < made.requests_of_files / 4
    monkeypatch.setattr("sys.argv", ["plan_cluster.py", "--milliseconds", "200", "--megabytes", "5.4"])
    plan_cluster.main()
    guide = (FOLDER.parent / "docs/guides/cluster.md").read_text(encoding="utf-8")
    assert capsys.readouterr().out.strip() in guide


@pytest.mark.parametrize("words", ["--milliseconds 0", "--milliseconds nan", "--photos 0", "--efficiency -1",
                                   "--hours x", "--core-hour inf"])  # fmt: skip
def test_what_is_no_plan(words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.syspath_prepend(FOLDER)
    import plan_cluster

    monkeypatch.setattr("sys.argv", ["plan_cluster.py", "--milliseconds", "9", *words.split()])
    with pytest.raises(SystemExit) as ended:
        plan_cluster.main()
    assert ended.value.code == 2
    assert f"{words.split()[1]}: must be" in capsys.readouterr().err
