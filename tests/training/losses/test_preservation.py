"""Feature preservation against plain NumPy transcriptions."""

import numpy as np
import pytest
import torch

from pielight.training.losses.preservation import (
    color_constancy,
    curve_smoothness,
    feature_preservation,
    regional_consistency,
)


def draw(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def standardized(maps: np.ndarray) -> np.ndarray:
    centered = maps - maps.mean(axis=(2, 3), keepdims=True)
    variance = (centered**2).mean(axis=(2, 3), keepdims=True)
    return centered / np.sqrt(variance + 1e-3 * (maps**2).mean() + 1e-8)


def test_features_are_compared_channel_by_channel_without_mean_and_deviation() -> None:
    before, after = draw(2, 3, 5, 5), draw(2, 3, 5, 5, seed=1)
    plain = ((standardized(before.numpy()) - standardized(after.numpy())) ** 2).mean()
    assert feature_preservation(before, after).item() == pytest.approx(plain)


def test_features_ignore_brightness_but_not_layout() -> None:
    maps = draw(1, 4, 8, 8)
    same = feature_preservation(maps, 2.5 * maps).item()
    other = feature_preservation(maps, maps.flip(-1)).item()
    assert same < 1e-3 < other


def test_features_of_a_black_picture_are_finite() -> None:
    black = torch.zeros(1, 2, 4, 4, requires_grad=True)
    loss = feature_preservation(torch.zeros(1, 2, 4, 4), black)
    loss.backward()
    assert loss.item() == 0
    assert black.grad is not None
    assert torch.isfinite(black.grad).all()


def test_color_constancy_is_the_published_root() -> None:
    pictures = draw(3, 3, 4, 4)
    plain = []
    for picture in pictures.numpy():
        r, g, b = (channel.mean() for channel in picture)
        plain.append(np.sqrt((r - g) ** 4 + (r - b) ** 4 + (g - b) ** 4))
    assert color_constancy(pictures).item() == pytest.approx(np.mean(plain), abs=1e-6)


def test_color_constancy_of_gray_has_a_finite_slope() -> None:
    gray = torch.full((1, 3, 4, 4), 0.5, requires_grad=True)
    color_constancy(gray).backward()
    assert gray.grad is not None
    assert torch.isfinite(gray.grad).all()


def plain_variation(maps: np.ndarray) -> float:
    across, down = np.diff(maps, axis=3), np.diff(maps, axis=2)
    return float((across**2).mean() + (down**2).mean())


def test_curve_smoothness_is_the_squared_total_variation() -> None:
    alphas = draw(2, 6, 4, 5)
    assert curve_smoothness(alphas).item() == pytest.approx(plain_variation(alphas.numpy()))


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
