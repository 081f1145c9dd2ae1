"""Depth proxies: a NumPy transcription of each, pixel by pixel, and of their mix with the regions."""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np
import pytest
import torch
from torch import Generator, Tensor

from pielight.training.degradations.depth import PROXIES, clouds, depth, ground, looks, objects, room, slope

HEIGHT, WIDTH = 18, 24
TINY = 1e-3


def seeded(seed: int = 0) -> Generator:
    return torch.Generator().manual_seed(seed)


def picture(seed: int = 9) -> Tensor:
    """Return noise, at the left so dark that how pale it is would be noise as well."""
    photo = torch.rand(1, 3, HEIGHT, WIDTH, generator=seeded(seed))
    photo[..., : WIDTH // 4] *= 0.05
    return photo


def draw(count: int, low: float, high: float, generator: Generator) -> list[float]:
    return [low + (high - low) * float(u) for u in torch.rand(count, generator=generator)]


def each(depth_of: Callable[[float, float, int, int], float]) -> np.ndarray:
    """Return a depth for every pixel, from x and y in [-1, 1], y downwards, and row and column."""
    found = np.empty((HEIGHT, WIDTH))
    for row, column in np.ndindex(HEIGHT, WIDTH):
        found[row, column] = depth_of(2 * column / (WIDTH - 1) - 1, 2 * row / (HEIGHT - 1) - 1, row, column)
    return found


def plain_room(_: Tensor, generator: Generator) -> np.ndarray:
    (turn,) = draw(1, -0.5, 0.5, generator)
    left, right, floor, ceiling = draw(4, 0.3, 1.2, generator)
    (back,) = draw(1, 0.5, 2.5, generator)

    def nearest_wall(x: float, y: float, _row: int, _column: int) -> float:
        side, ahead = x * math.cos(turn) + math.sin(turn), math.cos(turn) - x * math.sin(turn)
        beside = (right if side > 0 else left) / max(abs(side), TINY)
        above = (floor if y > 0 else ceiling) / max(abs(y), TINY)  # what lies below the middle is the floor
        return min(back / max(ahead, TINY), beside, above)

    return each(nearest_wall)


def plain_ground(_: Tensor, generator: Generator) -> np.ndarray:
    (horizon,) = draw(1, -0.9, 0.3, generator)
    (height,) = draw(1, 0.1, 0.5, generator)
    (farthest,) = draw(1, 1.0, 4.0, generator)
    return each(lambda x, y, row, column: min(farthest, height / max(y - horizon, TINY)))


def plain_slope(_: Tensor, generator: Generator) -> np.ndarray:
    (angle,) = draw(1, -1.2, 1.2, generator)
    return each(lambda x, y, row, column: x * math.sin(angle) - y * math.cos(angle))


def plain_objects(photo: Tensor, generator: Generator) -> np.ndarray:
    found = 1 + 0.3 * plain_slope(photo, generator)
    count = int(torch.randint(2, 9, (1,), generator=generator))
    for distance in sorted(draw(count, 0.1, 0.9, generator), reverse=True):  # the nearest is drawn last
        middle_x, middle_y, width, height = draw(4, 0.0, 1.0, generator)
        is_round = float(torch.rand(1, generator=generator)) < 0.5
        u = each(lambda x, y, row, column: (x - (2 * middle_x - 1)) / (0.1 + 0.5 * width))  # noqa: B023
        v = each(lambda x, y, row, column: (y - (2 * middle_y - 1)) / (0.1 + 0.5 * height))  # noqa: B023
        found[u**2 + v**2 < 1 if is_round else np.maximum(abs(u), abs(v)) < 1] = distance
    return found


def plain_looks(photo: Tensor, generator: Generator) -> np.ndarray:
    a, b, c, d = draw(4, -1.0, 1.0, generator)
    pixels = photo[0].numpy().astype(float)

    def mix(x: float, y: float, row: int, column: int) -> float:
        red, green, blue = pixels[:, row, column]
        gray = 0.299 * red + 0.587 * green + 0.114 * blue
        most, least = max(red, green, blue), min(red, green, blue)
        pale = 1 - (most - least) / max(most, 0.05)
        return float(a * gray + b * pale - abs(c) * y + 0.5 * d * x)  # what is higher is never nearer for that

    return each(mix)


PLAIN = {room: plain_room, ground: plain_ground, slope: plain_slope, objects: plain_objects, looks: plain_looks}


def scaled(values: np.ndarray) -> np.ndarray:
    low, high = values.min(), values.max()
    return (values - low) / max(high - low, TINY)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("proxy", PLAIN)
def test_a_proxy_is_its_transcription(proxy: Callable[[Tensor, Generator], Tensor], seed: int) -> None:
    found = proxy(picture(), seeded(seed)).numpy()
    expected = PLAIN[proxy](picture(), seeded(seed))
    assert found == pytest.approx(expected, rel=2e-4, abs=2e-5)


@pytest.mark.parametrize("seed", range(8))
def test_clouds_are_noise_of_two_to_six_cells_enlarged(seed: int) -> None:
    """OpenCV's cubic enlargement is the oracle."""
    found = clouds(picture(), seeded(seed)).numpy()
    generator = seeded(seed)
    side = int(torch.randint(2, 7, (1,), generator=generator))
    coarse = torch.rand((side, side), generator=generator).numpy()
    expected = cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    assert found == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("seed", range(12))
def test_depth_is_two_proxies_mixed_and_regions_that_stand_out(seed: int) -> None:
    """The draws of the proxies are their own, so that the transcription takes what they return."""
    photo, edges = picture(), 0.4
    labels = (torch.arange(HEIGHT * WIDTH) // 37).view(1, HEIGHT, WIDTH).int()
    found = depth(photo, labels, edges, seeded(seed))[0, 0].numpy()
    generator = seeded(seed)
    first, second = torch.randint(len(PROXIES), (2,), generator=generator).tolist()
    (share,) = draw(1, 0.5, 1.0, generator)
    mix = share * scaled(PROXIES[first](photo, generator).numpy().astype(float))
    mix = mix + (1 - share) * scaled(PROXIES[second](photo, generator).numpy().astype(float))
    offsets = draw(int(labels.max()) + 1, -edges, edges, generator)
    (part,) = draw(1, 0.0, 1.0, generator)
    if float(torch.rand(1, generator=generator)) >= 0.7:
        part = 0.0
    expected = (1 - part) * mix
    for region, offset in enumerate(offsets):
        inside = labels[0].numpy() == region
        expected[inside] += part * (mix[inside].mean() + offset)
    assert found == pytest.approx(scaled(expected), abs=1e-4)


def test_every_proxy_is_drawn() -> None:
    drawn = {
        index for seed in range(60) for index in torch.randint(len(PROXIES), (2,), generator=seeded(seed)).tolist()
    }
    assert drawn == set(range(len(PROXIES)))
    assert set(PROXIES) == {*PLAIN, clouds}


def test_depths_fill_the_range_and_differ() -> None:
    labels = torch.arange(HEIGHT * WIDTH).view(1, HEIGHT, WIDTH).int().div(50, rounding_mode="floor")
    generator = seeded()
    found = [depth(picture(), labels, 0.4, generator) for _ in range(40)]
    assert {float(one.min()) for one in found} == {0.0}
    assert {float(one.max()) for one in found} == {1.0}
    assert len({round(float(one.mean()), 5) for one in found}) > 35


def test_what_is_all_of_one_depth_is_near_and_finite() -> None:
    """One pixel has no farthest and no nearest to scale by."""
    for seed in range(20):
        found = depth(torch.rand(1, 3, 1, 1, generator=seeded(seed)), torch.zeros(1, 1, 1).int(), 0.4, seeded(seed))
        assert found.item() == 0


def test_regions_make_edges_of_depth() -> None:
    labels = torch.arange(HEIGHT * WIDTH).view(1, HEIGHT, WIDTH).int().div(50, rounding_mode="floor")
    inside, across = [], []
    for seed in range(30):
        far = depth(picture(), labels, 0.4, seeded(seed))[0, 0]
        step, edge = far.diff(dim=1).abs(), labels[0].diff(dim=1) != 0
        inside.append(float(step[~edge].mean()))
        across.append(float(step[edge].mean()))
    assert np.mean(across) > 1.5 * np.mean(inside)
