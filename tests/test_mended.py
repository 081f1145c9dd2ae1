"""Tasks through every door: Python, the command line and evaluation, with models of the tests' own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from pielight import Enhancer, PielightError, apply
from pielight.cli import main
from pielight.errors import ConfigError
from pielight.evaluate.methods import enhancement, method

HAZY = np.full((40, 60, 3), 200, np.uint8)
WET = np.random.default_rng(0).integers(100, 150, (40, 60, 3), dtype=np.uint8)
CLEAR = round(255 * ((200 / 255 - 0.9) / 0.5 + 0.9))


def test_dehazing_in_python(haze_model: Path) -> None:
    clear = Enhancer(haze_model, task="dehaze")
    assert np.abs(clear(HAZY).astype(int) - CLEAR).max() <= 1
    assert np.array_equal(clear(HAZY, 0), HAZY)
    assert np.array_equal(apply(HAZY, clear.curves(HAZY)), clear(HAZY))
    assert clear(HAZY, -1).mean() > 200  # more haze
    assert isinstance(clear(Image.fromarray(HAZY)), Image.Image)
    assert clear(HAZY, denoise="auto").shape == HAZY.shape


def test_deraining_in_python(rain_model: Path) -> None:
    dry = Enhancer(rain_model, task="derain")
    assert dry(WET).std() < 0.7 * WET.std()
    assert dry(Image.fromarray(WET).convert("L")).mode == "L"
    with pytest.raises(PielightError, match="has no curves"):
        dry.curves(WET)
    with pytest.raises(PielightError, match="denoise in a second step"):
        dry(WET, denoise=0.5)


def test_a_model_of_another_task_says_whose_it_is(haze_model: Path, bright_model: Path, rain_model: Path) -> None:
    for model, task, reason in (
        (haze_model, "brighten", "it is for --task dehaze"),
        (bright_model, "dehaze", "it is for --task brighten"),
        (rain_model, "dehaze", "not a lattice network"),
        (haze_model, "derain", "not a network of rain"),
    ):
        with pytest.raises(PielightError, match=reason):
            Enhancer(model, task=task)(HAZY)
    with pytest.raises(PielightError, match="choose brighten, dehaze, derain"):
        Enhancer(task="dust")


def test_files_on_the_command_line(haze_model: Path, rain_model: Path, tmp_path: Path) -> None:
    Image.fromarray(HAZY).save(tmp_path / "fog.png")
    Image.fromarray(WET).save(tmp_path / "wet.png")
    run = CliRunner().invoke
    done = run(main, ["enhance", "--task", "dehaze", "--model", str(haze_model), str(tmp_path / "fog.png"), "-q"])
    assert done.exit_code == 0, done.output
    assert np.abs(np.asarray(Image.open(tmp_path / "fog_pie.png")).astype(int) - CLEAR).max() <= 1
    done = run(main, ["--task", "derain", "--model", str(rain_model), str(tmp_path / "wet.png"), "-q"])
    assert done.exit_code == 0, done.output
    assert np.asarray(Image.open(tmp_path / "wet_pie.png")).std() < 0.7 * WET.std()
    done = run(main, ["--task", "derain", "--denoise", "auto", str(tmp_path / "wet.png")])
    assert (done.exit_code, "does not denoise" in done.output) == (2, True)
    done = run(main, ["--task", "dust", str(tmp_path / "wet.png")])
    assert done.exit_code == 2


def test_methods_to_compare(haze_model: Path, rain_model: Path) -> None:
    for spec, picture in (
        (f"pielight:task=dehaze,model={haze_model}", HAZY), (f"pielight:task=derain,model={rain_model}", WET),
        ("dcp", HAZY), ("median", WET), ("guided", WET),
    ):  # fmt: skip
        result = enhancement(method(spec).spec)(picture)
        assert (result.shape, result.dtype) == (picture.shape, np.uint8)
        assert result.mean() < picture.mean() + 1
    with pytest.raises(ConfigError, match="task is one of brighten, dehaze, derain"):
        method("pielight:task=dust")
    with pytest.raises(ConfigError, match="dcp takes no argument"):
        method("dcp:3")
