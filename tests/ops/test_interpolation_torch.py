"""Nodes interpolated by torch, against the engine's weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pielight.ops.interpolation import Axis
from pielight.ops.interpolation_torch import resample_lattice, spline_weights


@pytest.mark.parametrize(("pixels", "nodes"), [(37, 5), (4, 4), (3, 7), (1, 1), (50, 1), (9, 2)])
def test_weights_are_those_of_the_engine(pixels: int, nodes: int) -> None:
    axis = Axis.of(pixels, nodes)
    expected = np.zeros((pixels, nodes))
    for pixel in range(pixels):
        for tap, weight in zip((-1, 0, 1), axis.weight[pixel], strict=True):
            expected[pixel, np.clip(axis.node[pixel] + tap, 0, nodes - 1)] += weight
    found = spline_weights(pixels, nodes, torch.zeros((), dtype=torch.float64))
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-12)


def test_a_constant_lattice_stays_constant() -> None:
    torch.testing.assert_close(resample_lattice(torch.full((1, 2, 3, 4), 0.3), 7, 9), torch.full((1, 2, 7, 9), 0.3))
