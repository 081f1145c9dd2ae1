"""Which models can be fine-tuned, and what is said of the others."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from pielight.errors import ModelError
from pielight.models import find
from pielight.training.export.onnx import lattice_onnx
from pielight.training.networks.dce_net import DCENet
from pielight.training.objectives.finetune_start import read_start


def test_what_training_wrote(start: Path) -> None:
    read = read_start(start)
    assert (read.model.path, read.config.name, read.config.width) == (start, "tiny", 0.25)
    assert not read.network.training


def test_curves_are_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "curves.onnx").write_bytes(lattice_onnx(DCENet().eval(), 32))
    with pytest.raises(ModelError, match="a curve_lattice is not fine-tuned; start from an exposure map") as caught:
        read_start(tmp_path / "curves.onnx")
    assert "\n" not in str(caught.value)


def test_foreign(start: Path, tmp_path: Path) -> None:
    own, weights = tmp_path / "own.onnx", tmp_path / "own.safetensors"
    shutil.copy(start, own)
    with pytest.raises(ModelError, match=r"own\.onnx: cannot be fine-tuned without own\.safetensors beside it"):
        read_start(own)
    for content in (b"nonsense", start.with_suffix(".safetensors").read_bytes()[:5000]):
        weights.write_bytes(content)
        with pytest.raises(ModelError, match=r"own\.safetensors: damaged weights") as caught:
            read_start(own)
        assert "\n" not in str(caught.value)
    save_file({}, weights)
    with pytest.raises(ModelError, match="holds no exposure map"):
        read_start(own)


def test_denoiser() -> None:
    with pytest.raises(ModelError, match=r"denoise\.onnx: a denoise is not fine-tuned"):
        read_start(find("denoise").path)


@pytest.mark.parametrize("task", ["dehaze", "{place}/bad.py:TASK"])
def test_a_model_of_another_task_is_refused_and_no_code_is_run(task: str, start: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("open('ran', 'w').close()")
    named = task.format(place=tmp_path)
    shutil.copy(start, tmp_path / "own.onnx")
    save_file({"x": torch.zeros(1)}, tmp_path / "own.safetensors", {"config": f"task: {named}"})
    with pytest.raises(ModelError, match="holds no exposure map"):
        read_start(tmp_path / "own.onnx")
    assert not Path("ran").exists()
