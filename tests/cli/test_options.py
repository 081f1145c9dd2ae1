"""The options of an enhancement on the command line."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pielight.cli import main
from pielight.options import PRESETS


@pytest.fixture
def folder(tmp_path: Path, photo: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Image.fromarray(photo // 2).save("night.png")
    return tmp_path


def process(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "pielight", *arguments], capture_output=True, text=True, check=False)


def run(*arguments: str) -> NDArray[np.uint8]:
    main([*arguments, "-q", "--existing", "overwrite", "-o", "out.png"], standalone_mode=False)
    return np.asarray(Image.open("out.png"))


def test_the_command_takes_all_of_them(folder: Path, bright_model: Path) -> None:
    options = ("--target", "0.5", "--black", "0.5", "--warmth", "auto", "--tint=-0.2", "--preset", "night")
    done = process("night.png", *options, "--model", str(bright_model))
    assert (done.returncode, done.stdout) == (0, "")
    info = process("info", "night_pie.png").stdout
    for line in ("Target:          0.5", "Black:           0.5", "Warmth:          auto", "Tint:            -0.2"):
        assert line in info
    again = process("night.png", *options, "--model", str(bright_model))
    assert "1 skipped" in again.stderr
    other = process("night.png", "--model", str(bright_model))
    assert "black" in process("night.png", "--dry-run", *options, "--model", str(bright_model)).stdout + other.stderr


def test_a_sheet_takes_them(folder: Path, bright_model: Path) -> None:
    for name, options in (("plain.png", ()), ("cold.png", ("--warmth=-0.8", "--preset", "portrait"))):
        done = process("compare", "night.png", "--model", str(bright_model), "-o", name, *options)
        assert done.returncode == 0, done.stderr
    plain, cold = (np.asarray(Image.open(name), float).mean(axis=(0, 1)) for name in ("plain.png", "cold.png"))
    assert (cold - plain)[0] < (cold - plain)[2]


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_presets_are_numbers(folder: Path, exposure_model: Path, preset: str) -> None:
    common = ("night.png", "--model", str(exposure_model))
    numbers = [
        "--no-auto" if value is False else f"--{name.removesuffix('_ev')}={value}"
        for name, value in PRESETS[preset].items()
    ]
    by_name = run(*common, "--preset", preset)
    assert (by_name == run(*common, *numbers)).all()
    assert (by_name != run(*common, "--preset", preset, "--target", "1.5")).any()
    text = process("enhance", "--help").stdout
    assert preset in text


def test_the_guide_has_the_numbers_of_presets() -> None:
    guide = Path(__file__).parents[2] / "docs/guides/options.md"
    rows = re.findall(r"^\| `(\w+)` \| `(--.*)` \|$", guide.read_text(encoding="utf-8"), re.MULTILINE)
    stated = {name: options for name, options in rows if name in PRESETS}
    assert stated == {
        name: " ".join(
            "--no-auto" if value is False else f"--{option.removesuffix('_ev')} {value:g}"
            for option, value in filled.items()
        )
        for name, filled in PRESETS.items()
    }


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--target", "9"), "9.0 is not in the range"),
        (("--black", "2"), "2.0 is not in the range"),
        (("--warmth", "hot"), "warmth 'hot' is neither auto, keep nor a number from -1 to 1."),
        (("--tint", "2"), "tint '2' is neither"),
        (("--preset", "noon"), "'noon' is not one of"),
        (("--task", "derain", "--target", "1"), "--target: has no meaning for derain; leave it out."),
        (
            ("--task", "dehaze", "--preset", "subtle"),
            "--preset subtle: black: has no meaning for dehaze; leave it out.",
        ),
    ],
)
def test_usage_errors(folder: Path, arguments: tuple[str, ...], reason: str) -> None:
    done = process("night.png", *arguments)
    assert done.returncode == 2
    assert reason in " ".join(done.stderr.split())
