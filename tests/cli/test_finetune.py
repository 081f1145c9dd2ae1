"""``pielight finetune`` as a user runs it."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result

from pielight.cli import main
from pielight.training import schema
from pielight.training.data.toy import write_toy_pictures
from pielight.training.schema import FinetuneConfig
from tests.training.scenes import save_start

torch.set_num_threads(1)  # the pictures are too small for a second thread to help


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(schema, "FinetuneConfig", functools.partial(FinetuneConfig, crops=4))
    write_toy_pictures(tmp_path, 8, 104)
    save_start(tmp_path)
    return tmp_path


@pytest.fixture
def invoke() -> Callable[..., Result]:
    return lambda *words: CliRunner().invoke(main, ("finetune", *words), prog_name="pielight")


def test_from_folder_to_photo(folder: Path, invoke: Callable[..., Result]) -> None:
    done = invoke(
        "dark",
        "--normal",
        "well",
        "--model",
        "tiny.onnx",
        "--out",
        "mine",
        "--steps",
        "2",
        "--seed",
        "3",
        "--set",
        "optimizer.lr=1e-5",
    )
    assert done.exit_code == 0, done.output
    for text in ("no --features: the losses that need VGG16 are left out", "2 and 2 held out", "step 2/2", "held out"):
        assert text in done.stderr
    assert "pielight --model mine/tiny-tuned.onnx PHOTO..." in done.stderr
    assert "restored, dB" in done.stdout
    assert ("no better than tiny by" in done.stdout) != ("better by" in done.stdout)
    assert {"tiny-tuned.onnx", "tiny-tuned.safetensors", "tiny-tuned.json", "before-after.png"} <= {
        path.name for path in Path("mine").iterdir()
    }
    photo = CliRunner().invoke(main, ("--model", "mine/tiny-tuned.onnx", "dark/000.png"), prog_name="pielight")
    assert photo.exit_code == 0
    assert Path("dark/000_pie.png").exists()


def test_errors_are_one_line(folder: Path, invoke: Callable[..., Result]) -> None:
    shutil.copy("tiny.onnx", "foreign.onnx")
    Path("empty").mkdir()
    for words, said in (
        (("nothing", "--model", "tiny.onnx"), "nothing: no such folder"),
        (("empty", "--model", "tiny.onnx"), "empty: 0 usable dark pictures, and 8 are needed"),
        (("dark", "--model", "foreign.onnx"), "cannot be fine-tuned without foreign.safetensors"),
        (("dark", "--model", "none.onnx"), "none.onnx: no such model"),
        (("dark", "--model", "tiny.onnx", "--features", "none.pth"), "none.pth: no such file of VGG16 weights"),
    ):
        done = invoke(*words)
        assert (done.exit_code, done.stdout) == (1, "")
        error = done.stderr.splitlines()[-1]
        assert error.startswith("Error: ")
        assert said in error
    assert invoke("dark", "--steps", "0").exit_code == 2
    assert not Path("finetuned").exists()
