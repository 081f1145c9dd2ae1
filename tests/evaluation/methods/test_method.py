"""Each kind of method on a picture.

Covers ``pielight.evaluation.methods.pielight_method``.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from pielight import Enhancer
from pielight.errors import ConfigError, ModelError
from pielight.evaluation.datasets.file_cache import sha256
from pielight.evaluation.methods import network_files
from pielight.evaluation.methods.method import find_method, open_enhancer, parse
from pielight.io.load_rgb import Pixels
from pielight.models import DENOISER, find
from pielight.training.networks.dce_net import DCENet, published, render


@pytest.mark.parametrize("spec", ["pielight", "gamma", "gamma:0.4", "clahe", "equalize", "lime", "b=pielight:auto=off"])
def test_methods_brighten(dark: Pixels, spec: str) -> None:
    found = find_method(spec)
    bright = open_enhancer(found.spec)(dark)
    assert (bright.shape, bright.dtype) == (dark.shape, np.uint8)
    assert bright.mean() > 1.2 * dark.mean()
    assert (found.sha256 != "") == ("pielight" in spec)


def test_pielight_with_settings(dark: Pixels, bright_model: Path) -> None:
    spec = find_method(f"mine=pielight:model={bright_model},strength=0.8,highlights=0.1").spec
    expected = Enhancer(bright_model)(dark, 0.8, 0.1)
    assert np.array_equal(open_enhancer(spec)(dark), expected)
    assert np.array_equal(open_enhancer(parse("pielight:strength=0"))(dark), dark)
    assert spec.label == "mine"


def test_a_checksum_covers_the_denoiser_if_it_takes_part(bright_model: Path) -> None:
    spec = f"pielight:model={bright_model}"
    assert find_method(f"{spec},denoise=0").sha256 == sha256(bright_model)
    for denoise in ("", ",denoise=auto", ",denoise=0.5"):
        assert find_method(f"{spec}{denoise}").sha256 == sha256(bright_model, find(DENOISER).path)


def test_a_public_checkpoint(dark: Pixels, tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = DCENet()
    with torch.no_grad():
        network.e_conv7.bias.fill_(-0.3)
        network.e_conv1.weight[0, 0, 0, 0] = 1e-40  # a denormal
    torch.save({f"module.{key}": value for key, value in network.state_dict().items()}, tmp_path / "Epoch99.pth")
    found = find_method(f"dce:{tmp_path / 'Epoch99.pth'}")
    pictures = torch.from_numpy(dark.astype(np.float32) / 255).permute(2, 0, 1)[None]
    with torch.no_grad():
        expected = render(pictures, network(pictures))[0].permute(1, 2, 0).numpy() * 255
    assert np.abs(open_enhancer(found.spec)(dark) - expected).max() <= 0.51
    assert network_files.DCE.extra == "train"
    (tmp_path / "other.pth").write_bytes(b"no checkpoint")
    with pytest.raises(ModelError, match="not a safe PyTorch checkpoint"):
        published(tmp_path / "other.pth")


def test_methods_against_haze_and_rain(haze_model: Path, rain_model: Path) -> None:
    hazy = np.full((40, 60, 3), 200, np.uint8)
    wet = np.random.default_rng(0).integers(100, 150, (40, 60, 3), dtype=np.uint8)
    for spec, picture in (
        (f"pielight:task=dehaze,model={haze_model}", hazy), (f"pielight:task=derain,model={rain_model}", wet),
        ("dcp", hazy), ("median", wet), ("guided", wet),
    ):  # fmt: skip
        result = open_enhancer(find_method(spec).spec)(picture)
        assert (result.shape, result.dtype) == (picture.shape, np.uint8)
        assert result.mean() < picture.mean() + 1
    with pytest.raises(ConfigError, match="task is one of brighten, dehaze, derain"):
        find_method("pielight:task=dust")
    for spec, setting in (
        ("derain,auto=on", "auto"),
        ("dehaze,highlights=0.2", "highlights"),
        ("derain,denoise=0", "denoise"),
    ):
        with pytest.raises(ConfigError, match=f"{setting}: has no meaning for"):
            find_method(f"pielight:task={spec}")
    with pytest.raises(ConfigError, match="dcp takes no argument"):
        find_method("dcp:3")
