"""Statistics of tensors: those of arrays, with gradients of quantiles, and as a graph."""

from __future__ import annotations

import io

import numpy as np
import onnxruntime
import pytest
import torch
from torch import nn

from pielight.ops import exposure_statistics as arrays
from pielight.ops.exposure_statistics_torch import exposure_statistics


def photo(height: int, width: int, noise: float = 2.0) -> np.ndarray:
    """A smooth scene with a lit part, and noise."""
    random = np.random.default_rng(0)
    y, x = np.mgrid[:height, :width] / max(height, width)
    scene = (
        np.stack([90 * x + 20, 70 * y + 30, 60 * (1 - x) + 10], -1)
        + 120 * (np.hypot(x - 0.5, y - 0.4) < 0.1)[..., None]
    )
    return np.clip(np.round(scene + noise * random.normal(size=scene.shape)), 0, 255).astype(np.uint8)


def tensor(pixels: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(pixels.transpose(2, 0, 1).copy())[None].float() / 255


@pytest.mark.parametrize("shape", [(256, 256), (300, 500), (97, 61), (700, 400)])
@pytest.mark.parametrize("noise", [0.0, 2.0])
def test_they_are_those_of_arrays(shape: tuple[int, int], noise: float) -> None:
    pixels = photo(*shape, noise)
    found, expected = exposure_statistics(tensor(pixels))[0].numpy(), arrays.exposure_statistics(pixels)
    quantiles = slice(0, arrays.QUANTILES)
    np.testing.assert_allclose(found[quantiles], expected[quantiles], atol=0.012)
    np.testing.assert_allclose(found[8:10], expected[8:10], atol=0.01)
    np.testing.assert_allclose(found[10:12], expected[10:12], atol=0.05)
    np.testing.assert_allclose(found[12:14], expected[12:14], atol=0.25)
    np.testing.assert_allclose(found[14:], expected[14:], atol=0.01)


def test_a_stretched_picture_has_a_comb() -> None:
    pixels = (photo(300, 300) // 4 * 4).astype(np.uint8)
    found, expected = exposure_statistics(tensor(pixels))[0], arrays.exposure_statistics(pixels)
    assert found[10].item() == pytest.approx(expected[10], abs=0.02)
    assert found[10] > 0.7


def test_gradients_pass_quantiles_alone() -> None:
    pictures = torch.rand(2, 3, 40, 30, requires_grad=True)
    found = exposure_statistics(pictures)
    assert found.shape == (2, len(arrays.NAMES))
    (gradient,) = torch.autograd.grad(found[:, : arrays.QUANTILES].sum(), pictures, retain_graph=True)
    assert gradient.abs().sum() > 0
    (none,) = torch.autograd.grad(found[:, arrays.QUANTILES :].sum() + 0 * pictures.sum(), pictures)
    assert none.abs().sum() == 0


def test_a_tiny_picture_has_no_noise() -> None:
    assert exposure_statistics(torch.rand(1, 3, 5, 9))[0, 12:14].tolist() == [0, 0]


class Module(nn.Module):
    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        return exposure_statistics(pictures)


def test_the_graph_takes_every_size() -> None:
    buffer = io.BytesIO()
    torch.onnx.export(
        Module(), (torch.rand(1, 3, 48, 64),), buffer, input_names=["x"], output_names=["y"], opset_version=17,
        dynamic_axes={"x": {0: "n", 2: "h", 3: "w"}}, dynamo=False,
    )  # fmt: skip
    graph = onnxruntime.InferenceSession(buffer.getvalue(), providers=["CPUExecutionProvider"])
    for shape in ((300, 170), (61, 99)):
        pictures = tensor(photo(*shape)).repeat(2, 1, 1, 1)
        np.testing.assert_allclose(
            graph.run(None, {"x": pictures.numpy()})[0], exposure_statistics(pictures).numpy(), atol=1e-4
        )
