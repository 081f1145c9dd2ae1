"""Local light: masks in range, on the right part of the picture, drawn from the seed."""

import itertools
from typing import get_args

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pielight.training.degradations import adaptive, noise
from pielight.training.degradations.adaptive import (
    LIMIT,
    adaptive_negatives,
    backlight,
    brightness,
    brush,
    lamps,
    light_patterns,
    solve,
    wanted_brightness,
)
from pielight.training.degradations.curve_families import FAMILIES, Side

sides = pytest.mark.parametrize("side", get_args(Side))


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def scene() -> tuple[torch.Tensor, torch.Tensor]:
    """A dark left and a bright right half, and a lamp in the dark."""
    gray = torch.full((1, 1, 32, 32), 0.2)
    gray[..., 16:] = 0.7
    gray += torch.rand(gray.shape, generator=generator(9)) * 0.05
    gray[..., 8:10, 4:6] = 1.0
    labels = torch.zeros(1, 32, 32, dtype=torch.int32)
    labels[..., 16:] = 1
    return gray, labels


@sides
def test_patterns_are_local_as_often_as_was_asked(side: Side) -> None:
    gray, labels = scene()
    pictures, all_labels = gray.expand(60, 3, -1, -1), labels.expand(60, -1, -1)
    where = light_patterns(pictures, all_labels, side, 0.5, generator())
    assert where.shape == (60, 1, 32, 32)
    assert 0 <= where.min() <= where.max() <= 1
    local = (where.flatten(1).amin(1) < 1).float().mean()
    assert 0.3 < local < 0.7
    assert where.flatten(1).amax(1).min() > 0.1  # some light changes in every picture
    assert torch.equal(where, light_patterns(pictures, all_labels, side, 0.5, generator()))
    assert not torch.equal(where, light_patterns(pictures, all_labels, side, 0.5, generator(1)))


def test_backlight_takes_from_the_dark_and_adds_to_the_bright() -> None:
    gray, labels = scene()
    for side, dark_is_changed in (("under", True), ("over", False)):
        masks = torch.cat([backlight(gray, labels, side, generator(seed)) for seed in range(40)])  # type: ignore[arg-type]
        left, right = masks[..., 8:].mean(1)[:, :, :4].mean((1, 2)), masks[..., 20:].mean((1, 2, 3))
        assert ((left > right) == dark_is_changed).float().mean() > 0.6


def test_lamps_glow_when_over_exposed_and_stay_when_under_exposed() -> None:
    gray, labels = scene()
    for seed in range(10):
        night, glow = (lamps(gray, labels, side, generator(seed)) for side in get_args(Side))
        assert night[..., 8:10, 4:6].mean() < night[..., :16].mean() - 0.3
        assert night[..., 16:28, 2:14].mean() > 0.9
        assert glow[..., 8:10, 4:6].mean() > 0.5
        assert glow[..., 8:10, 4:6].mean() > glow[..., 20:30, 2:14].mean() + 0.3


