"""Exposure fields: their range, and that regional ones differ from part to part."""

from __future__ import annotations

import torch
from torch import Generator

from pielight.training.degradations.exposure_field import even_field, regional_field
from pielight.training.schema.degradations import RawDarkeningConfig


def test_even_fields_cover_the_interval_and_what_is_slight() -> None:
    generator = Generator().manual_seed(0)
    drawn = torch.tensor([even_field(RawDarkeningConfig(), generator) for _ in range(400)])
    assert drawn.min() >= -7
    assert drawn.max() <= 0
    assert 0.05 < (drawn > -0.8).float().mean() < 0.2


def test_regional_fields_have_a_dark_and_a_less_dark_part() -> None:
    picture = torch.rand(3, 40, 60, generator=Generator().manual_seed(0))
    ranges = []
    for seed in range(20):
        ev, base = regional_field(picture, Generator().manual_seed(seed))
        assert ev.shape == (1, 40, 60)
        assert ev.max() <= base + 1e-6
        assert ev.min() >= base - 4 - 1e-6
        assert -3 <= base <= 0
        ranges.append(float(ev.max() - ev.min()))
    assert sum(ranges) / len(ranges) > 0.5


def test_backlight_takes_light_from_what_is_dark() -> None:
    picture = torch.full((3, 32, 32), 0.1)
    picture[..., 16:] = 0.9
    darker = 0
    for seed in range(20):
        ev, _ = regional_field(picture, Generator().manual_seed(seed))
        darker += bool(ev[..., :16].mean() < ev[..., 16:].mean())
    assert darker >= 12  # the others fall off without regard to brightness
