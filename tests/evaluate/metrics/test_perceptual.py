"""LPIPS: what is handed to its package, and what is said without it."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pielight.errors import DataError, MissingExtraError, ModelError
from pielight.evaluate.metrics import METRICS, perceptual

torch = pytest.importorskip("torch")
BLACK, WHITE = np.zeros((40, 48, 3), np.uint8), np.full((40, 48, 3), 255, np.uint8)


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A package of the same interface: the mean squared difference in place of a network."""
    module = ModuleType("lpips")
    module.__spec__ = importlib.util.spec_from_loader("lpips", None)

    def network(**options: Any) -> Any:
        assert options == {"net": "alex", "version": "0.1", "verbose": False}

        def forward(first: Any, second: Any) -> Any:
            assert first.shape == second.shape == (1, 3, 40, 48)
            assert first.dtype == torch.float32
            assert min(first.min(), second.min()) >= -1
            assert max(first.max(), second.max()) <= 1
            return ((first - second) ** 2).mean(dim=(1, 2, 3), keepdim=True)

        return SimpleNamespace(eval=lambda: forward)

    module.LPIPS = network  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "lpips", module)
    perceptual._network.cache_clear()
    yield module
    perceptual._network.cache_clear()


def test_pictures_come_as_tensors_from_minus_one_to_one(package: ModuleType) -> None:
    assert METRICS["lpips"].measure(BLACK, reference=WHITE) == pytest.approx(4)
    assert METRICS["lpips"].measure(WHITE, reference=WHITE) == 0


def test_a_network_that_cannot_be_had_is_one_line(package: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(**_: Any) -> Any:
        raise OSError("no route to host")

    monkeypatch.setattr(package, "LPIPS", fails)
    with pytest.raises(ModelError, match=r"^lpips: cannot load its network \(no route to host\); leave lpips out"):
        METRICS["lpips"].measure(BLACK, reference=WHITE)


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
    except DataError as error:
        pytest.skip(str(error))
    assert METRICS["lpips"].measure(BLACK, reference=WHITE) > 0
