"""Rain: a NumPy transcription of streaks, ranges, and draws that follow from the generator."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import correlate2d
from torch import Generator

from pielight.train.physics.rain import Rain, lens_drops, rain, streak, streaks


def seeded(seed: int = 0) -> Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(("length", "angle", "width"), [(9.0, 0.0, 0.5), (20.0, 30.0, 1.2), (6.0, -15.0, 0.8)])
def test_a_streak_is_its_transcription(length: float, angle: float, width: float) -> None:
    found = streak(length, angle, width)[0, 0].numpy()
    radius = math.ceil(length / 2 + 2.5)
    expected = np.empty((2 * radius + 1,) * 2)
    for row, y in enumerate(range(-radius, radius + 1)):
        for column, x in enumerate(range(-radius, radius + 1)):
            turn = math.radians(angle)
            u, v = y * math.cos(turn) + x * math.sin(turn), x * math.cos(turn) - y * math.sin(turn)
            expected[row, column] = math.exp(-v * v / (2 * width**2)) / (1 + math.exp(2 * (abs(u) - length / 2)))
    assert found == pytest.approx(expected / expected.sum(), abs=1e-6)
    rows, columns = np.nonzero(found > found.max() / 2)
    if len(rows) > 3:
        assert np.sign(np.cov(rows, columns)[0, 1]) == np.sign(round(angle))  # it leans where it should


def test_a_layer_is_specks_drawn_out() -> None:
    how = Rain(length=(12.0, 12.0), width=(0.7, 0.7), density=(0.02, 0.02), brightness=(0.3, 0.3))
    layer = streaks((40, 50), how, 20.0, seeded())[0, 0].numpy()
    generator = seeded()
    for _ in range(4):
        torch.rand((1,), generator=generator)  # share, length, width, brightness
    line = streak(12.0, 20.0, 0.7)[0, 0].numpy()
    margin = line.shape[0] // 2
    size = (1, 1, 40 + 2 * margin, 50 + 2 * margin)
    mask = torch.rand(size, generator=generator) < 0.02
    specks = (mask * torch.rand(size, generator=generator))[0, 0].numpy()
    drawn = correlate2d(specks, line, mode="valid")
    expected = 0.3 * drawn / max(0.05, np.quantile(drawn, 0.995))
    assert layer == pytest.approx(np.minimum(expected, 0.45), abs=2e-3)


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 2**31), height=st.integers(8, 70), width=st.integers(8, 70))
def test_rain_only_adds_light(seed: int, height: int, width: int) -> None:
    dry = torch.rand(2, 3, height, width, generator=seeded(seed))
    wet = rain(dry, Rain(untouched=0, drops=0), seeded(seed))
    assert wet.shape == dry.shape
    assert wet.max() <= 1
    assert (wet >= dry - 0.51 / 255).all()


def test_some_pictures_stay_dry_and_all_follow_from_the_generator() -> None:
    dry = torch.rand(40, 3, 24, 24, generator=seeded())
    wet, again, other = (rain(dry, Rain(untouched=0.5), seeded(seed)) for seed in (3, 3, 4))
    assert torch.equal(wet, again)
    assert not torch.equal(wet, other)
    assert 10 < (wet == dry).flatten(1).all(1).sum() < 30


def test_drops_on_the_lens_blur_what_is_behind_them() -> None:
    picture = torch.rand(1, 3, 80, 80, generator=seeded())
    wet = lens_drops(picture, seeded(1))
    changed = (wet - picture).abs().amax(1) > 0.02
    assert 0.02 < changed.float().mean() < 0.9
    assert wet.max() <= 1
