"""``pielight export``: files, the report, and its errors (``pielight.cli.export``)."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from pielight.cli import main
from pielight.models import path_of
from pielight.training.export import parity, runtimes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for place in range(3):
        pixels = np.random.default_rng(place).integers(0, 40 * place + 20, (300, 400, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{place}.png")
    return folder


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["export", *map(str, arguments)])


def test_a_report(folder: Path, tmp_path: Path) -> None:
    done = run("--to", "onnx", "--check", folder, "-o", tmp_path)
    assert done.exit_code == 0, done.output
    assert (tmp_path / "pie-map.onnx").is_file()
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["picture", "levels", "%", "differ", "PSNR", "dB"]
    assert [line.split()[0] for line in lines[1:4]] == ["0.png", "1.png", "2.png"]
    assert lines[4].startswith("worst of 3")
    assert int(lines[4].split()[3]) <= 1
    assert "thumbnail (1, 3, 64, 64), statistics (1, 18) to exposure, underexposed" in done.stderr


def test_ones_own_model_by_either_file(folder: Path, tmp_path: Path) -> None:
    for suffix in (".onnx", ".safetensors"):
        shutil.copy(path_of("free").with_suffix(suffix), tmp_path / f"tiny{suffix}")
    for suffix, to, name in ((".onnx", "torchscript", "tiny-map.pt"), (".safetensors", "onnx", "tiny-map-fp16.onnx")):
        half = ["--fp16"] if to == "onnx" else []
        done = run("--to", to, *half, "--model", tmp_path / f"tiny{suffix}", "--check", folder, "-o", tmp_path / "out")
        assert done.exit_code == 0, done.output
        assert (tmp_path / "out" / name).is_file()


def test_pictures_of_one_size(folder: Path, tmp_path: Path) -> None:
    done = run("--to", "torchscript", "--what", "full", "--size", "320x256", "--check", folder, "-o", tmp_path / "x.pt")
    assert done.exit_code == 0, done.output
    assert (tmp_path / "x.pt").is_file()
    assert "picture (1, 3, 256, 320) to enhanced" in done.stderr


def test_core_ml_is_not_run(tmp_path: Path) -> None:
    pytest.importorskip("coremltools")
    done = run("--to", "coreml", "--fp16", "-o", tmp_path)
    assert done.exit_code == 0, done.output
    assert (tmp_path / "pie-map-fp16.mlpackage").is_dir()
    assert "so not run here" in done.stderr
    assert done.stdout == ""


def test_results_that_differ_fail(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(parity.LIMITS, "fp32", -1)
    done = run("--to", "onnx", "--check", folder, "-o", tmp_path)
    assert done.exit_code == 1
    assert "results differ by more than -1 of 255" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["--to", "tensorrt"], 2, "not one of"),
        (["--to", "onnx", "--size", "big"], 2, "is not WIDTHxHEIGHT"),
        (
            ["--to", "onnx", "--what", "full", "--size", "1000x750"],
            2,
            "multiples of 64 from 256 to 4096; take 1024x768",
        ),
        (["--to", "onnx", "--size", "1024x768"], 2, "--size is for --what full"),
        (["--to", "onnx", "--fp16", "--int8"], 2, "--fp16 and --int8 contradict"),
        (["--to", "onnx", "-o", "model.tflite"], 2, "-o model.tflite: onnx writes .onnx files"),
        (["--to", "onnx", "--model", "haze"], 1, "no model that brightens; choose one of free, pie"),
        (["--to", "onnx", "--check", "."], 1, "holds no picture"),
        (["--to", "ncnn", "--int8"], 2, "left out, since"),
        (["--to", "onnx", "--check", ".", "--no-check"], 2, "contradict"),
        (["--to", "onnx", "--model", "derain"], 1, "no model that brightens"),
    ],
)
def test_errors(
    arguments: list[str], status: int, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run(*arguments)
    assert done.exit_code == status
    assert message in " ".join(done.stderr.split())
    assert list(tmp_path.iterdir()) == []


def test_the_model_that_is_read_stays(tmp_path: Path) -> None:
    own = tmp_path / "own.onnx"
    for suffix in (".onnx", ".safetensors"):
        shutil.copy(path_of("pie").with_suffix(suffix), own.with_suffix(suffix))
    before = own.read_bytes()
    for model in (own, own.with_suffix(".safetensors")):
        done = run("--to", "onnx", "--model", model, "-o", own)
        assert done.exit_code == 2, done.output
        assert "the model that is read; name another file" in " ".join(done.stderr.split())
    assert own.read_bytes() == before
    assert "never the model that is read" in " ".join(run("--help").stdout.split())


def test_a_folder_with_a_suffix_and_a_damaged_picture(folder: Path, tmp_path: Path) -> None:
    (folder / "bad.jpg").write_bytes(b"no picture")
    (tmp_path / "app.v2").mkdir()
    done = run("--to", "onnx", "--check", folder, "-o", tmp_path / "app.v2")
    assert done.exit_code == 0, done.output
    assert (tmp_path / "app.v2" / "pie-map.onnx").is_file()
    assert done.stderr.startswith("passed over: ")
    assert "bad.jpg" in done.stderr.splitlines()[0]
    assert "worst of 3" in done.stdout


def test_a_missing_package_names_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pielight.core.extras.find_spec", lambda name: None if name == "pnnx" else object())
    done = run("--to", "ncnn", "-o", tmp_path)
    assert done.exit_code == 1
    assert "pnnx is not installed" in done.stderr
    assert "export-ncnn" in done.stderr
    assert set(runtimes.RUNTIMES) == {"onnx", "litert", "ncnn", "torchscript", "executorch", "coreml"}
