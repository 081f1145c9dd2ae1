"""Transforms: kornia and Albumentations are the real ones; torchvision is a stand-in where it does not fit torch."""

from __future__ import annotations

import pickle
import sys
import warnings
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from pielight import Enhancer
from tests.integrations.modules import dark_picture, load, stand_in


def test_albumentations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_ALBUMENTATIONS_UPDATE", "1")
    A = pytest.importorskip("albumentations")
    brighten = load("transforms/albumentations_brighten.py").Brighten
    dark, mask = dark_picture(), np.zeros((96, 128), np.uint8)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)  # Albumentations warns of arguments that it does not know
        pipeline = A.Compose(
            [brighten(strength=0.8, model="free"), A.HorizontalFlip(p=1)],
            bbox_params=A.BboxParams(format="pascal_voc", label_fields=["labels"]),
        )
    found = pipeline(image=dark, mask=mask, bboxes=[(0, 0, 10, 10)], labels=[3])
    assert np.array_equal(found["image"][:, ::-1], Enhancer("free", threads=1)(dark, 0.8))
    assert np.array_equal(found["mask"], mask)
    assert np.allclose(found["bboxes"], [(118, 0, 128, 10)])
    assert np.array_equal(brighten(p=0)(image=dark)["image"], dark)
    other = pickle.loads(pickle.dumps(pipeline))  # noqa: S301 - workers of a loader do so
    assert np.array_equal(other(image=dark, bboxes=[], labels=[])["image"], found["image"])


def test_kornia_with_gradients() -> None:
    pytest.importorskip("kornia")
    pipeline = load("transforms/kornia_pipeline.py").pipeline()
    dark = torch.from_numpy(dark_picture()).permute(2, 0, 1)[None].float() / 255
    dark.requires_grad_()
    bright = pipeline(dark)
    assert bright.shape == (1, 3, 96, 96)
    assert bright.mean() > 2 * dark.mean()
    bright.mean().backward()
    assert dark.grad is not None
    assert dark.grad.abs().sum() > 0


class TVTensor(torch.Tensor):
    """torchvision's tensor with a meaning."""


class TVImage(TVTensor):
    """A picture."""


class Boxes(TVTensor):
    """Boxes, which stay."""


class Transform(torch.nn.Module):
    """What torchvision's v2.Transform does: it hands on each picture of a sample, and nothing else."""

    _transformed_types: Any = ()

    def forward(self, *inputs: Any) -> Any:
        sample = inputs[0] if len(inputs) == 1 else inputs
        if isinstance(sample, dict):
            return {name: self._each(value) for name, value in sample.items()}
        return self._each(sample)

    def _each(self, value: Any) -> Any:
        kinds = self._transformed_types
        fits = any(isinstance(value, kind) if isinstance(kind, type) else kind(value) for kind in kinds)
        return self.transform(value, {}) if fits else value

    def transform(self, picture: Any, params: dict[str, Any]) -> Any:
        raise NotImplementedError


@pytest.fixture
def torchvision(monkeypatch: pytest.MonkeyPatch) -> Any:
    def is_pure(value: Any) -> bool:
        return isinstance(value, torch.Tensor) and not isinstance(value, TVTensor)

    tensors = stand_in(
        "torchvision.tv_tensors", TVTensor=TVTensor, Image=TVImage, Video=type("Video", (TVTensor,), {}),
        wrap=lambda value, like: value.as_subclass(type(like)),
    )  # fmt: skip
    v2 = stand_in("torchvision.transforms.v2", Transform=Transform, functional=stand_in("f", is_pure_tensor=is_pure))
    for name, module in {
        "torchvision": stand_in("torchvision", tv_tensors=tensors),
        "torchvision.tv_tensors": tensors,
        "torchvision.transforms": stand_in("torchvision.transforms", v2=v2),
        "torchvision.transforms.v2": v2,
    }.items():
        monkeypatch.setitem(sys.modules, name, module)
    return load("transforms/torchvision_brighten.py")


def test_torchvision(torchvision: Any) -> None:
    dark = torch.from_numpy(dark_picture()).permute(2, 0, 1)
    boxes = torch.tensor([[1.0, 2, 3, 4]]).as_subclass(Boxes)
    brighten = torchvision.Brighten()
    found = brighten({"image": dark.as_subclass(TVImage), "boxes": boxes, "label": 3})
    assert type(found["image"]) is TVImage
    assert torch.equal(found["image"].as_subclass(torch.Tensor), Enhancer(threads=1)(dark))
    assert found["boxes"] is boxes
    assert found["label"] == 3
    assert torch.equal(brighten(dark), Enhancer(threads=1)(dark))
    assert brighten(Image.fromarray(dark_picture())).mode == "RGB"
