"""``pielight explain``, as it is called."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image


@pytest.fixture
def folder(tmp_path: Path, photo: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Image.fromarray(photo).save("night.png")
    return tmp_path


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "pielight", "explain", *arguments]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def test_the_command(folder: Path, exposure_model: Path) -> None:
    done = command("night.png", "--model", str(exposure_model))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "night_explain.png\n")
    first = Path("night_explain.png").read_bytes()
    assert Image.open(io.BytesIO(first)).format == "PNG"
    again = command("night.png", "--model", str(exposure_model), "--strength", "0.5")
    assert (again.returncode, again.stderr) == (0, "night_explain.png\n")
    second = Path("night_explain.png").read_bytes()
    assert second != first
    kept = command("night.png", "--model", str(exposure_model), "--existing", "skip")
    assert kept.returncode == 0
    assert "skipped, it already exists" in kept.stderr
    assert Path("night_explain.png").read_bytes() == second
    more = ("--strength", "0.5", "--target", "1", "--preset", "night", "--size", "200", "-q")
    done = command("night.png", "--model", str(exposure_model), "-o", "small.png", *more)
    assert (done.returncode, done.stderr) == (0, "")
    assert Path("small.png").read_bytes() != first
    assert (
        "explain" in subprocess.run([sys.executable, "-m", "pielight", "--help"], capture_output=True, text=True).stdout
    )


@pytest.mark.parametrize(
    ("arguments", "status", "reason"),
    [
        (("night.png", "-o", "sheet.jpg"), 2, "sheet.jpg: must end in .png"),
        (("night.png", "-o", "night.png"), 2, "would overwrite a picture"),
        (("missing.png",), 1, "missing.png: no such file"),
        (("night.png", "--target", "nan"), 2, "Error: --target nan: must lie between -3 and 3"),
        (("night.png", "--strength", "nan"), 2, "Error: --strength nan: must lie"),
        (("night.png", "--target", "9"), 2, "is not in the range"),
    ],
)
def test_wrong_use_is_one_line(
    folder: Path, exposure_model: Path, arguments: tuple[str, ...], status: int, reason: str
) -> None:
    done = command(*arguments, "--model", str(exposure_model))
    assert done.returncode == status
    assert reason in done.stderr
    assert "Traceback" not in done.stderr


def test_the_help_is_of_exposures_alone() -> None:
    done = command("--help")
    assert "below 0 darkens." in done.stdout
    assert "of the task" not in done.stdout
    for word in ("haze", "hazing", "rain", "curves"):
        assert word not in done.stdout


def test_a_model_without_a_map_is_told(folder: Path, bright_model: Path) -> None:
    done = command("night.png", "--model", str(bright_model))
    assert done.returncode == 2
    told = "predicts curves, not exposures; explain needs a model of exposures such as pie or free"
    assert f"Error: --model {bright_model}: {told}\n" in done.stderr
