"""LIME against a plain dense solution."""

from __future__ import annotations

import numpy as np
import pytest

from pielight.errors import PielightError
from pielight.evaluation.methods.lime import ALPHA, illumination_map, lime, structure_weights
from pielight.io.load_rgb import Pixels


def dense(first: np.ndarray, alpha: float) -> np.ndarray:
    """The illumination map straight from its sum of squares."""
    height, width = first.shape
    rows, target = [np.eye(first.size)], [first.ravel()]
    for axis, (dy, dx) in enumerate(((1, 0), (0, 1))):
        weights = structure_weights(first, axis)
        for y in range(height - dy):
            for x in range(width - dx):
                here, there = y * width + x, (y + dy) * width + x + dx
                gap = abs(first[y + dy, x + dx] - first[y, x])
                row = np.zeros(first.size)
                row[[here, there]] = np.array([-1, 1]) * np.sqrt(alpha * weights[y, x] / (gap + 1e-3))
                rows.append(row[None])
                target.append(np.zeros(1))
    return np.linalg.lstsq(np.concatenate(rows), np.concatenate(target), rcond=None)[0].reshape(height, width)


def test_lime_is_the_least_squares_solution() -> None:
    first = np.random.default_rng(0).random((7, 9))
    assert np.abs(illumination_map(first) - dense(first, ALPHA)).max() < 1e-6
    assert np.abs(illumination_map(first, alpha=0) - first).max() < 1e-12


def test_lime_weights_are_small_where_gradients_agree() -> None:
    step = np.where(np.arange(20) < 10, 0.1, 0.9) * np.ones((20, 1))
    weights = structure_weights(step, 1)
    assert weights[10, 9] < 0.01 * weights[10, 2]


def test_lime_brightens_and_has_a_limit(dark: Pixels) -> None:
    assert lime(dark).mean() > 2 * dark.mean()
    assert np.array_equal(lime(np.zeros((8, 8, 3), np.uint8)), np.zeros((8, 8, 3)))
    with pytest.raises(PielightError, match="at most"):
        illumination_map(np.broadcast_to(0.5, (3000, 3000)))


def test_lime_of_a_line() -> None:
    column = np.full((5, 1, 3), 64, np.uint8)
    assert lime(column).tolist() == lime(column.transpose(1, 0, 2)).transpose(1, 0, 2).tolist()
    assert lime(column[:1]).tolist() == [[[193, 193, 193]]]