def test_the_brush_is_soft_and_of_every_size() -> None:
    gray, labels = scene()
    masks = torch.cat([brush(gray, labels, "over", generator(seed)) for seed in range(30)])
    assert 0 <= masks.min() <= masks.max() <= 1
    covered = (masks > 0.5).float().mean((1, 2, 3))
    assert covered.max() > 4 * covered.clamp_min(1e-3).min()
    assert (masks.diff(dim=-1).abs().amax((1, 2, 3)) < 0.9).all()


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave noise and JPEG out."""
    monkeypatch.setattr(noise, "_NOISY", 0.0)
    monkeypatch.setattr(noise, "_COMPRESSED", 0.0)


def scenes(n: int = 8, level: float = 0.45, side: int = 16) -> tuple[torch.Tensor, torch.Tensor]:
    pictures = (torch.rand(n, 3, side, side, generator=generator(7)) * 2 * level).clamp(1 / 255, 1)
    labels = torch.arange(side * side).view(1, side, side).expand(n, -1, -1).int() // (2 * side)
    return pictures, labels


def everywhere(pictures: torch.Tensor) -> torch.Tensor:
    return torch.ones_like(pictures[:, :1])


def gray(pictures: torch.Tensor) -> np.ndarray:
    """Return gray levels by plain NumPy, (N, H, W)."""
    return np.tensordot(np.array([0.299, 0.587, 0.114]), pictures.numpy().astype(np.float64), (0, 1))


@settings(max_examples=60, deadline=None)
@given(
    family=st.sampled_from(list(FAMILIES)), side=st.sampled_from(get_args(Side)), distance=st.floats(0.05, 0.85),
    level=st.floats(0.2, 0.6),
)  # fmt: skip
def test_the_brightness_lands_where_it_was_drawn(family: str, side: Side, distance: float, level: float) -> None:
    pictures, _ = scenes(3, level)
    curve, where = FAMILIES[family], everywhere(pictures)
    before = gray(pictures).mean((1, 2))
    end = gray(curve(pictures, torch.tensor(-LIMIT if side == "under" else LIMIT))).mean((1, 2))
    wanted = before + distance * (end - before)
    asked = wanted_brightness(curve, pictures, where, torch.full((3, 1, 1, 1), distance), side)
    np.testing.assert_allclose(asked.flatten().numpy(), wanted, atol=1e-5)
    amount = solve(curve, pictures, where, asked, side)
    assert ((amount < 0) if side == "under" else (amount > 0)).all()
    np.testing.assert_allclose(gray(curve(pictures, amount)).mean((1, 2)), wanted, atol=1e-3)


@pytest.mark.parametrize("family", FAMILIES)
@sides
def test_a_farther_target_takes_a_larger_amount(family: str, side: Side) -> None:
    pictures, _ = scenes(4)
    curve, where = FAMILIES[family], everywhere(pictures)
    amounts = [
        solve(curve, pictures, where, wanted_brightness(curve, pictures, where, torch.tensor(d), side), side).abs()
        for d in (0.1, 0.3, 0.6, 0.8)
    ]
    for less, more in itertools.pairwise(amounts):
        assert (less < more).all()


def test_saturated_colors_are_wanted_no_brighter_than_they_can_get() -> None:
    red = torch.zeros(1, 3, 4, 4)
    red[:, 0] = 0.6
    for name, most in (("tone", 0.299), ("log", 0.299), ("exposure", 0.299)):
        wanted = wanted_brightness(FAMILIES[name], red, everywhere(red), torch.tensor(1.0), "over").item()
        assert 0.9 * most < wanted <= most + 1e-4
    assert brightness(red, everywhere(red)).item() == pytest.approx(0.6 * 0.299, abs=1e-5)


@sides
def test_an_unreachable_target_gets_the_nearest(side: Side) -> None:
    pictures = torch.zeros(1, 3, 4, 4)
    pictures[..., 2:] = 0.5  # black stays black: no curve makes the mean larger than 0.5, or smaller than 0
    wanted = torch.full((1, 1, 1, 1), -0.1 if side == "under" else 0.9)
    for curve in FAMILIES.values():
        amount = solve(curve, pictures, everywhere(pictures), wanted, side)
        assert amount.abs().item() == pytest.approx(LIMIT, abs=1e-3)
        made = curve(pictures, amount)
        if side == "over":
            assert made.mean() > 0.44
        else:
            assert made.mean() < 0.03


def test_every_picture_has_a_parameter_of_its_own() -> None:
    bright, dim = scenes(1, 0.5)[0], scenes(1, 0.15)[0]
    pictures = torch.cat([bright, dim])
    where = everywhere(pictures)
    wanted = torch.full((2, 1, 1, 1), 0.1)
    amount = solve(FAMILIES["exposure"], pictures, where, wanted, "under")
    assert amount[0] < amount[1] - 1
    alone = solve(FAMILIES["exposure"], dim, where[1:], wanted[1:], "under")
    torch.testing.assert_close(amount[1:], alone)


@sides
@pytest.mark.usefixtures("clean")
def test_negatives_are_wrong_by_the_drawn_distance(side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adaptive, "_LOCAL", 0.0)
    monkeypatch.setattr(adaptive, "_DISTANCE", (0.3, 0.5))
    pictures, labels = scenes(40)
    pictures = pictures.mean(1, keepdim=True).expand(-1, 3, -1, -1)  # gray, for which every curve reaches white
    made = adaptive_negatives(pictures, labels, side, generator())
    before, after = gray(pictures).mean((1, 2)), gray(made).mean((1, 2))
    end = 0.0 if side == "under" else 1.0
    found = (after - before) / (end - before)
    assert found.min() > 0.3 - 0.06  # the logarithm's end is a little before black or white
    assert found.max() < 0.5 + 0.01  # 8 bits round
    assert found.std() > 0.03


@sides
def test_a_local_pattern_lands_in_its_part_and_spares_the_rest(side: Side) -> None:
    pictures, _ = scenes(5)
    where = torch.zeros_like(pictures[:, :1])
    where[..., :6] = 1
    for curve in FAMILIES.values():
        wanted = wanted_brightness(curve, pictures, where, torch.tensor(0.5), side)
        made = curve(pictures, solve(curve, pictures, where, wanted, side) * where)
        np.testing.assert_allclose(gray(made)[..., :6].mean((1, 2)), wanted.flatten().numpy(), atol=1e-3)
        torch.testing.assert_close(made[..., 6:], pictures[..., 6:], rtol=0, atol=1e-6)


@sides
@pytest.mark.usefixtures("clean")
def test_local_negatives_change_less_of_the_picture(side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures, labels = scenes(40)
    made_by_share = []
    for share in (0.0, 1.0):
        monkeypatch.setattr(adaptive, "_LOCAL", share)
        made_by_share.append(adaptive_negatives(pictures, labels, side, generator()))
    everything, parts = made_by_share
    kept = [((made - pictures).abs() < 2 / 255).float().mean() for made in (everything, parts)]
    assert kept[1] > kept[0] + 0.1
    for made in (everything, parts):
        assert 0 <= made.min() <= made.max() <= 1
        torch.testing.assert_close(made * 255, (made * 255).round(), rtol=0, atol=1e-4)


def test_draws_follow_the_seed() -> None:
    pictures, labels = scenes(6)
    first, again, other = (adaptive_negatives(pictures, labels, "under", generator(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
