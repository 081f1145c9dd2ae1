"""The dark channel prior and the guided filter: against loops, and that haze goes."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data
from skimage.metrics import peak_signal_noise_ratio

from pielight.evaluation.methods.classic import (
    airlight,
    dark_channel,
    dark_channel_prior,
    guided,
    guided_filter,
    median,
)

PHOTO = data.astronaut()[100:300, 100:340]


def test_the_dark_channel_is_the_least_of_a_patch() -> None:
    light = np.random.default_rng(0).uniform(0, 1, (30, 40, 3))
    dark = dark_channel(light)
    for y, x in ((0, 0), (15, 20), (29, 39), (4, 33)):
        patch = light[max(0, y - 7) : y + 8, max(0, x - 7) : x + 8]
        assert dark[y, x] == patch.min()


def test_haze_of_a_known_color_goes() -> None:
    clear = PHOTO / 255 * 0.8
    sky = np.concatenate([np.full((40, 240, 3), 0.9), clear])
    passed = np.concatenate([np.full((40, 240, 1), 0.02), np.full((200, 240, 1), 0.5)])
    hazy = np.rint(255 * (sky * passed + 0.9 * (1 - passed))).astype(np.uint8)
    assert airlight(hazy / 255) == pytest.approx(0.9, abs=0.02)
    wanted = np.rint(255 * clear).astype(np.uint8)
    before, after = (peak_signal_noise_ratio(wanted, one[40:]) for one in (hazy, dark_channel_prior(hazy)))
    assert after > before + 5


def test_the_guided_filter_is_its_transcription() -> None:
    random = np.random.default_rng(1)
    guide, values = random.uniform(0, 1, (2, 14, 17))
    padded = [np.pad(one, 4, mode="edge") for one in (guide, values)]

    def means(y: int, x: int) -> tuple[float, float]:
        g, p = (one[y : y + 5, x : x + 5] for one in padded)
        slope = ((g * p).mean() - g.mean() * p.mean()) / (g.var() + 0.01)
        return slope, p.mean() - slope * g.mean()

    row, column = 7, 9
    around = np.array([means(y, x) for y in range(row, row + 5) for x in range(column, column + 5)])
    slope, offset = around.mean(axis=0)
    assert guided_filter(guide, values, 2, 0.01)[row, column] == pytest.approx(slope * guide[row, column] + offset)


def test_filters_take_thin_streaks_away() -> None:
    wet = np.full((40, 40, 3), 80, np.uint8)
    wet[:, 20] = 200
    assert median(wet).max() == 80
    assert 80 < guided(wet)[20, 20, 0] < 200
    assert guided(PHOTO).shape == PHOTO.shape
