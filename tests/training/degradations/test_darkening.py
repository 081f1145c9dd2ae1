"""Darkening: less light, where and as much as was drawn."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from pielight.core.color_torch import linear_to_srgb, srgb_to_linear
from pielight.training.degradations.darkening import darken, exposure_map
from pielight.training.schema import DarkeningConfig

CLEAN = DarkeningConfig(
    untouched=0,
    regional=0,
    white_balance=0,
    black_level=0,
    camera_response=(1, 1),
    shot_noise=(1e-12, 1e-12),
    read_noise=(1e-14, 1e-14),
)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def scene(n: int = 6) -> tuple[torch.Tensor, torch.Tensor]:
    pictures = torch.rand(n, 3, 32, 32, generator=generator(7)) * 0.2
    pictures[:, :, :, 16:] += 0.6  # a bright right half
    labels = torch.zeros(n, 32, 32, dtype=torch.int32)
    labels[:, :, 16:] = 1
    return pictures, labels


def test_global_darkening_is_less_linear_light_then_8_bits() -> None:
    pictures, labels = scene()
    how = dataclasses.replace(CLEAN, stops=(-2.0, -2.0))
    dark, target = darken(pictures, labels, how, generator())
    plain = torch.round(linear_to_srgb(srgb_to_linear(pictures) / 4) * 255) / 255
    assert (dark - plain).abs().max() <= 1 / 255 + 1e-6  # noise of nothing may tip a rounding
    torch.testing.assert_close(target, pictures)


def test_noise_and_casts_are_there() -> None:
    pictures, labels = scene()
    how = dataclasses.replace(CLEAN, stops=(-2.0, -2.0), white_balance=0.2, shot_noise=(1e-3, 1e-3))
    dark, _ = darken(pictures, labels, how, generator())
    plain = linear_to_srgb(srgb_to_linear(pictures) / 4)
    assert (dark - plain).std() > 0.005
    ratios = srgb_to_linear(dark).mean((2, 3)) / srgb_to_linear(plain).mean((2, 3))
    assert ratios.std() > 0.05


def test_the_untouched_share_comes_back_exactly() -> None:
    pictures, labels = scene()
    dark, target = darken(pictures, labels, dataclasses.replace(CLEAN, untouched=1.0), generator())
    assert torch.equal(dark, pictures)
    torch.testing.assert_close(target, pictures)


def test_regional_darkening_darkens_regions_apart() -> None:
    pictures, labels = scene(24)
    how = dataclasses.replace(CLEAN, regional=1.0, night=0.0, regional_base=(0.0, 0.0))
    stops, kept = exposure_map(pictures, labels, how, generator())
    assert stops.max() <= 0
    assert kept.max() == 0
    spread = stops.flatten(1).amax(1) - stops.flatten(1).amin(1)
    assert (spread > 0.5).float().mean() > 0.6  # one exposure for all of it would have no spread
    left, right = stops[..., :12].mean((1, 2, 3)), stops[..., 20:].mean((1, 2, 3))
    assert (left < right).float().mean() > 0.6  # the dark side loses light more often


def test_night_keeps_lamps_and_part_of_its_darkness() -> None:
    pictures, labels = scene(8)
    pictures[:, :, 4:6, 4:6] = 1.0
    how = dataclasses.replace(CLEAN, regional=1.0, night=1.0, night_stops=(-4.0, -4.0), night_kept=0.5)
    dark, target = darken(pictures, labels, how, generator())
    assert dark[:, :, 4:6, 4:6].mean() > 0.5
    beside = slice(20, 30)
    lit = [srgb_to_linear(item[:, :, beside, 2:10]).mean() for item in (pictures, target, dark)]
    assert lit[2] < lit[1] < lit[0]
    assert (lit[1] / lit[0]).item() == pytest.approx(2 ** (-4 * 0.5), rel=0.2)


def test_pictures_larger_than_their_regions() -> None:
    pictures, labels = scene()
    dark, target = darken(pictures, labels[:, ::2, ::2], DarkeningConfig(), generator())
    assert dark.shape == pictures.shape
    assert target.shape == (6, 3, 16, 16)
    assert 0 <= dark.min() <= dark.max() <= 1


def test_draws_follow_the_seed() -> None:
    pictures, labels = scene()
    first, again, other = (darken(pictures, labels, DarkeningConfig(), generator(seed))[0] for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_a_camera_with_a_toe_crushes_shadows_more() -> None:
    pictures, labels = scene()
    how = dataclasses.replace(CLEAN, stops=(-3.0, -3.0))
    plain = darken(pictures, labels, how, generator())[0]
    crushed = darken(pictures, labels, dataclasses.replace(how, camera_response=(1.5, 1.5)), generator())[0]
    assert (crushed.mean((1, 2, 3)) < 0.9 * plain.mean((1, 2, 3))).all()
    back = darken(
        pictures, labels, dataclasses.replace(how, stops=(-1e-6, -1e-6), camera_response=(1.5, 1.5)), generator()
    )[0]
    torch.testing.assert_close(back, pictures, atol=1 / 255, rtol=0)


def test_an_error_of_the_black_level_tints_what_is_nearly_black() -> None:
    pictures, labels = scene()
    how = dataclasses.replace(CLEAN, stops=(-5.0, -5.0), black_level=1e-3)
    plain = darken(pictures, labels, dataclasses.replace(how, black_level=0.0), generator())[0]
    tinted = darken(pictures, labels, how, generator())[0]
    moved = (srgb_to_linear(tinted) - srgb_to_linear(plain)).mean((2, 3))
    assert moved.abs().max() < 1e-3 + 2e-4
    assert moved.amax(1).sub(moved.amin(1)).mean() > 3e-4  # channels differ
