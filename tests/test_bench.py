"""Measurements of speed and memory, and the command that prints them.

Covers ``pielight.bench.peak``.
"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from pielight import Enhancer, bench
from pielight.bench import machine
from pielight.bench.pictures import jpeg, picture
from pielight.bench.rows import arrays, batch, jpeg_files, starts
from pielight.bench.timing import alternate, command
from pielight.cli import main
from pielight.errors import PielightError
from pielight.io.decode import decode


def test_the_picture_weighs_what_photos_weigh() -> None:
    drawn = picture(1200, 1100)
    assert drawn.mean() < 70
    assert 1.5 < len(jpeg(drawn)) * 8 / (1200 * 1100) < 4
    assert not np.array_equal(drawn, picture(1200, 1100, seed=1))


def test_denoising_finds_no_noise_in_the_clean_picture() -> None:
    clean, enhancer = picture(640, 480, noise=0), Enhancer(threads=1)
    assert np.array_equal(enhancer(clean, denoise=0), enhancer(clean, denoise="auto"))
    noisy = picture(640, 480)
    assert not np.array_equal(enhancer(noisy, denoise=0), enhancer(noisy, denoise="auto"))


def test_calls_take_turns() -> None:
    calls: list[str] = []
    first, second = alternate([lambda: calls.append("a"), lambda: calls.append("b")], 3)
    assert calls == ["a", "b"] * 4  # the first round warms up
    assert len(first.seconds) == len(second.seconds) == 3


def test_rows_that_are_quick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pielight.core.extras.find_spec", lambda _: None)  # DCENet would take a minute
    monkeypatch.setattr(
        "pielight.bench.rows.picture", lambda width, height, seed=0, noise=5.0: picture(64, 48, seed, noise)
    )
    rows = list(arrays(1, 1))
    assert [row.met for row in rows[3:]] == [None, None]
    assert ["--denoise 0" in rows[0].name, *("--denoise auto" in row.name for row in rows[1:3])] == [True] * 3
    assert "train" in rows[4].beside
    assert [row.name.split(",")[0] for row in starts(1)] == ["import pielight", "pielight --help"]
    names = [row.name.split(",")[0] for row in jpeg_files(tmp_path, 1, 1)]
    assert names == ["12 MP JPEG file to file", "12 MP JPEG file to file", "12 MP"]
    source, result, codec = (decode((tmp_path / f"{name}.jpg").read_bytes()) for name in ("12mp", "12mp_out", "codec"))
    of_result, of_source = (np.abs(codec.pixels.astype(int) - other.pixels).mean() for other in (result, source))
    assert of_result < 1 < of_source
    assert codec.metadata.quantization == result.metadata.quantization
    assert codec.metadata.sampling == result.metadata.sampling
    assert batch(tmp_path, 3).name == "3 photos of 2 MP, -j 2"
    assert len(list((tmp_path / "out2").iterdir())) == 3
    assert "3 threads" in machine(3)


def test_the_papers_way_is_timed() -> None:
    code = "from pielight.bench.full_frame import times; print(len(times(16, 24, 1)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"3\n"


def test_a_command_that_fails_is_an_error() -> None:
    with pytest.raises(PielightError, match="failed"):
        command("missing.jpg")


@pytest.mark.skipif(sys.platform not in ("linux", "darwin"), reason="no peak memory from the system")
def test_the_peak_is_that_of_the_command_alone() -> None:
    block = np.ones(300_000_000, np.uint8)  # this process is large, the command is not
    peak = command("--dry-run", __file__)
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


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="not available on this system")
def test_peak_counts_what_was_used() -> None:
    from pielight.bench.peak import peak

    before = peak()
    assert before is not None
    held = np.ones(60 << 20, np.uint8)
    after = peak()
    assert after is not None
    assert after >= max(before, held.nbytes / 2**20)
