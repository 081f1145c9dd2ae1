"""Terms of exposure maps: zero where they should be, and what they do not mind."""

from __future__ import annotations

import torch

from pielight.training.losses.exposure_map import (
    brightness_match,
    level_inversion,
    shrinkage,
    underexposure,
)


def pictures(count: int = 3) -> torch.Tensor:
    return torch.rand(count, 3, 64, 64, generator=torch.Generator().manual_seed(0))


def test_levels_weigh_more_than_pixels() -> None:
    target = pictures()
    signs = torch.ones(1, 1, 64, 64)
    signs[..., ::2] = -1
    level, grain = (level_inversion(target + 0.1 * shift, target) for shift in (torch.ones(1), signs))
    assert level > grain + 0.03
    assert level_inversion(target, target) < 0.011


def test_brightness_is_that_of_all_together() -> None:
    torch.testing.assert_close(brightness_match(torch.tensor([0.2, 0.6]), torch.tensor(0.5)), torch.tensor(0.01))


def test_too_bright_can_cost_more() -> None:
    target = torch.full((1, 3, 4, 4), 0.5)
    assert level_inversion(target + 0.1, target, 1.0) > level_inversion(target - 0.1, target, 1.0)
    torch.testing.assert_close(level_inversion(target + 0.1, target), level_inversion(target - 0.1, target))


def test_levels_shrink_to_their_mean_and_what_differs_in_real_pictures_to_0() -> None:
    level, anchor = torch.tensor([[1.0], [3.0]]), torch.full((2, 1), 2.0)
    local = torch.full((2, 1, 4, 4), 0.5)
    torch.testing.assert_close(shrinkage(level, anchor, local, slice(0, 2)), torch.tensor(1.4525))
    torch.testing.assert_close(shrinkage(level, anchor, local, slice(2, None)), torch.tensor(1.0025))


def test_cross_entropy_is_weighted() -> None:
    logits, labels = torch.tensor([2.0, -2.0]), torch.tensor([1.0, 1.0])
    sure = underexposure(logits, labels, torch.tensor([1.0, 0.0]))
    assert 0 < sure < underexposure(logits, labels, torch.ones(2))
