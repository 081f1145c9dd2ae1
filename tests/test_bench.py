import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from pielight import bench
from pielight.cli import main
from pielight.errors import PielightError


def test_the_picture_weighs_what_photos_weigh() -> None:
    picture = bench.picture(1200, 1100)
    assert picture.mean() < 70
    assert 1.5 < len(bench.jpeg(picture)) * 8 / (1200 * 1100) < 4
    assert not np.array_equal(picture, bench.picture(1200, 1100, seed=1))


def test_calls_take_turns() -> None:
    calls: list[str] = []
    first, second = bench.alternate([lambda: calls.append("a"), lambda: calls.append("b")], 3)
    assert calls == ["a", "b"] * 4  # the first round warms up
    assert len(first.seconds) == len(second.seconds) == 3
    assert first.median >= 0


def test_rows_of_the_array_and_of_the_batch() -> None:
    rows = list(bench.starts(1))
    assert [row.name.split(",")[0] for row in rows] == ["import pielight", "pielight --help"]
    assert bench.machine(3).count("3 threads") == 1


def test_a_command_that_fails_is_an_error() -> None:
    with pytest.raises(PielightError, match="failed"):
        bench.command("missing.jpg")


@pytest.mark.skipif(sys.platform not in ("linux", "darwin"), reason="the system does not tell the peak memory")
def test_the_peak_is_that_of_the_command_alone() -> None:
    block = np.ones(300_000_000, np.uint8)  # this process is large, the command is not
    peak = bench.command("--dry-run", __file__)
    assert block.sum() == len(block)
    assert peak is not None
    assert 10 < peak < 250


def test_the_command_prints_a_verdict_for_each_target() -> None:
    code = (
        "from pielight import bench; from pielight.cli import main;"
        "row = bench.Row('what', '5 ms', 'beside', '<= 1 ms', False);"
        "bench.measure = lambda *_: iter([row]); main(['bench'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "5 ms; beside  [<= 1 ms: MISSED]" in done.stdout


def test_the_rows_as_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [bench.Row("a | b", "5 ms", "beside", "<= 9 ms", True), bench.Row("c", "", "", "", None)]
    monkeypatch.setattr(bench, "measure", lambda *_: iter(rows))
    done = CliRunner().invoke(main, ["bench", "--markdown", "--json", str(tmp_path / "bench.json")])
    assert done.exit_code == 0
    assert "| a \\| b | 5 ms | beside | <= 9 ms | met |" in done.stdout
    stored = json.loads((tmp_path / "bench.json").read_text())
    assert stored["type"] == "bench"
    assert stored["versions"]["pielight"]
    assert [row["met"] for row in stored["rows"]] == [True, None]
