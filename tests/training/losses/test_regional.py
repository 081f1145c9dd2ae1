"""Regional brightness consistency against a plain loop over regions."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pielight.training.losses.regional import regional_consistency


@pytest.mark.parametrize("regions", [1, 7, 300])
def test_is_the_area_weighted_variance_inside_regions(regions: int) -> None:
    generator = torch.Generator().manual_seed(regions)
    gray = torch.rand(2, 1, 24, 24, generator=generator, dtype=torch.float64)
    labels = torch.randint(regions, (2, 24, 24), generator=generator)
    total = 0.0
    for picture, regions_of in zip(gray[:, 0].numpy(), labels.numpy(), strict=True):
        for region in np.unique(regions_of):  # also those above 99, which the authors' script forgets
            inside = picture[regions_of == region]
            total += ((inside - inside.mean()) ** 2).sum()
    assert regional_consistency(gray, labels).item() == pytest.approx(total / gray.numel())


def test_regions_of_one_brightness_each_cost_nothing() -> None:
    labels = torch.arange(4).view(1, 2, 2)
    assert regional_consistency(torch.rand(1, 1, 2, 2), labels).item() == pytest.approx(0, abs=1e-12)
