"""The inversion loss against its formula."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pielight.training.losses.inversion import inversion


def test_is_the_charbonnier_distance() -> None:
    x, y = torch.rand(2, 3, 4, 4, dtype=torch.float64), torch.rand(2, 3, 4, 4, dtype=torch.float64)
    plain = np.sqrt((x.numpy() - y.numpy()) ** 2 + 0.1**2).mean()
    assert inversion(x, y).item() == pytest.approx(plain)
