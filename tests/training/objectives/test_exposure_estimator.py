"""The exposure estimator: learns how many stops a region is off, without labels."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from pielight.training.data.batches import PictureSet
from pielight.training.losses.exposure import exposure_loss
from pielight.training.objectives.exposure_estimator import ExposureEstimator, misexpose, train_exposure_estimator
from pielight.training.schema import DataConfig, ExposureEstimatorConfig

HOW = ExposureEstimatorConfig(steps=60, batch=6, local_stops=0.0, fill_light=0.0)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def pictures() -> PictureSet:
    """Noise around middle gray."""
    drawn = [(60 + torch.rand(3, 80, 80, generator=generator(i)) * 130).to(torch.uint8) for i in range(4)]
    labels = [(torch.arange(40 * 40).view(40, 40) // 800).int() for _ in drawn]
    return PictureSet(drawn, labels, DataConfig(size=64, loss_size=32))


def test_a_wrong_exposure_is_more_or_less_linear_light() -> None:
    flat, labels = torch.full((3, 3, 32, 32), 0.5), torch.zeros(3, 32, 32, dtype=torch.int32)
    seen, error = misexpose(flat, labels, dataclasses.replace(HOW, stops=(-2.0, 1.0)), generator())
    linear = ((0.5 + 0.055) / 1.055) ** 2.4 * 2 ** error.numpy().astype(np.float64)
    expected = 1.055 * linear ** (1 / 2.4) - 0.055
    assert error.flatten(1).std(1).max() < 1e-6  # one error for the whole picture
    np.testing.assert_allclose(seen.mean((1, 2, 3)), expected.mean((1, 2, 3)), atol=0.02)


def test_parts_of_a_picture_may_err_apart() -> None:
    flat, labels = torch.full((16, 3, 32, 32), 0.5), torch.arange(32 * 32).view(1, 32, 32).expand(16, -1, -1) // 256
    _, error = misexpose(flat, labels, dataclasses.replace(HOW, local_stops=1.5), generator())
    spread = error.flatten(1).amax(1) - error.flatten(1).amin(1)
    assert 0 < (spread > 0.1).float().mean() < 1
    assert spread.max() <= 1.5 + 1e-5


def test_it_learns_to_tell_under_from_over(pictures: PictureSet) -> None:
    torch.manual_seed(0)
    said: list[str] = []
    estimator = train_exposure_estimator(pictures, HOW, generator(), said.append)
    crops, labels = pictures.batch(4, generator(9))
    crops = torch.nn.functional.interpolate(crops, labels.shape[-2:], mode="area")
    dark, good, bright = (
        misexpose(crops, labels, dataclasses.replace(HOW, stops=(stops, stops)), generator(1))[0]
        for stops in (-3.0, 0.0, 1.5)
    )
    assert estimator(dark).mean() < estimator(good).mean() - 0.5 < estimator(bright).mean() - 0.8
    assert exposure_loss(estimator, good) < exposure_loss(estimator, dark)
    assert "EV" in said[0]
    assert not any(parameter.requires_grad for parameter in estimator.parameters())


def test_the_term_is_the_huber_loss_of_the_mean_verdict() -> None:
    torch.manual_seed(0)
    estimator, seen = ExposureEstimator(), torch.rand(2, 3, 32, 32)
    verdict = abs(estimator(seen).detach().numpy().astype(np.float64).mean((1, 2, 3)))
    plain = np.where(verdict < 1, verdict**2 / 2, verdict - 0.5).mean()
    assert exposure_loss(estimator, seen).item() == pytest.approx(plain, rel=1e-5)
