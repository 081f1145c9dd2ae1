"""Feature preservation against plain NumPy transcriptions."""

import numpy as np
import pytest
import torch

from pielight.training.losses.preservation import (
    cast_smoothness,
    color_constancy,
    curve_smoothness,
    feature_preservation,
    highlight_preservation,
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


def test_cast_smoothness_sees_only_what_differs_between_channels() -> None:
    alphas = draw(2, 6, 4, 5)
    plain = alphas.numpy().reshape(2, 2, 3, 4, 5)
    plain = (plain - plain.mean(axis=2, keepdims=True)).reshape(2, 6, 4, 5)
    assert cast_smoothness(alphas).item() == pytest.approx(plain_variation(plain))
    white_balance = torch.tensor([0.1, 0.0, -0.1]).view(1, 3, 1, 1).expand(1, 3, 4, 4)
    assert cast_smoothness(white_balance).item() == pytest.approx(0, abs=1e-12)


def test_highlights_count_the_rise_of_the_brightest_tenth_of_pictures_that_reach_white() -> None:
    before = draw(2, 3, 10, 10)
    before[0] *= 0.5  # reaches 0.5: free
    before[1, :, 0, 0] = 1.0
    after = (before * 1.3).clamp(0, 1)
    x, y = before[1].numpy().mean(axis=0).ravel(), after[1].numpy().mean(axis=0).ravel()
    top = np.argsort(x)[-10:]
    plain = np.maximum(y[top] - x[top], 0).mean() / 2  # of two pictures
    assert highlight_preservation(before, after).item() == pytest.approx(plain)
    assert highlight_preservation(before, before * 0.5).item() == 0


def test_of_a_picture_of_a_few_pixels_the_brightest_one_counts() -> None:
    before = torch.tensor([1.0, 0.2, 0.2, 0.2]).view(1, 1, 2, 2).expand(1, 3, 2, 2)
    after = (before + torch.tensor([0.0, 0.5, 0.5, 0.5]).view(1, 1, 2, 2)).clamp_max(1)
    assert highlight_preservation(before, after).item() == 0


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
