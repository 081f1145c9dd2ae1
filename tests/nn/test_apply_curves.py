"""Curves applied by torch, against the NumPy definitions."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pielight.nn.apply_curves import apply_curves
from pielight.ops.light_curve import light_curve
from pielight.ops.tone import apply_tone
from pielight.options import EnhanceOptions


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
