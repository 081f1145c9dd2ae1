"""Haze: a NumPy transcription, ranges, and draws that follow from the generator."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Generator, Tensor

from pielight.train.physics.haze import Haze, depth_proxy, haze, transmission


def seeded(seed: int = 0) -> Generator:
    return torch.Generator().manual_seed(seed)


def pictures(count: int = 3, height: int = 48, width: int = 64) -> tuple[Tensor, Tensor]:
    clear = torch.rand(count, 3, height, width, generator=seeded(9))
    labels = torch.arange(24 * 32).view(24, 32).int().div(100, rounding_mode="floor").expand(count, 24, 32)
    return clear, labels


def test_it_is_atmospheric_scattering() -> None:
    """``I = J t + A (1 - t)``, ``t = exp(-beta (n + (1 - n) d))``, from the same depth, written in NumPy."""
    clear, labels = pictures()
    how = Haze(untouched=0, density=(1.5, 1.5), nearest=(0.3, 0.3), airlight=(0.9, 0.9), colour=0.0, uneven=0.0)
    depth = depth_proxy(clear, labels, seeded()).numpy()
    light = np.exp(-1.5 * (0.3 + 0.7 * depth))
    assert transmission(torch.from_numpy(depth), how, seeded(1)).numpy() == pytest.approx(light, abs=1e-6)
    rows, columns = ((np.arange(n) + 0.5) * m / n - 0.5 for n, m in ((48, 24), (64, 32)))
    up = np.empty((3, 1, 48, 64))
    for i, y in enumerate(rows):
        for j, x in enumerate(columns):
            y0, x0 = int(np.floor(max(y, 0))), int(np.floor(max(x, 0)))
            y1, x1, v, u = min(y0 + 1, 23), min(x0 + 1, 31), max(y, 0) - y0, max(x, 0) - x0
            up[:, :, i, j] = (1 - v) * ((1 - u) * light[:, :, y0, x0] + u * light[:, :, y0, x1]) + v * (
                (1 - u) * light[:, :, y1, x0] + u * light[:, :, y1, x1]
            )
    expected = np.rint(255 * (clear.numpy() * up + 0.9 * (1 - up))) / 255
    assert haze(clear, labels, how, seeded()).numpy() == pytest.approx(expected, abs=1.01 / 255)


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 2**31), height=st.integers(8, 60), width=st.integers(8, 60))
def test_every_picture_stays_one_and_moves_towards_the_airlight(seed: int, height: int, width: int) -> None:
    clear, labels = torch.rand(2, 3, height, width, generator=seeded(seed)), torch.zeros(2, height, width).int()
    hazy = haze(clear, labels, Haze(untouched=0, colour=0, airlight=(1.0, 1.0)), seeded(seed))
    assert hazy.shape == clear.shape
    assert hazy.min() >= 0
    assert hazy.max() <= 1
    assert (hazy >= clear - 0.51 / 255).all()
    depth = depth_proxy(clear, labels, seeded(seed))
    assert depth.min() >= 0
    assert depth.max() <= 1


def test_denser_haze_takes_more_away_and_some_pictures_stay_clear() -> None:
    clear, labels = pictures(40)
    thin, thick = (
        haze(clear, labels, Haze(untouched=0, density=(beta, beta)), seeded()).std((2, 3)).mean() for beta in (0.5, 2.5)
    )
    assert thick < 0.6 * thin
    same = (haze(clear, labels, Haze(untouched=0.5), seeded()) == clear).flatten(1).all(1)
    assert 10 < same.sum() < 30


def test_depth_has_edges_between_regions_and_planes_and_differs() -> None:
    clear, labels = pictures(30)
    depth = depth_proxy(clear, labels, seeded())
    assert depth.amin((1, 2, 3)).max() == 0
    assert depth.amax((1, 2, 3)).min() == 1
    assert len({round(float(one.mean()), 4) for one in depth}) == 30


def test_it_follows_from_the_generator() -> None:
    clear, labels = pictures()
    first, again, other = (haze(clear, labels, Haze(untouched=0), seeded(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
