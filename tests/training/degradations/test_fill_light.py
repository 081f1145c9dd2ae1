"""Fill light: dark regions are lifted, bright ones are not."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pielight.training.degradations.fill_light import fill_light


def test_lifts_dark_regions_and_leaves_bright_ones() -> None:
    pictures = torch.rand(6, 3, 32, 32, generator=torch.Generator().manual_seed(7)) * 0.2
    pictures[:, :, :, 16:] += 0.6
    labels = torch.zeros(6, 32, 32, dtype=torch.int32)
    labels[:, :, 16:] = 1
    filled = fill_light(pictures, labels, 1.0)
    assert (filled[..., :12] > pictures[..., :12]).all()
    torch.testing.assert_close(filled[..., 20:], pictures[..., 20:], atol=1e-3, rtol=0)
    torch.testing.assert_close(fill_light(pictures, labels, 0.0), pictures)


@pytest.mark.parametrize("level", [0.03, 0.12, 0.3, 0.6])
def test_a_flat_picture_follows_the_formula(level: float) -> None:
    expected = np.float64(level)
    for _ in range(4):
        lift = 0.8 * max(0.0, 1 - expected / 0.5)
        expected = expected + lift * (expected - expected**2)
    flat = torch.full((1, 3, 8, 8), level)
    found = fill_light(flat, torch.zeros(1, 8, 8, dtype=torch.int32), 0.8)
    torch.testing.assert_close(found, torch.full_like(flat, float(expected)))


def test_every_picture_may_have_its_own_amount() -> None:
    pictures, labels = torch.full((2, 3, 8, 8), 0.1), torch.zeros(2, 8, 8, dtype=torch.int32)
    filled = fill_light(pictures, labels, torch.tensor([0.0, 1.0]).view(2, 1, 1, 1))
    torch.testing.assert_close(filled[0], pictures[0])
    assert (filled[1] > 0.2).all()
