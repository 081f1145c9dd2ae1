"""LPIPS: what is handed to its package, and what is said without it."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pielight.core.download import Remote
from pielight.errors import DataError, MissingExtraError, ModelError
from pielight.evaluation.metrics import METRICS, perceptual

torch = pytest.importorskip("torch")
BLACK, WHITE = np.zeros((40, 48, 3), np.uint8), np.full((40, 48, 3), 255, np.uint8)


class Sliced(torch.nn.Module):
    """Layers named as those of lpips are: slices that keep torchvision's numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.slice1 = torch.nn.Sequential()
        self.slice1.add_module("0", torch.nn.Conv2d(3, 2, 1))
        self.slice2 = torch.nn.Sequential()
        self.slice2.add_module("3", torch.nn.Conv2d(2, 2, 1))


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of AlexNet's name in torch's hub folder."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    file = tmp_path / "hub" / "checkpoints" / perceptual.ALEXNET.name
    file.parent.mkdir(parents=True)
    stored = {f"features.{key.partition('.')[2]}": value + 1 for key, value in Sliced().state_dict().items()}
    torch.save({**stored, "classifier.1.weight": torch.ones(1)}, file)
    return file


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch, weights: Path) -> Iterator[ModuleType]:
    """A package of the same interface: the mean squared difference in place of a network."""
    module = ModuleType("lpips")
    module.__spec__ = importlib.util.spec_from_loader("lpips", None)

    def network(**options: Any) -> Any:
        assert options == {"net": "alex", "version": "0.1", "pnet_rand": True, "verbose": False}  # downloads nothing

        def forward(first: Any, second: Any) -> Any:
            assert first.shape == second.shape == (1, 3, 40, 48)
            assert first.dtype == torch.float32
            assert min(first.min(), second.min()) >= -1
            assert max(first.max(), second.max()) <= 1
            return ((first - second) ** 2).mean(dim=(1, 2, 3), keepdim=True)

        module.net = Sliced()  # type: ignore[attr-defined]
        return SimpleNamespace(eval=lambda: forward, net=module.net)

    module.LPIPS = network  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "lpips", module)
    perceptual._network.cache_clear()
    yield module
    perceptual._network.cache_clear()


def test_pictures_come_as_tensors_from_minus_one_to_one(package: ModuleType) -> None:
    assert METRICS["lpips"].measure(BLACK, reference=WHITE) == pytest.approx(4)
    assert METRICS["lpips"].measure(WHITE, reference=WHITE) == 0


def test_the_weights_are_those_of_the_file(package: ModuleType, weights: Path) -> None:
    METRICS["lpips"].prepare()  # type: ignore[misc]
    stored = torch.load(weights, weights_only=True)
    assert torch.equal(package.net.slice1[0].weight, stored["features.0.weight"])
    assert torch.equal(package.net.slice2[0].bias, stored["features.3.bias"])


def test_a_network_that_is_not_there_is_one_line_and_no_download(package: ModuleType, weights: Path) -> None:
    weights.write_bytes(b"no weights")
    with pytest.raises(ModelError, match=r"alexnet-owt-7be5be79\.pth: cannot be loaded \(\w+\); remove it"):
        METRICS["lpips"].measure(BLACK, reference=WHITE)
    weights.unlink()
    with pytest.raises(ModelError, match=r"there is no .*\.pth: --download fetches it \(233 MB from download\.pytorch"):
        METRICS["lpips"].measure(BLACK, reference=WHITE)


def test_it_is_fetched_when_it_is_asked_for(
    package: ModuleType, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, said = weights.read_bytes(), []
    served = weights.with_name("served.pth")
    weights.rename(served)
    remote = perceptual.ALEXNET._replace(size=len(content), sha256=hashlib.sha256(content).hexdigest())
    monkeypatch.setattr(Remote, "name", weights.name)
    monkeypatch.setattr(perceptual, "ALEXNET", remote._replace(url=served.as_uri()))
    perceptual.fetch_network(said.append)
    assert weights.read_bytes() == content
    assert "torchvision's AlexNet" in said[0]
    assert METRICS["lpips"].measure(WHITE, reference=WHITE) == 0


@pytest.mark.skipif(importlib.util.find_spec("lpips") is not None, reason="the package is installed")
def test_without_the_package_its_extra_is_named() -> None:
    with pytest.raises(MissingExtraError, match=r'pip install "pielight\[lpips\]"$'):
        METRICS["lpips"].measure(BLACK, reference=WHITE)
    with pytest.raises(DataError, match="at least 32 pixels"):
        METRICS["lpips"].measure(BLACK[:9], reference=WHITE[:9])


def test_with_the_package_itself() -> None:
    pytest.importorskip("lpips")
    try:
        assert METRICS["lpips"].measure(WHITE, reference=WHITE) == 0
    except ModelError as error:
        pytest.skip(str(error))
    assert METRICS["lpips"].measure(BLACK, reference=WHITE) > 0
