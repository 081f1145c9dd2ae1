"""The network of exposure maps: shapes, its start, what it depends on, and rendering against NumPy."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pielight.core.color import linear_to_srgb, srgb_to_linear
from pielight.ops.exposure import canonical_exposure, expose, exposure_curve
from pielight.ops.exposure_statistics import NAMES, QUANTILES, SEEN, exposure_statistics
from pielight.ops.thumbnail import thumbnail
from pielight.training.networks.exposure_net import (
    SIDE,
    ExposureNet,
    evidence,
    night,
    render,
    scene_features,
    white_ev,
)


def inputs(count: int = 2) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.rand(count, 3, SIDE, SIDE, generator=generator), torch.rand(count, SEEN, generator=generator)


def test_a_fresh_network_exposes_evenly_towards_white() -> None:
    thumbnails, statistics = inputs()
    statistics[:, -4:-1] = 0  # nothing is black
    exposure, underexposed = ExposureNet().eval()(thumbnails, statistics)
    assert exposure.shape == (2, 1, 16, 16)
    share = exposure / white_ev(statistics)[..., None, None]
    assert ((share > 0.2) & (share < 0.8)).all()
    assert exposure.flatten(1).std(1).max() < 1e-6
    assert underexposed.shape == (2, 1)
    assert ((underexposed > 0) & (underexposed < 1)).all()


def test_lights_on_black_are_exposed_to_white_at_most() -> None:
    picture = np.zeros((100, 100, 3), np.uint8)
    picture[30:60, 40:80] = 153
    seen, measured = thumbnail(picture, 64), exposure_statistics(picture)
    canonical = np.float32(canonical_exposure(seen))
    statistics = torch.from_numpy(np.append(measured, canonical))[None]
    assert float(night(statistics)) == 1
    exposure, _ = ExposureNet().eval()(torch.from_numpy(seen)[None], statistics)
    assert 0.85 < expose(np.array(0.6), float(canonical + exposure.detach().max())) < 0.94
    even = torch.zeros(1, SEEN)
    even[:, :8], even[:, -1] = 0.05, canonical_exposure(np.full((3, 64, 64), 0.05))
    assert float(night(even)) == 0


def test_every_weight_learns() -> None:
    network = ExposureNet()
    for layer in (network.level, network.local):  # at 0 no gradient passes to what lies before
        torch.nn.init.normal_(layer.weight)
    found = network.estimate(*inputs())
    (found.exposure.square().mean() + found.logit.mean()).backward()
    assert all(weight.grad is not None and weight.grad.abs().sum() > 0 for weight in network.parameters())


@pytest.mark.parametrize("level", [0.1, 0.5, 1.0])
def test_white_comes_to_white(level: float) -> None:
    statistics = torch.full((1, SEEN), level)
    light = srgb_to_linear(np.float64(level)) * 2.0 ** (statistics[0, -1] + white_ev(statistics)[0, 0]).item()
    assert light == pytest.approx(2**0.15, rel=1e-4)


def test_width() -> None:
    assert sum(weight.numel() for weight in ExposureNet().parameters()) < 150_000  # 0.6 MB
    exposure, _ = ExposureNet(0.25).eval()(*inputs(1))
    assert exposure.shape == (1, 1, 16, 16)


@pytest.mark.parametrize("stops", [0.0, -2.0, -4.0])
def test_quantiles_at_the_canonical_exposure_do_not_depend_on_the_picture_s(stops: float) -> None:
    random = np.random.default_rng(0)
    scene = random.random((64, 64, 3)) ** 2

    def seen(ev: float) -> torch.Tensor:
        pixels = linear_to_srgb(exposure_curve(scene, ev)).astype(np.float32)
        numbers = np.append(exposure_statistics(pixels), canonical_exposure(pixels))
        return scene_features(torch.from_numpy(numbers.astype(np.float32))[None])

    first, other = seen(0.0), seen(stops)
    assert (first - other)[:, :QUANTILES].abs().max() < 0.05  # what is left is the sorting into 4096 levels
    assert first.shape == (1, QUANTILES + 5)


def test_evidence_holds_every_number() -> None:
    _, statistics = inputs(1)
    found = evidence(statistics)
    assert found.shape == (1, len(NAMES) + 3)
    for index in range(SEEN):
        changed = statistics.clone()
        changed[0, index] += 0.1
        assert not torch.equal(evidence(changed), found), index


@pytest.mark.parametrize("ev", [-3.0, 0.0, 5.0])
def test_rendering_is_the_exposure_curve(ev: float) -> None:
    pictures, _ = inputs(1)
    expected = linear_to_srgb(exposure_curve(srgb_to_linear(pictures.double().numpy()), ev))
    found = render(pictures.double(), torch.full((1, 1, 4, 4), ev, dtype=torch.float64))
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-6)
