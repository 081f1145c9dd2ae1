"""Rain: NumPy transcriptions of streaks, layers, drops and the whole, ranges, and draws that follow the generator."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter, map_coordinates
from scipy.signal import correlate2d
from torch import Generator

from pielight.training.degradations.rain import fallen, layer, lens_drops, rain, streak
from pielight.training.schema import RainConfig


def seeded(seed: int = 0) -> Generator:
    return torch.Generator().manual_seed(seed)


class Draws:
    """The same draws as those of the module, in NumPy."""

    def __init__(self, generator: Generator) -> None:
        self.generator = generator

    def uniform(self, low: float = 0.0, high: float = 1.0) -> float:
        return low + (high - low) * float(torch.rand((1,), generator=self.generator))

    def log_uniform(self, low: float, high: float) -> float:
        return math.exp(self.uniform(math.log(low), math.log(high)))

    def array(self, shape: tuple[int, ...]) -> np.ndarray:
        return torch.rand(shape, generator=self.generator).numpy().astype(float)

    def whole(self, low: int, high: int) -> int:
        return int(torch.randint(low, high, (), generator=self.generator))


def plain_streak(length: float, angle: float, width: float) -> np.ndarray:
    radius = math.ceil(length / 2 + 3 * width)
    line = np.empty((2 * radius + 1,) * 2)
    for row, y in enumerate(range(-radius, radius + 1)):
        for column, x in enumerate(range(-radius, radius + 1)):
            turn = math.radians(angle)
            u, v = y * math.cos(turn) + x * math.sin(turn), x * math.cos(turn) - y * math.sin(turn)
            line[row, column] = math.exp(-v * v / (2 * width**2)) / (1 + math.exp(1.7 * (abs(u) - length / 2) / width))
    return line


def plain_layer(shape: tuple[int, int], line: np.ndarray, cover: float, draws: Draws) -> np.ndarray:
    size = (shape[0] + len(line) - 1, shape[1] + len(line) - 1)
    falls = draws.array(size) < -math.log(1 - cover) / line.sum()
    specks = falls * (0.1 + 0.9 * draws.array(size) ** 2)
    return np.clip(correlate2d(specks, line, mode="valid"), 0, 1.5)  # a line turned by 180 degrees is the same line


def plain_fallen(shape: tuple[int, int], how: RainConfig, draws: Draws) -> np.ndarray:
    angle, peak = draws.uniform(*how.angle), draws.uniform(*how.brightness)
    length, width = draws.log_uniform(*how.length), draws.log_uniform(*how.width)
    light = np.zeros(shape)
    for _ in range(draws.whole(1, how.layers + 1)):
        z, cover = draws.log_uniform(1.0, how.farthest), draws.log_uniform(*how.cover)
        lean = angle + draws.uniform(-4, 4)
        sharp = width / z
        wide = max(0.5, math.hypot(sharp, draws.uniform(*how.defocus) / z))
        line = plain_streak(length / z, lean, wide)
        light += peak * min(1, sharp / wide) * plain_layer(shape, line, cover, draws)
    draws.array((3, 3))
    draws.uniform()
    return light


def plain_rain(picture: np.ndarray, how: RainConfig, generator: Generator) -> np.ndarray:
    draws = Draws(generator)
    draws.uniform()  # whether it stays dry
    light = plain_fallen(picture.shape[1:], how, draws)
    spared, veil = draws.uniform(), draws.uniform(*how.veil)
    return np.rint(255 * np.clip(picture + (1 - spared * picture) * light + veil, 0, 1)) / 255


@pytest.mark.parametrize(("length", "angle", "width"), [(9.0, 0.0, 0.5), (20.0, 30.0, 1.2), (6.0, -15.0, 0.8)])
def test_a_streak_is_its_transcription(length: float, angle: float, width: float) -> None:
    found = streak(length, angle, width).numpy()
    assert found == pytest.approx(plain_streak(length, angle, width), abs=1e-6)
    rows, columns = np.nonzero(found > found.max() / 2)
    assert np.sign(np.round(np.cov(rows, columns)[0, 1], 6)) == np.sign(angle)  # it leans where it should


@pytest.mark.parametrize("cover", [0.05, 0.4])
def test_a_layer_is_specks_drawn_out_that_cover_the_share_asked_for(cover: float) -> None:
    line = streak(12.0, 20.0, 0.7)
    found = layer((90, 100), line, cover, seeded()).numpy()
    expected = plain_layer((90, 100), plain_streak(12.0, 20.0, 0.7), cover, Draws(seeded()))
    assert found == pytest.approx(expected, abs=1e-4)
    many = torch.stack([layer((90, 100), line, cover, seeded(seed)) for seed in range(20)])
    assert many.mean().item() == pytest.approx(-0.4 * math.log(1 - cover), rel=0.1)


@pytest.mark.parametrize("seed", range(4))
def test_streaks_of_several_distances_are_their_transcription(seed: int) -> None:
    how = RainConfig(length=(8.0, 40.0), gusts=0.0)
    found = fallen((40, 50), how, seeded(seed)).numpy()
    assert found == pytest.approx(plain_fallen((40, 50), how, Draws(seeded(seed))), abs=1e-4)


@pytest.mark.parametrize("angle", [-30.0, 0.0, 30.0])
def test_streaks_lean_as_they_are_told(angle: float) -> None:
    light = fallen(
        (128, 128), RainConfig(angle=(angle, angle), length=(40.0, 40.0), gusts=0.0, cover=(0.1, 0.1)), seeded(2)
    )

    def rough(turn: float) -> float:
        """Return how much the light changes over 6 pixels in a direction."""
        y, x = np.mgrid[10:118, 10:118].astype(float)
        there = map_coordinates(
            light.numpy(), [y + 6 * math.cos(math.radians(turn)), x + 6 * math.sin(math.radians(turn))], order=1
        )
        return float(np.abs(there - light.numpy()[10:118, 10:118]).mean())

    turns = np.arange(-90, 90, 5)
    assert abs(turns[np.argmin([rough(turn) for turn in turns])] - angle) <= 5


def test_what_is_far_is_short_and_thin() -> None:
    """It changes sooner from pixel to pixel; a hair's breadth is fainter, and so is what is out of focus."""
    even = replace(RainConfig(), layers=1, farthest=1.0, angle=(0, 0), gusts=0, defocus=(0, 0), cover=(0.3, 0.3))
    near = replace(even, length=(60.0, 60.0), width=(3.0, 3.0))
    lights = [fallen((128, 128), how, seeded(5)) for how in (near, replace(near, length=(20, 20), width=(1, 1)))]
    down, across = ([float(light.diff(dim=dim).abs().mean() / light.mean()) for light in lights] for dim in (0, 1))
    assert down[1] > 2 * down[0]
    assert across[1] > 1.5 * across[0]
    thin = fallen((128, 128), replace(near, width=(0.05, 0.05), brightness=(0.4, 0.4)), seeded(5))
    assert 0 < thin.max() <= 1.5 * 0.4 * 0.1 + 1e-6
    dim = fallen((128, 128), replace(near, defocus=(9.0, 9.0), brightness=(0.4, 0.4)), seeded(5))
    assert 0 < dim.max() <= 1.5 * 0.4 * 3 / 9


