"""Hues of skin and sky that were turned by a known angle; patches are means of light, not of sRGB levels."""

from __future__ import annotations

import math

import numpy as np
import pytest
from skimage import data
from skimage.color import lab2rgb, rgb2lab

from pielight.evaluation.metrics.color import (
    chromatic,
    chromatic_at_middle,
    hue_shift,
    lit,
    patches,
    skin_hue,
    sky_hue,
)

PHOTO = data.astronaut()[:240, 100:360]


def patch(hue: float, chroma: float = 30, light: float = 50) -> np.ndarray:
    """Draw one color, given in CIELAB."""
    a, b = chroma * np.cos(np.radians(hue)), chroma * np.sin(np.radians(hue))
    color = np.round(255 * lab2rgb(np.array([[[light, a, b]]]))).astype(np.uint8)
    return np.broadcast_to(color, (16, 16, 3))


@pytest.mark.parametrize("turn", [-80, -20, 0, 15, 120, 200])
def test_the_turn_that_was_drawn_is_found_on_the_shorter_way(turn: float) -> None:
    expected = min(abs(turn), 360 - abs(turn))
    assert skin_hue(patch(50 + turn), patch(50)) == pytest.approx(expected, abs=2.5)
    assert sky_hue(patch(260 + turn), patch(260)) == pytest.approx(expected, abs=2.5)


def test_only_patches_of_the_hue_and_chroma_count_and_the_reference_decides() -> None:
    assert math.isnan(skin_hue(patch(260), patch(260)))
    assert math.isnan(sky_hue(patch(50), patch(50)))
    assert math.isnan(skin_hue(patch(50, 5), patch(50, 5)))
    assert math.isnan(skin_hue(patch(50, 60), patch(50, 60)))
    assert skin_hue(patch(60), patch(200), reference=patch(60)) == pytest.approx(0, abs=0.01)
    both = np.concatenate([patch(50), patch(260)])
    assert skin_hue(np.concatenate([patch(50), patch(90)]), both) == pytest.approx(0, abs=0.01)


def test_scaled_light_turns_nothing() -> None:
    linear = np.where(PHOTO / 255 <= 0.04045, PHOTO / 255 / 12.92, ((PHOTO / 255 + 0.055) / 1.055) ** 2.4) / 8
    dark = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    assert skin_hue(PHOTO, np.round(255 * dark).astype(np.uint8)) < 1.5


def test_it_is_the_mean_over_patches_of_their_turn() -> None:
    shifted = (PHOTO * np.array([1, 1, 0.8])).astype(np.uint8)
    turns = []
    for row in range(0, 240, 8):
        for column in range(0, 256, 8):
            pair = []
            for picture in (PHOTO, shifted):
                block = picture[row : row + 8, column : column + 8].reshape(-1, 3) / 255
                light = np.where(block <= 0.04045, block / 12.92, ((block + 0.055) / 1.055) ** 2.4).mean(0)
                srgb = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
                pair.append(rgb2lab(srgb[None, None])[0, 0])
            (_, a0, b0), (_, a1, b1) = pair
            luminance = ((pair[0][0] + 16) / 116) ** 3
            if luminance < 0.01 or not (0 < pair[0][0] < 100):
                continue
            chroma = np.hypot(a0, b0) * (0.1842 / luminance) ** (1 / 3)
            hue = math.degrees(math.atan2(b0, a0)) % 360
            if 25 <= hue <= 75 and 10 <= chroma <= 50:
                turn = abs(math.degrees(math.atan2(b1, a1)) % 360 - hue)
                turns.append(min(turn, 360 - turn))
    assert hue_shift(shifted, PHOTO, None, (25, 75)) == pytest.approx(np.mean(turns), rel=0.1)


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
