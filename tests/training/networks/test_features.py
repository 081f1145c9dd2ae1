"""VGG16 features from both kinds of weights."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from pielight.errors import ModelError
from pielight.training.networks import features as module
from pielight.training.networks.features import Kind, VGGFeatures, features_kind, load_features

SHARED = Path(__file__).parents[4] / "shared" / "weights" / "vgg16_relu4_3_caffe_bgr255_fp16.pth"
BIASES: dict[Kind, list[float]] = {
    "torchvision": [0.4034, 0.3778, 0.4644, -0.3228],
    "caffe": [0.7344, 0.0934, 0.0677, 0.8862],
}


@pytest.fixture(scope="module")
def state() -> dict[str, Tensor]:
    """Random weights under torchvision's key names."""
    convolutions = load_features("random").convolutions
    return {f"{i}.{k}": v for i, layer in convolutions.items() for k, v in layer.state_dict().items()}


def marked(state: dict[str, Tensor], kind: Kind) -> dict[str, Tensor]:
    bias = state["0.bias"].clone()
    bias[:4] = torch.tensor(BIASES[kind])
    return {**state, "0.bias": bias}


def plain(state: dict[str, Tensor], x: Tensor) -> dict[str, Tensor]:
    """VGG16 as the paper's table draws it."""
    found, taps = {}, {2: "relu1_2", 7: "relu2_2", 14: "relu3_3", 21: "relu4_3"}
    for group in ((0, 2), (5, 7), (10, 12, 14), (17, 19, 21)):
        for i in group:
            x = F.conv2d(x, state[f"{i}.weight"], state[f"{i}.bias"], padding=1).relu()
        found[taps[group[-1]]] = x
        x = F.max_pool2d(x, 2, 2)
    return found


@pytest.mark.parametrize("kind", ["torchvision", "caffe"])
def test_each_kind_gets_its_own_preprocessing(state: dict[str, Tensor], kind: Kind, tmp_path: Path) -> None:
    torch.save({f"features.{k}": v for k, v in marked(state, kind).items()}, tmp_path / "vgg.pth")
    features = load_features(tmp_path / "vgg.pth")
    rgb = torch.rand(2, 3, 32, 48)
    if kind == "torchvision":
        constants = ((0.485, 0.229), (0.456, 0.224), (0.406, 0.225))
        x = torch.stack([(rgb[:, i] - mean) / deviation for i, (mean, deviation) in enumerate(constants)], 1)
    else:
        x = torch.stack([255 * rgb[:, i] - m for i, m in ((2, 103.939), (1, 116.779), (0, 123.68))], 1)
    found = features(rgb)
    for name, value in plain(marked(state, kind), x).items():
        torch.testing.assert_close(found[name], value, rtol=1e-3, atol=1e-3)


def test_the_kinds_are_told_apart(state: dict[str, Tensor]) -> None:
    assert features_kind(marked(state, "torchvision")) == "torchvision"
    assert features_kind(marked(state, "caffe")) == "caffe"
    with pytest.raises(ModelError, match="unknown kind"):
        features_kind(state)


def test_stops_early_and_is_frozen(state: dict[str, Tensor]) -> None:
    features = VGGFeatures(state, "torchvision")
    assert list(features(torch.rand(1, 3, 16, 16), last="relu2_2")) == ["relu1_2", "relu2_2"]
    assert not any(p.requires_grad for p in features.parameters())
    picture = torch.rand(1, 3, 16, 16, requires_grad=True)
    features(picture)["relu4_3"].sum().backward()
    assert picture.grad is not None


def test_nothing_named_is_one_line_that_names_the_choices() -> None:
    with pytest.raises(ModelError, match=r"--features FILE .*, --features download .*528 MB.* or, .*--features random"):
        load_features(None)


def test_a_download_is_asked_for_and_said(
    state: dict[str, Tensor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "home"))
    served = tmp_path / "vgg16.pth"
    torch.save({f"features.{k}": v for k, v in marked(state, "torchvision").items()}, served)
    digest = hashlib.sha256(served.read_bytes()).hexdigest()
    monkeypatch.setattr(module, "PUBLIC", module.PUBLIC._replace(
        url=served.as_uri(), size=served.stat().st_size, sha256=digest
    ))  # fmt: skip
    said: list[str] = []
    assert not load_features("download", said.append).flip
    assert said[0].startswith("downloading torchvision's VGG16: ")
    assert (tmp_path / "home" / "hub" / "checkpoints" / "vgg16.pth").is_file()
    served.unlink()
    said.clear()
    load_features("download", said.append)
    assert not said


@pytest.mark.skipif(not SHARED.exists(), reason="needs ../shared/weights")
def test_the_caffe_file() -> None:
    features = load_features(SHARED)
    assert features.flip
    assert torch.isfinite(features(torch.rand(1, 3, 64, 64))["relu4_3"]).all()


def test_says_what_is_wrong(state: dict[str, Tensor], tmp_path: Path) -> None:
    path = tmp_path / "vgg.pth"
    with pytest.raises(ModelError, match=r"vgg\.pth: no such file"):
        load_features(path)
    path.write_bytes(b"nothing")
    with pytest.raises(ModelError, match=r"vgg\.pth: not a safe"):
        load_features(path)
    torch.save({k: v for k, v in state.items() if k != "12.bias"}, path)
    with pytest.raises(ModelError, match=r"12\.bias"):
        load_features(path)