def test_gusts_take_rain_away_in_places() -> None:
    even = RainConfig(gusts=0.0, brightness=(0.4, 0.4), cover=(0.7, 0.7))
    spreads = []
    for seed in range(8):
        whole, thinned = (fallen((60, 60), how, seeded(seed)) for how in (even, replace(even, gusts=1.0)))
        share = (thinned / whole)[whole > 0.02]
        assert share.max() <= 1 + 1e-4
        spreads.append(float(share.quantile(0.9) - share.quantile(0.1)))
    assert np.mean(spreads) > 0.15


@pytest.mark.parametrize("seed", range(6))
def test_rain_is_its_transcription(seed: int) -> None:
    dry = torch.rand(1, 3, 40, 48, generator=seeded(seed))
    how = RainConfig(untouched=0.0, drops=0.0, gusts=0.0, length=(8.0, 40.0), veil=(0.02, 0.1))
    found = rain(dry, how, seeded(seed))[0].numpy()
    assert found == pytest.approx(plain_rain(dry[0].numpy().astype(float), how, seeded(seed)), abs=1.01 / 255)
    assert found.mean() - plain_rain(dry[0].numpy().astype(float), how, seeded(seed)).mean() == pytest.approx(
        0, abs=1e-4
    )


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 2**31), height=st.integers(8, 70), width=st.integers(8, 70))
def test_rain_only_adds_light(seed: int, height: int, width: int) -> None:
    dry = torch.rand(2, 3, height, width, generator=seeded(seed))
    wet = rain(dry, RainConfig(untouched=0, drops=0), seeded(seed))
    assert wet.shape == dry.shape
    assert wet.max() <= 1
    assert (wet >= dry - 0.51 / 255).all()


def test_some_pictures_stay_dry_and_all_follow_from_the_generator() -> None:
    dry = torch.rand(100, 3, 24, 24, generator=seeded())
    wet, again, other = (rain(dry, RainConfig(untouched=0.5), seeded(seed)) for seed in (3, 3, 4))
    assert torch.equal(wet, again)
    assert not torch.equal(wet, other)
    assert 35 < (wet == dry).flatten(1).all(1).sum() < 65


def test_drops_on_the_lens_are_their_transcription() -> None:
    picture = torch.rand(1, 3, 80, 90, generator=seeded())
    wet = lens_drops(picture, seeded(1))[0].numpy()
    draws = Draws(seeded(1))
    y, x = np.mgrid[:80, :90]
    mask = np.zeros((80, 90))
    for _ in range(draws.whole(2, 12)):
        row, column, radius, strength = draws.array((4,))
        far = np.hypot(y - 80 * row, x - 90 * column)
        mask = np.maximum(mask, (0.3 + 0.6 * strength) / (1 + np.exp(-(4 + 14 * radius - far) / 1.5)))
    blurred = np.stack(
        [gaussian_filter(c, 8.0, mode="nearest", truncate=2.5) for c in picture[0].numpy().astype(float)]
    )
    assert wet == pytest.approx(picture[0].numpy() * (1 - mask) + (0.75 * blurred + 0.25) * mask, abs=1e-4)
    assert 0.02 < (mask > 0.2).mean() < 0.9


def test_drops_come_as_often_as_they_are_told() -> None:
    dry = torch.full((30, 3, 32, 32), 0.5)
    none = RainConfig(untouched=0, veil=(0, 0), brightness=(0, 0), drops=0.0)
    assert torch.equal(rain(dry, none, seeded()), (dry * 255).round() / 255)
    spotted = (rain(dry, replace(none, drops=0.5), seeded()) - dry).abs().amax((1, 2, 3)) > 0.01
    assert 8 < spotted.sum() < 22
