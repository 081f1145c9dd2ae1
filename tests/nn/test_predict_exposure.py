"""Exposures that a network predicts of tensors; that they are inference's stands in ``test_enhance``."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from pielight.inference.exposure_map import SURE, UNSURE
from pielight.nn.predict_exposure import ceilings, predict_exposure
from pielight.ops.exposure_statistics import exposure_statistics
from pielight.ops.exposure_torch import canonical_exposure
from pielight.ops.highlight_ceiling import highlight_ceiling
from pielight.ops.thumbnail_torch import thumbnail

BATCH = torch.rand(2, 3, 80, 120, generator=torch.Generator().manual_seed(0)) * torch.tensor([1.0, 0.1]).view(
    2, 1, 1, 1
)


class Constant(nn.Module):
    """Adds half a stop, at a probability; keeps what it saw."""

    def __init__(self, probability: float) -> None:
        super().__init__()
        self.probability = probability

    def forward(self, small: Tensor, statistics: Tensor) -> tuple[Tensor, Tensor]:
        self.seen, self.statistics = small, statistics
        return torch.full((len(small), 1, 4, 4), 0.5), torch.full((len(small), 1), self.probability)


def test_networks_see_canonical_thumbnails_and_every_statistic() -> None:
    network = Constant(1.0)
    ev = predict_exposure(network, BATCH)
    canonical = canonical_exposure(thumbnail(BATCH, 64))
    torch.testing.assert_close(ev, (canonical + 0.5).clamp_min(0).expand(2, 1, 4, 4))
    torch.testing.assert_close(network.seen.mean((1, 2, 3)), torch.full((2,), 0.42), atol=1e-4, rtol=0)
    for picture, numbers, one in zip(BATCH, network.statistics, canonical, strict=True):
        expected = np.append(exposure_statistics(picture.permute(1, 2, 0).contiguous().numpy()), one.item())
        np.testing.assert_allclose(numbers.numpy(), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("probability", "share"), [(0.0, 0.0), (UNSURE, 0.0), ((UNSURE + SURE) / 2, 0.5), (SURE, 1.0), (1.0, 1.0)]
)
def test_the_probability_is_a_gate(probability: float, share: float) -> None:
    gated, whole = predict_exposure(Constant(probability), BATCH), predict_exposure(Constant(probability), BATCH, False)
    torch.testing.assert_close(gated, share * whole)


def test_ceilings_are_those_of_arrays() -> None:
    found = ceilings(BATCH, (4, 5))
    assert found.shape == (2, 1, 4, 5)
    expected = [highlight_ceiling(one.numpy(), (4, 5)) for one in thumbnail(BATCH, 64)]
    np.testing.assert_allclose(found[:, 0].numpy(), np.stack(expected), atol=1e-5)
