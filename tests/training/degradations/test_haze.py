"""Depth proxies: a NumPy transcription of each, pixel by pixel, and of their mix with the regions."""

import math
from collections.abc import Callable

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Generator, Tensor

from pielight.training.degradations.exposure import blur
from pielight.training.degradations.haze import (
    PROXIES,
    clouds,
    depth,
    ground,
    haze,
    looks,
    objects,
    room,
    slope,
    transmission,
    without_own_haze,
)
from pielight.training.degradations.noise import uniform
from pielight.training.schema import HazeConfig

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


def pictures(count: int = 3, height: int = 48, width: int = 64) -> tuple[Tensor, Tensor]:
    clear = torch.rand(count, 3, height, width, generator=seeded(9))
    labels = torch.arange(24 * 32).view(24, 32).int().div(100, rounding_mode="floor").expand(count, 24, 32)
    return clear, labels


def test_it_is_atmospheric_scattering() -> None:
    """``I = J t + A (1 - t)``, ``t = exp(-beta (n + (1 - n) d))``, from the same depth, written in NumPy."""
    photos, labels = pictures(height=24, width=32)
    how = HazeConfig(untouched=0, density=(1.5, 1.5), nearest=(0.3, 0.3), airlight=(0.9, 0.9), color=0.0, uneven=0.0)
    generator = seeded()
    far = torch.cat([depth(photos[i : i + 1], labels[i : i + 1], how.edges, generator) for i in range(3)])
    far = blur(far, float(uniform((1,), 0.3, 1.0, generator)))
    light = np.exp(-1.5 * (0.3 + 0.7 * far.numpy()))
    assert transmission(far, how, seeded(1)).numpy() == pytest.approx(light, abs=1e-6)
    hazy, clear = haze(photos, labels, how, seeded())
    expected = np.rint(255 * (clear.numpy() * light + 0.9 * (1 - light))) / 255
    assert hazy.numpy() == pytest.approx(expected, abs=1.01 / 255)
    black = np.quantile(photos.numpy().min(1).reshape(3, -1), how.clearest, axis=1, method="nearest").reshape(
        3, 1, 1, 1
    )
    assert clear.numpy() == pytest.approx(np.maximum(0, (photos.numpy() - black) / (1 - black)), abs=2e-3)


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 2**31), height=st.integers(8, 60), width=st.integers(8, 60))
def test_every_picture_stays_one_and_moves_towards_the_airlight(seed: int, height: int, width: int) -> None:
    clear, labels = torch.rand(2, 3, height, width, generator=seeded(seed)), torch.zeros(2, height, width).int()
    hazy, clear = haze(clear, labels, HazeConfig(untouched=0, color=0, airlight=(1.0, 1.0)), seeded(seed))
    assert hazy.shape == clear.shape
    assert hazy.min() >= 0
    assert hazy.max() <= 1
    assert (hazy >= clear - 0.51 / 255).all()
    far = depth(clear[:1], labels[:1], 0.4, seeded(seed))
    assert far.min() >= 0
    assert far.max() <= 1


def test_denser_haze_takes_more_away_and_some_pictures_stay_clear() -> None:
    clear, labels = pictures(40)
    thin, thick = (
        haze(clear, labels, HazeConfig(untouched=0, density=(beta,) * 2), seeded())[0].std((2, 3)).mean()
        for beta in (0.5, 3)
    )
    assert thick < 0.6 * thin
    hazy, wanted = haze(clear, labels, HazeConfig(untouched=0.5), seeded())
    same = (hazy == wanted).flatten(1).all(1)
    assert 10 < same.sum() < 30


