"""Patches are means of light, not of sRGB levels, and dark ones compare once they are scaled."""

from __future__ import annotations

import numpy as np

from pielight.evaluation.metrics.patches import chromatic, chromatic_at_middle, lit, patches


def test_means_are_of_linear_light() -> None:
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[::2] = 255
    assert np.allclose(patches(pixels)[0, 1], 0.5, atol=0.01)
    assert patches(np.zeros((20, 35, 3), np.uint8)).shape == (2 * 4, 3)
    assert patches(np.zeros((3, 5, 3), np.uint8)).shape == (1, 3)


def test_neutral_and_colored_patches() -> None:
    gray, red = np.full((8, 8, 3), 90, np.uint8), np.tile(np.array([150, 60, 60], np.uint8), (8, 8, 1))
    assert np.abs(chromatic(patches(gray))).max() < 0.5
    assert chromatic(patches(red))[0, 0] > 20
    darker = patches(red) / 4
    assert np.allclose(chromatic_at_middle(darker), chromatic_at_middle(patches(red)), atol=1e-6)
    assert lit(patches(np.zeros((8, 8, 3), np.uint8))).tolist() == [False]
