"""Which models can be fine-tuned, and what is said of the others."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from pielight.errors import ModelError
from pielight.models import find
from pielight.training.objectives.finetune_start import read_start


@pytest.mark.parametrize("name", ["pie", "free"])
def test_shipped(name: str) -> None:
    start = read_start(name)
    assert start.config.name == name
    assert start.model.path == find(name).path


def test_foreign(tmp_path: Path) -> None:
    shutil.copy(find("pie").path, tmp_path / "own.onnx")
    with pytest.raises(ModelError, match=r"own\.onnx: cannot be fine-tuned without own\.safetensors beside it"):
        read_start(tmp_path / "own.onnx")
    for content, why in (
        (b"nonsense", "cannot be fine-tuned"),
        (find("pie").path.with_suffix(".safetensors").read_bytes()[:5000], "cannot be fine-tuned"),
    ):
        (tmp_path / "own.safetensors").write_bytes(content)
        with pytest.raises(ModelError, match=why) as caught:
            read_start(tmp_path / "own.onnx")
        assert "\n" not in str(caught.value)
    save_file({}, tmp_path / "own.safetensors")
    with pytest.raises(ModelError, match="no brightening model of `pielight train`"):
        read_start(tmp_path / "own.onnx")


def test_denoiser() -> None:
    with pytest.raises(ModelError, match=r"denoise\.safetensors: cannot be fine-tuned"):
        read_start(find("denoise").path)


@pytest.mark.parametrize("task", ["dehaze", "{place}/bad.py:TASK"])
def test_a_model_of_another_task_is_refused_and_no_code_is_run(task: str, tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("open('ran', 'w').close()")
    named = task.format(place=tmp_path)
    (tmp_path / "own.onnx").write_bytes(find("pie").path.read_bytes())
    save_file({"x": torch.zeros(1)}, tmp_path / "own.safetensors", {"config": f"task: {named}"})
    with pytest.raises(ModelError, match=r"no brightening model of `pielight train` \(its task is"):
        read_start(tmp_path / "own.onnx")
    assert not Path("ran").exists()
