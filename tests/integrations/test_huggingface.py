"""Folders for the Hugging Face Hub: their cards, and that every file in them loads; no network."""

from __future__ import annotations

import filecmp
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from huggingface_hub import ModelCard
from safetensors.torch import load_file

from pielight import Enhancer, ExistsError, ModelError
from pielight.nn import Enhance
from tests.integrations.modules import INTEGRATIONS, dark_picture, load

SCRIPT = load("huggingface/model_folder.py")


@pytest.mark.parametrize("name", sorted(SCRIPT.PURPOSES))
def test_a_card_has_what_the_hub_reads(name: str, tmp_path: Path) -> None:
    written = SCRIPT.write_folder(name, tmp_path / name)
    assert {"README.md", "config.json", f"{name}.onnx", f"{name}.json"} <= {*written}
    found = ModelCard.load(tmp_path / name / "README.md")
    told = found.data.to_dict()
    assert (told["library_name"], told["pipeline_tag"]) == ("pielight", "image-to-image")
    assert "onnx" in told["tags"]
    if name in ("free", "denoise"):
        assert told["license"] == "apache-2.0"
        assert (tmp_path / name / "model.safetensors").is_file()
    else:
        assert (told["license"], told["license_name"]) == ("other", "research-only")
        assert "research" in (tmp_path / name / told["license_link"]).read_text()
    assert "Trained on: " in found.text
    assert "None" not in found.content


def test_both_forms_of_a_folder_load(tmp_path: Path) -> None:
    SCRIPT.write_folder("free", tmp_path / "free")
    dark = dark_picture()
    own = Enhancer(tmp_path / "free/free.onnx", threads=1)
    assert np.array_equal(own(dark), Enhancer("free", threads=1)(dark))
    assert own.model.verify()
    assert not own.model.is_for_research_only
    picture = torch.from_numpy(dark).permute(2, 0, 1)[None].float() / 255
    with torch.no_grad():
        assert torch.equal(
            Enhance.from_pretrained(tmp_path / "free")(picture), Enhance.from_pretrained("free")(picture)
        )
    SCRIPT.write_folder("denoise", tmp_path / "denoise")
    assert len(load_file(tmp_path / "denoise/model.safetensors")) > 10
    noisy = Enhancer(threads=1, denoise_model=tmp_path / "denoise/denoise.onnx")(dark)
    assert np.array_equal(noisy, Enhancer(threads=1)(dark))


def test_the_same_bytes_each_time(tmp_path: Path) -> None:
    names = SCRIPT.write_folder("free", tmp_path / "one")
    SCRIPT.write_folder("free", tmp_path / "two")
    assert filecmp.cmpfiles(tmp_path / "one", tmp_path / "two", names, shallow=False)[0] == names


def test_errors_are_one_line_and_nothing_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ExistsError, match="not empty; name a new folder"):
        SCRIPT.write_folder("free", tmp_path)
    with pytest.raises(ModelError, match="no such model; choose one of pie, free, denoise"):
        SCRIPT.write_folder("nothing", tmp_path / "new")
    command = [sys.executable, str(INTEGRATIONS / "huggingface/model_folder.py"), "free", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, f"pielight: {tmp_path}: not empty; name a new folder\n")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
