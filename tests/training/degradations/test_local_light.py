"""Local light: masks in range, on the right part of the picture, drawn from the seed."""

from __future__ import annotations

from typing import get_args

import pytest
import torch

from pielight.training.degradations.curve_families import Side
from pielight.training.degradations.local_light import backlight, brush, lamps, light_patterns

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
