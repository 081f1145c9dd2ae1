"""Curves applied by torch, against the NumPy definitions."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pielight.nn.apply_curves import apply_curves, resample_lattice, spline_weights
from pielight.ops.interpolation import Axis
from pielight.ops.light_curve import light_curve
from pielight.ops.tone import apply_tone
from pielight.options import EnhanceOptions


@pytest.mark.parametrize(("pixels", "nodes"), [(37, 5), (4, 4), (3, 7), (1, 1), (50, 1), (9, 2)])
def test_weights_are_those_of_the_engine(pixels: int, nodes: int) -> None:
    axis = Axis.of(pixels, nodes)
    expected = np.zeros((pixels, nodes))
    for pixel in range(pixels):
        for tap, weight in zip((-1, 0, 1), axis.weight[pixel], strict=True):
            expected[pixel, np.clip(axis.node[pixel] + tap, 0, nodes - 1)] += weight
    found = spline_weights(pixels, nodes, torch.zeros((), dtype=torch.float64))
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-12)


@pytest.mark.parametrize("strength", [0.0, 0.3, 1.0, 1.5])
@pytest.mark.parametrize("highlights", [0.0, 0.5, 1.0])
def test_tone_is_that_of_the_engine(strength: float, highlights: float) -> None:
    random = np.random.default_rng(0)
    alphas = random.uniform(-1, 1, (4, 3, 1, 1))  # one node: the same curves everywhere
    x = random.random((3, 16, 16)) ** 3
    x[:, 0, :2] = [0, 1]

    def curve(values: np.ndarray) -> np.ndarray:
        return light_curve(values, alphas)

    expected = apply_tone(x, curve, EnhanceOptions(strength, highlights)) if strength else x
    lattice = torch.from_numpy(alphas.reshape(1, 12, 1, 1))
    found = apply_curves(torch.from_numpy(x)[None], lattice, strength, highlights)[0]
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-6)


def test_black_and_white_stay_and_have_finite_gradients() -> None:
    pictures = torch.tensor([0.0, 1.0, 1e-9]).view(1, 1, 1, 3).expand(1, 3, 1, 3).clone().requires_grad_()
    bright = apply_curves(pictures, torch.full((1, 3, 1, 1), -1.0))
    assert bright[..., :2].flatten(1).unique().tolist() == [0.0, 1.0]
    bright.sum().backward()
    assert pictures.grad is not None
    assert pictures.grad.isfinite().all()


def test_a_constant_lattice_stays_constant() -> None:
    torch.testing.assert_close(resample_lattice(torch.full((1, 2, 3, 4), 0.3), 7, 9), torch.full((1, 2, 7, 9), 0.3))