USUAL = HazeConfig(untouched=0.3, color=0.1, uneven=0.8)
WILD = HazeConfig(untouched=0.3, density=(0.2, 5.0), nearest=(0.0, 1.0), airlight=(0.0, 0.1), color=0.2, uneven=4.0)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("how", [USUAL, WILD], ids=["usual", "wild"])
def test_colored_and_uneven_haze_is_its_transcription(how: HazeConfig, seed: int) -> None:
    """``t = exp(-beta max(0, 1 + u r (2 n - 1)) (m + (1 - m) d))`` with n drifting, and an airlight for each channel.

    Wild haze has places without any, and airlights that would be below black.
    """
    photos, labels = pictures()
    labels = torch.stack([one.roll(7 * i) for i, one in enumerate(labels)])  # each picture has its own
    hazy, clear = haze(photos, labels, how, seeded(seed))
    small = photos.view(3, 3, 24, 2, 32, 2).mean((3, 5))
    generator = seeded(seed)
    far = torch.cat([depth(small[i : i + 1], labels[i : i + 1], how.edges, generator) for i in range(3)])
    far = blur(far, float(uniform((1,), 0.3, 1.0, generator)))

    def draws(count: int, low: float, high: float) -> np.ndarray:
        return low + (high - low) * torch.rand(count, generator=generator).numpy().astype(float)

    nearest = draws(3, *how.nearest)
    coarse = torch.rand((3, 3, 3), generator=generator).numpy()
    drift = [cv2.resize(one, (32, 24), interpolation=cv2.INTER_CUBIC) for one in coarse]
    uneven = how.uneven * draws(3, 0, 1)
    density = draws(3, *how.density)
    stays = draws(3, 0, 1) < how.untouched
    air = draws(3, *how.airlight)
    color = draws(9, -how.color, how.color).reshape(3, 3)
    for i in range(3):
        if stays[i]:
            assert torch.equal(hazy[i], clear[i])
            continue
        thick = density[i] * np.maximum(0, 1 + uneven[i] * (2 * drift[i] - 1))
        light = np.exp(-thick * (nearest[i] + (1 - nearest[i]) * far[i, 0].numpy()))
        light = cv2.resize(light, (64, 48), interpolation=cv2.INTER_LINEAR)
        for channel in range(3):
            lit = min(1.0, max(0.0, air[i] + color[i, channel]))
            expected = np.rint(255 * (clear[i, channel].numpy() * light + lit * (1 - light))) / 255
            assert hazy[i, channel].numpy() == pytest.approx(expected, abs=1.01 / 255)
            assert hazy[i, channel].mean() == pytest.approx(expected.mean(), abs=2e-4)
            steps = 255 * hazy[i, channel].numpy()
            assert steps == pytest.approx(np.rint(steps), abs=1e-3)


@pytest.mark.parametrize("share", [0.0, 0.03, 0.5, 1.0])
@pytest.mark.parametrize("darkest", [0.0, 0.2, 0.45, 0.7])
def test_own_haze_is_taken_out_up_to_half(darkest: float, share: float) -> None:
    """``max(0, (x - b) / (1 - b))``; what is lighter than gray all over is no haze, and is kept from getting black."""
    photos = darkest + (1 - darkest) * torch.rand(2, 3, 5, 9, generator=seeded())
    found = without_own_haze(photos, share).numpy()
    for photo, stretched in zip(photos.numpy(), found, strict=True):
        least = sorted(min(photo[:, row, column]) for row, column in np.ndindex(5, 9))
        black = min(0.5, least[min(44, round(share * 45))])
        assert stretched == pytest.approx(np.maximum(0, (photo - black) / (1 - black)), abs=1e-5)


def test_airlight_and_nearest_depth_are_drawn_from_their_ranges() -> None:
    """Where no light passes the airlight is seen, and where all is near, the nearest depth."""
    clear, labels = torch.zeros(60, 3, 8, 8), torch.zeros(60, 8, 8).int()
    dense = HazeConfig(untouched=0, density=(90, 90), nearest=(1, 1), airlight=(0.6, 0.9), color=0.0, uneven=0.0)
    air = haze(clear, labels, dense, seeded())[0].mean((1, 2, 3))
    assert 0.6 - 0.5 / 255 <= air.min() < 0.63
    assert 0.87 < air.max() <= 0.9 + 0.5 / 255
    how = HazeConfig(untouched=0, density=(1, 1), nearest=(0.2, 0.7), uneven=0.0)
    nearest, farthest = (
        -transmission(torch.full((60, 1, 4, 4), far), how, seeded()).log().mean((1, 2, 3)) for far in (0.0, 1.0)
    )
    assert 0.2 - 1e-6 <= nearest.min() < 0.23
    assert 0.67 < nearest.max() <= 0.7 + 1e-6
    assert farthest.numpy() == pytest.approx(np.ones(60), abs=1e-6)


def test_haze_is_thinner_here_than_there_only_if_it_may_be() -> None:
    even, odd = (HazeConfig(untouched=0, density=(1, 1), nearest=(1, 1), uneven=amount) for amount in (0.0, 0.9))
    far = torch.ones(20, 1, 24, 32)
    assert transmission(far, even, seeded()).std((1, 2, 3)).max() < 1e-6
    assert transmission(far, odd, seeded()).std((1, 2, 3)).mean() > 0.03


def test_what_stays_clear_lets_all_light_pass() -> None:
    passed = transmission(torch.rand(40, 1, 8, 8, generator=seeded()), HazeConfig(untouched=0.5), seeded())
    clear = (passed == 1).flatten(1).all(1)
    assert 10 < clear.sum() < 30
    assert (passed[~clear] < 1).all()


def test_it_follows_from_the_generator() -> None:
    clear, labels = pictures()
    first, again, other = (haze(clear, labels, HazeConfig(untouched=0), seeded(seed))[0] for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize(("small", "large"), [(32, 50), (37, 61)])
def test_what_stays_clear_is_not_even_rounded(small: int, large: int) -> None:
    """Enlarged by such factors, ones come out a hair below 1."""
    photos = torch.rand(4, 3, large, large, generator=seeded())
    hazy, clear = haze(photos, torch.zeros(4, small, small).int(), HazeConfig(untouched=1.0), seeded())
    assert torch.equal(hazy, clear)
