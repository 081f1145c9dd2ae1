"""The level of noise after a curve, against noise that went through it."""

from __future__ import annotations

import numpy as np
import pytest

from pielight import CurveLattice
from pielight.ops.apply import apply
from pielight.ops.noise import Noise
from pielight.ops.noise_level import level, smoothed


@pytest.mark.parametrize("x", [0.01, 0.03, 0.2, 0.6])
def test_level_is_the_noise_after_the_curve(x: float) -> None:
    noise = Noise(np.full(3, 1e-4), np.full(3, 1e-7))
    lattice = CurveLattice(np.full((8, 3, 4, 4), -0.4))
    flat = np.full((300, 300, 3), x, np.float32)
    drawn = np.random.default_rng(0).normal(size=flat.shape) * noise.sigma(flat)
    after = apply(np.clip(flat + drawn, 0, 1).astype(np.float32), lattice)
    found = level(flat[::100, ::100], noise, lambda means: apply(means, lattice))
    assert found == pytest.approx(np.full((3, 3, 3), after.std()), rel=0.2)


@pytest.mark.parametrize("rows", [1, 6, 64, 65, 200])
def test_smoothing_is_a_mean_of_nine(rows: int) -> None:
    means = np.random.default_rng(0).random((rows, 5, 3)).astype(np.float32)
    around = np.pad(means, ((1, 1), (1, 1), (0, 0)), mode="edge")
    expected = [[around[y : y + 3, x : x + 3].mean((0, 1)) for x in range(5)] for y in range(rows)]
    assert smoothed(means) == pytest.approx(np.array(expected), abs=1e-6)
