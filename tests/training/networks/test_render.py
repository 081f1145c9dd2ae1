"""Rendering against a plain NumPy transcription, and against the engine."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pielight import CurveLattice
from pielight.ops.apply import apply
from pielight.training.networks.render import render


def bilinear(nodes: np.ndarray, size: int) -> np.ndarray:
    """Interpolate (h, w) at the centers of size x size pixels."""
    out = np.empty((size, size))
    h, w = nodes.shape
    for y in range(size):
        for x in range(size):
            v = min(max((y + 0.5) * h / size - 0.5, 0), h - 1)
            u = min(max((x + 0.5) * w / size - 0.5, 0), w - 1)
            i, j = min(int(v), h - 2), min(int(u), w - 2)
            a, b = v - i, u - j
            top = nodes[i, j] * (1 - b) + nodes[i, j + 1] * b
            low = nodes[i + 1, j] * (1 - b) + nodes[i + 1, j + 1] * b
            out[y, x] = top * (1 - a) + low * a
    return out


def test_interpolates_parameters_and_iterates_at_every_pixel() -> None:
    generator = torch.Generator().manual_seed(0)
    pictures = torch.rand(1, 3, 12, 12, generator=generator, dtype=torch.float64)
    alphas = torch.rand(1, 24, 3, 3, generator=generator, dtype=torch.float64) * 2 - 1
    plain = pictures[0].numpy().copy()
    for n in range(8):
        for channel in range(3):
            a = bilinear(alphas[0, 3 * n + channel].numpy(), 12)
            plain[channel] += a * (plain[channel] ** 2 - plain[channel])
    np.testing.assert_allclose(render(pictures, alphas)[0].numpy(), plain, atol=1e-9)


def test_agrees_with_the_engine_where_the_lattice_is_flat() -> None:
    alphas = torch.full((1, 24, 4, 4), -0.3)
    pixels = np.random.default_rng(0).random((20, 20, 3)).astype(np.float32)
    lattice = CurveLattice(alphas[0].numpy().reshape(8, 3, 4, 4))
    trained = render(torch.from_numpy(pixels.transpose(2, 0, 1))[None], alphas)[0].numpy().transpose(1, 2, 0)
    np.testing.assert_allclose(apply(pixels, lattice, highlights=0), trained, atol=1e-3)


def test_gradients_reach_the_lattice() -> None:
    """By finite differences."""
    generator = torch.Generator().manual_seed(1)
    pictures = torch.rand(1, 3, 6, 6, generator=generator, dtype=torch.float64)
    alphas = (torch.rand(1, 6, 2, 2, generator=generator, dtype=torch.float64) - 0.5).requires_grad_()
    assert torch.autograd.gradcheck(lambda a: render(pictures, a).sum(), (alphas,))


@pytest.mark.parametrize("value", [-1.0, 1.0])
def test_stays_in_range(value: float) -> None:
    out = render(torch.linspace(0, 1, 48).view(1, 3, 4, 4), torch.full((1, 24, 2, 2), value))
    assert out.min() >= 0
    assert out.max() <= 1
