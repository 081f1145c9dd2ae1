"""Exposures applied by torch at a strength, against :class:`pielight.ExposureMap`."""

import numpy as np
import pytest
import torch

from pielight import ExposureMap
from pielight.nn.apply_exposure import apply_exposure

RNG = np.random.default_rng(0)
PICTURE, EV, CEILING = RNG.random((20, 30, 3)), RNG.normal(1, 2, (3, 4)), RNG.uniform(0, 2, (3, 4))
BATCH = torch.from_numpy(PICTURE).permute(2, 0, 1)[None]
MAP, LIMIT = (torch.from_numpy(values)[None, None] for values in (EV, CEILING))


@pytest.mark.parametrize("strength", [-1.0, 0.0, 0.5, 1.5])
@pytest.mark.parametrize("highlights", [0.0, 0.5, 1.0])
def test_is_that_of_the_map(strength: float, highlights: float) -> None:
    wanted = ExposureMap(EV, CEILING).apply(PICTURE, strength, highlights, denoise=0)
    found = apply_exposure(BATCH, MAP, strength, highlights, LIMIT)[0].permute(1, 2, 0)
    np.testing.assert_allclose(found.numpy(), wanted, atol=2e-5)


def test_without_a_ceiling_nothing_is_held() -> None:
    assert torch.equal(apply_exposure(BATCH, MAP, highlights=1.0), apply_exposure(BATCH, MAP))


def test_the_opposite_strength_undoes_it() -> None:
    back = apply_exposure(apply_exposure(BATCH, MAP, 0.7), MAP, -0.7)
    torch.testing.assert_close(back, BATCH, atol=1e-7, rtol=0)
